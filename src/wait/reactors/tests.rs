//! The choice between the reactors alone, with an endpoint that notes what is asked of it.

use super::*;
use crate::sync::{AtomicU32, Ordering};
use crate::sys::events::Doorbell;
use crate::wait::spot::learn_wakers;
use std::future::poll_fn;
use std::os::fd::AsFd;
use std::task::{Poll, Wake};
use tokio::runtime::{Builder, Runtime};

struct Ringed {
    bell: Doorbell,
    reactors: Reactors,
    heard: AtomicU32,
    has_porter: AtomicU32,
    /// How often the porter was called in.
    calls: AtomicU32,
    refuses: AtomicU32,
}

impl Ringed {
    fn new() -> Arc<Ringed> {
        learn_wakers();
        Arc::new(Ringed {
            bell: Doorbell::new().unwrap(),
            reactors: Reactors::default(),
            heard: AtomicU32::new(0),
            has_porter: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            refuses: AtomicU32::new(0),
        })
    }

    async fn sleep(self: &Arc<Ringed>) {
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        self.reactors.ensure(self, &waker);
    }

    /// Sleeps, and lets the listening task have its first turn.
    async fn sleep_for_long(self: &Arc<Ringed>) {
        self.sleep().await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    fn has_porter(&self) -> bool {
        self.has_porter.load(Ordering::SeqCst) != 0
    }
}

impl Hear for Ringed {
    fn bell_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.bell.as_fd())
    }

    fn hear(&self) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }

    fn wake_all(&self) {}

    fn porter_hears(self: &Arc<Self>) -> io::Result<()> {
        if self.refuses.load(Ordering::SeqCst) != 0 {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.has_porter.store(1, Ordering::SeqCst);
        Ok(())
    }

    fn porter_rests(&self) {
        self.has_porter.store(0, Ordering::SeqCst);
    }

    fn is_forked(&self) -> bool {
        false
    }

    fn reactors(&self) -> &Reactors {
        &self.reactors
    }
}

#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(1, Ordering::SeqCst);
    }
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_polls_the_task_itself_listens_for_it() {
    for make in [current_thread, multi_thread] {
        let (runtime, ringed) = (make(), Ringed::new());
        let theirs = ringed.clone();
        runtime.block_on(async {
            let task = tokio::spawn(async move {
                theirs.sleep_for_long().await;
                assert!(!theirs.has_porter());
                theirs.sleep().await;
                assert_eq!((theirs.has_porter(), theirs.calls.load(Ordering::SeqCst)), (false, 1));
            });
            task.await.unwrap();
            ringed.bell.ring();
            while ringed.heard.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
        });
    }
    let ringed = Ringed::new();
    current_thread().block_on(ringed.sleep_for_long());
    // The runtime has ended since, and the porter was called in again.
    assert_eq!((ringed.has_porter(), ringed.calls.load(Ordering::SeqCst)), (true, 2));
}

#[test]
fn a_runtime_that_does_not_poll_the_task_itself_never_listens() {
    let ringed = Ringed::new();
    multi_thread().block_on(ringed.sleep_for_long());
    current_thread().handle().block_on(ringed.sleep());
    let runtime = current_thread();
    let foreign = Waker::from(Arc::new(Woken::default()));
    let sleep = || {
        ringed.reactors.ensure(&ringed, &foreign);
        assert!(ringed.has_porter());
    };
    runtime.block_on(async { sleep() });
    let _entered = runtime.enter();
    sleep();
    assert_eq!(ringed.calls.load(Ordering::SeqCst), 1, "it never rested");
}

#[test]
fn a_sleep_elsewhere_puts_the_porter_in_the_tasks_place() {
    let (runtime, ringed) = (current_thread(), Ringed::new());
    runtime.block_on(ringed.sleep_for_long());
    assert!(!ringed.has_porter());
    ringed.reactors.ensure(&ringed, Waker::noop());
    assert!(ringed.has_porter());
    runtime.block_on(ringed.sleep_for_long());
    assert!(ringed.has_porter(), "one sleep is not enough");
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    runtime.block_on(async {
        for _ in 0..=PATIENCE {
            ringed.sleep().await;
        }
        ringed.sleep_for_long().await;
    });
    assert!(!ringed.has_porter());
}

#[test]
fn the_next_runtime_listens_when_the_only_one_has_ended() {
    let ringed = Ringed::new();
    for _ in 0..3 {
        let runtime = current_thread();
        runtime.block_on(ringed.sleep_for_long());
        assert!(!ringed.has_porter());
        drop(runtime);
        assert!(ringed.has_porter());
    }
}

#[test]
fn a_task_for_which_nothing_can_hear_asks_again() {
    let (ringed, woken) = (Ringed::new(), Arc::new(Woken::default()));
    ringed.refuses.store(1, Ordering::SeqCst);
    ringed.reactors.ensure(&ringed, &woken.clone().into());
    assert_eq!(woken.0.swap(0, Ordering::SeqCst), 1);
    ringed.refuses.store(0, Ordering::SeqCst);
    ringed.reactors.ensure(&ringed, &woken.clone().into());
    assert!(woken.0.load(Ordering::SeqCst) == 0 && ringed.has_porter());
}

#[test]
fn an_endpoint_that_is_dropped_ends_its_listening_task() {
    let (runtime, ringed) = (multi_thread(), Ringed::new());
    let theirs = ringed.clone();
    runtime.block_on(async { tokio::spawn(async move { theirs.sleep_for_long().await }).await.unwrap() });
    while ringed.has_porter() {
        std::thread::yield_now();
    }
    drop(ringed);
    while runtime.metrics().num_alive_tasks() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_runtime_that_is_entered_within_another_one_does_not_listen() {
    let (driven, undriven, ringed) = (current_thread(), current_thread(), Ringed::new());
    driven.block_on(async {
        let mut sleep = std::pin::pin!(ringed.sleep());
        poll_fn(|cx| {
            let _entered = undriven.enter();
            sleep.as_mut().poll(cx)
        })
        .await;
    });
    assert!(ringed.has_porter());
    // Another thread drives it after all.
    std::thread::scope(|scope| {
        scope.spawn(|| undriven.block_on(tokio::task::yield_now()));
    });
    assert!(ringed.has_porter());
}

#[test]
fn for_the_tasks_of_a_local_set_the_porter_hears() {
    let (runtime, ringed) = (current_thread(), Ringed::new());
    // Twice: our own task that might listen must not count as one of the runtime.
    for _ in 0..2 {
        let (local, sleeper) = (tokio::task::LocalSet::new(), ringed.clone());
        let task = local.spawn_local(async move { sleeper.sleep_for_long().await });
        runtime.block_on(local.run_until(task)).unwrap();
        assert!(ringed.has_porter());
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}
