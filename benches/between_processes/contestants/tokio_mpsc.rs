//! tokio's bounded mpsc channel within one process: threads, two runtimes, or one runtime of two workers.
//!
//! It has no batches to send, so its batches are batches of the receiver alone.

use std::{
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{
        Receiver, Sender, channel,
        error::{TryRecvError, TrySendError},
    },
};

use super::runtime;
use crate::{
    harness::{
        cores::{Cores, pin},
        rounds::Timing,
        value::Value,
    },
    lanes::{Figure, Lane, Run, Way, side_by_side},
    traffic::{
        BATCH, CAPACITY, Load, tasks,
        threads::{drain, drain_batches, echo, pump, trips},
    },
};

pub(super) fn lanes<T: Value>() -> Vec<Lane> {
    let lane = |figure, way, run| Lane::new::<T>("tokio, 2 threads", figure, way, Run::Threads(run));
    vec![
        lane(Figure::OneWay, Way::Busy, one_way::<T, Busy>),
        lane(Figure::OneWay, Way::Blocking, one_way::<T, Blocking>),
        lane(Figure::OneWay, Way::Async, one_way_async::<T>),
        lane(Figure::OneWay, Way::Workers, one_way_workers::<T>),
        lane(Figure::OneWay, Way::Batch, batches::<T>),
        lane(Figure::OneWay, Way::AsyncBatch, batches_async::<T>),
        lane(Figure::RoundTrip, Way::Busy, round_trip::<T, Busy>),
        lane(Figure::RoundTrip, Way::Blocking, round_trip::<T, Blocking>),
        lane(Figure::RoundTrip, Way::Async, round_trip_async::<T>),
        lane(Figure::RoundTrip, Way::Workers, round_trip_workers::<T>),
    ]
}

fn one_way<T: Value, W: Waits>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, mut rx) = channel::<T>(CAPACITY);
    side_by_side(cores, || pump(load, |value| W::send(&tx, value)), || drain(load, || W::receive(&mut rx)))
}

fn round_trip<T: Value, W: Waits>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, mut there_rx) = channel::<T>(CAPACITY);
    let (there_tx, mut rx) = channel::<T>(CAPACITY);
    side_by_side(
        cores,
        || echo(load, || W::receive(&mut there_rx), |value| W::send(&there_tx, value)),
        || trips(load, |value| W::send(&tx, value), || W::receive(&mut rx)),
    )
}

fn batches<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, mut rx) = channel::<T>(CAPACITY);
    side_by_side(
        cores,
        || pump(load, |value| Blocking::send(&tx, value)),
        || drain_batches(load, |batch| assert_ne!(rx.blocking_recv_many(batch, BATCH), 0)),
    )
}

fn one_way_async<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, rx) = channel::<T>(CAPACITY);
    side_by_side(
        cores,
        || runtime().block_on(tasks::pump(load, tx)),
        || runtime().block_on(tasks::drain(load, rx)),
    )
}

fn one_way_workers<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, rx) = channel::<T>(CAPACITY);
    on_workers(cores, tasks::pump(load, tx), tasks::drain(load, rx))
}

fn batches_async<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, mut rx) = channel::<T>(CAPACITY);
    let receiving = tasks::drain_batches(load, async |batch| assert_ne!(rx.recv_many(batch, BATCH).await, 0));
    side_by_side(cores, || runtime().block_on(tasks::pump(load, tx)), || runtime().block_on(receiving))
}

fn round_trip_async<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, there_rx) = channel::<T>(CAPACITY);
    let (there_tx, rx) = channel::<T>(CAPACITY);
    side_by_side(
        cores,
        || runtime().block_on(tasks::echo(load, there_rx, there_tx)),
        || runtime().block_on(tasks::trips(load, tx, rx)),
    )
}

fn round_trip_workers<T: Value>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, there_rx) = channel::<T>(CAPACITY);
    let (there_tx, rx) = channel::<T>(CAPACITY);
    on_workers(cores, tasks::echo(load, there_rx, there_tx), tasks::trips(load, tx, rx))
}

impl<T: Value> tasks::Outgoing<T> for Sender<T> {
    async fn send(&mut self, value: T) {
        assert!(Sender::send(self, value).await.is_ok(), "the receiver has gone");
    }
}

impl<T: Value> tasks::Incoming<T> for Receiver<T> {
    async fn receive(&mut self) -> T {
        self.recv().await.expect("the sender has gone")
    }
}

/// Two tasks in one multi-thread runtime with a worker on each core; the scheduler may still put both on one.
fn on_workers(
    cores: Option<Cores>,
    there: impl Future<Output = ()> + Send + 'static,
    here: impl Future<Output = Timing> + Send + 'static,
) -> Timing {
    let runtime = workers(cores);
    let there = runtime.spawn(there);
    let here = runtime.spawn(here);
    runtime.block_on(async {
        there.await.expect("a sender without panic");
        here.await.expect("a receiver without panic")
    })
}

fn workers(cores: Option<Cores>) -> Runtime {
    let started = AtomicUsize::new(0);
    let place = move || {
        if let Some(cores) = cores {
            // ORDERING: only a count; it orders nothing.
            let even = started.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            pin(if even { cores.here } else { cores.there });
        }
    };
    Builder::new_multi_thread().worker_threads(2).on_thread_start(place).build().expect("a runtime")
}

/// One message in and out.
trait Waits {
    fn send<T>(tx: &Sender<T>, value: T);
    fn receive<T>(rx: &mut Receiver<T>) -> T;
}

struct Busy;

impl Waits for Busy {
    fn send<T>(tx: &Sender<T>, mut value: T) {
        loop {
            match tx.try_send(value) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) => value = back,
                Err(TrySendError::Closed(_)) => panic!("the receiver has gone"),
            }
            spin_loop();
        }
    }

    fn receive<T>(rx: &mut Receiver<T>) -> T {
        loop {
            match rx.try_recv() {
                Ok(value) => return value,
                Err(TryRecvError::Empty) => spin_loop(),
                Err(TryRecvError::Disconnected) => panic!("the sender has gone"),
            }
        }
    }
}

struct Blocking;

impl Waits for Blocking {
    fn send<T>(tx: &Sender<T>, value: T) {
        assert!(tx.blocking_send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T>(rx: &mut Receiver<T>) -> T {
        rx.blocking_recv().expect("the sender has gone")
    }
}
