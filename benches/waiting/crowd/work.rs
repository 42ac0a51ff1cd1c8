//! What a crowd does: each of its tasks or threads waits to send one value; then the receiver takes them all.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{CAPACITY, progress::Progress};
use crate::{
    channel::{AsyncReceiving, AsyncSending, Between, Receiving, Sending, Within},
    cpu::Clocks,
    harness::child::Child,
    traffic::tasks::runtime,
};

type Value = [u64; 1];

/// A thread of a crowd needs no more.
const STACK: usize = 64 << 10;

pub(super) fn tasks_within<C>(progress: &Progress)
where
    C: Within<Value, Sender: AsyncSending<Value>, Receiver: AsyncReceiving<Value>>,
{
    runtime().block_on(async {
        let (sender, receiver) = C::bounded(CAPACITY);
        gather_tasks(&sender, progress.waiters).await;
        drain_async(progress, receiver).await
    })
}

pub(super) fn receive_tasks<C>(progress: &Progress, path: &Path, call_in: &mut dyn FnMut() -> Child)
where
    C: Between<Value, Sender: AsyncSending<Value>, Receiver: AsyncReceiving<Value>>,
{
    runtime().block_on(async {
        let receiver = C::bind(path, CAPACITY);
        let _crowd = call_in();
        drain_async(progress, receiver).await
    })
}

pub(super) fn tasks_wait<C>(path: &Path, waiters: usize)
where
    C: Between<Value, Sender: AsyncSending<Value>, Receiver: AsyncReceiving<Value>>,
{
    runtime().block_on(async {
        let sender = C::connect(path);
        gather_tasks(&sender, waiters).await;
        println!("waits");
        // The receiver's process ends this one.
        std::future::pending().await
    })
}

pub(super) fn threads_within<C: Within<Value>>(progress: &Progress) {
    let (sender, receiver) = C::bounded(CAPACITY);
    gather_threads(&sender, progress.waiters);
    Clocks::with([]).wait_for_quiet();
    drain(progress, receiver)
}

pub(super) fn receive_threads<C: Between<Value>>(
    progress: &Progress,
    path: &Path,
    call_in: &mut dyn FnMut() -> Child,
) {
    let receiver = C::bind(path, CAPACITY);
    let crowd = call_in();
    Clocks::with([crowd.pid()]).wait_for_quiet();
    drain(progress, receiver)
}

pub(super) fn threads_wait<C: Between<Value>>(path: &Path, waiters: usize) {
    gather_threads(&C::connect(path), waiters);
    println!("waits");
}

/// Spawns tasks that send one value each, and returns when each has begun to.
async fn gather_tasks(sender: &impl AsyncSending<Value>, waiters: usize) {
    let begun = Arc::new(AtomicUsize::new(0));
    for number in 0..waiters {
        let (sender, begun) = (sender.clone(), begun.clone());
        tokio::spawn(async move {
            // ORDERING: a count alone, of one thread.
            begun.fetch_add(1, Ordering::Relaxed);
            sender.send_async([number as u64]).await;
        });
    }
    while begun.load(Ordering::Relaxed) < waiters {
        tokio::task::yield_now().await;
    }
}

/// Starts threads that send one value each, and returns when each has begun to.
fn gather_threads(sender: &impl Sending<Value>, waiters: usize) {
    let begun = Arc::new(AtomicUsize::new(0));
    for number in 0..waiters {
        let (sender, begun) = (sender.clone(), begun.clone());
        let send = move || {
            // ORDERING: a count alone; that the threads wait is seen by their CPU time.
            begun.fetch_add(1, Ordering::Relaxed);
            sender.send([number as u64]);
        };
        thread::Builder::new().stack_size(STACK).spawn(send).expect("one more thread");
    }
    while begun.load(Ordering::Relaxed) < waiters {
        thread::yield_now();
    }
}

async fn drain_async(progress: &Progress, mut receiver: impl AsyncReceiving<Value>) -> ! {
    let mut roll = Roll::of(progress);
    progress.drains();
    for _ in 0..progress.waiters {
        roll.mark(receiver.receive_async().await);
    }
    progress.done()
}

fn drain(progress: &Progress, mut receiver: impl Receiving<Value>) -> ! {
    let mut roll = Roll::of(progress);
    progress.drains();
    for _ in 0..progress.waiters {
        roll.mark(receiver.receive());
    }
    progress.done()
}

/// Which values have come.
struct Roll<'a> {
    progress: &'a Progress,
    came: Vec<bool>,
}

impl<'a> Roll<'a> {
    fn of(progress: &'a Progress) -> Self {
        Self { progress, came: vec![false; progress.waiters] }
    }

    /// Marks a value, which must not have come before.
    fn mark(&mut self, [number]: Value) {
        assert!(!std::mem::replace(&mut self.came[number as usize], true), "{number} came twice");
        self.progress.count();
    }
}
