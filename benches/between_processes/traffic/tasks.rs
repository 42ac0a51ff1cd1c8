//! The work of a sample in tasks: the same as in [`super::threads`], with ends that are awaited.
//!
//! The ends are traits and not closures because the future of a closure cannot be said to be `Send`.

use std::time::Instant;

use super::{
    CAPACITY, Load,
    batches::{Arrivals, Batches},
};
use crate::harness::{
    rounds::Timing,
    value::{Value, check, numbered},
};

/// Where a task sends to.
pub(crate) trait Outgoing<T>: Send {
    /// Comes back when the message is on its way.
    fn send(&mut self, value: T) -> impl Future<Output = ()> + Send;
}

/// Where a task receives from.
pub(crate) trait Incoming<T>: Send {
    /// Comes back with the next message.
    fn receive(&mut self) -> impl Future<Output = T> + Send;
}

/// Sends all messages of the load.
pub(crate) async fn pump<T: Value>(load: Load, mut out: impl Outgoing<T>) {
    let mut template = T::zeroed();
    for number in 0..load.total() {
        out.send(numbered(&mut template, number)).await;
    }
}

/// Receives all messages of the load and measures the middle ones.
pub(crate) async fn drain<T: Value>(load: Load, mut inn: impl Incoming<T>) -> Timing {
    some_in(&mut inn, 0, load.lead).await;
    let began = Instant::now();
    some_in(&mut inn, load.lead, load.lead + load.count).await;
    let timing = load.timing(began);
    some_in(&mut inn, load.lead + load.count, load.total()).await;
    timing
}

async fn some_in<T: Value>(inn: &mut impl Incoming<T>, from: u64, to: u64) {
    for number in from..to {
        check(&inn.receive().await, number);
    }
}

/// Sends each message and waits until it has come back.
pub(crate) async fn trips<T: Value>(
    load: Load,
    mut out: impl Outgoing<T>,
    mut inn: impl Incoming<T>,
) -> Timing {
    some_trips(&mut out, &mut inn, 0, load.lead).await;
    let began = Instant::now();
    some_trips(&mut out, &mut inn, load.lead, load.total()).await;
    load.timing(began)
}

async fn some_trips<T: Value>(out: &mut impl Outgoing<T>, inn: &mut impl Incoming<T>, from: u64, to: u64) {
    let mut template = T::zeroed();
    for number in from..to {
        out.send(numbered(&mut template, number)).await;
        check(&inn.receive().await, number);
    }
}

/// Sends each received message back.
pub(crate) async fn echo<T: Value>(load: Load, mut inn: impl Incoming<T>, mut out: impl Outgoing<T>) {
    for number in 0..load.total() {
        let value = inn.receive().await;
        check(&value, number);
        out.send(value).await;
    }
}

/// Sends all messages of the load, [`super::BATCH`] at a time.
pub(crate) async fn pump_batches<T: Value>(load: Load, mut send: impl AsyncFnMut(&[T])) {
    let mut batches = Batches::new(load);
    while let Some(batch) = batches.next() {
        send(batch).await;
    }
}

/// Receives all messages of the load, as many at a time as `receive` appends to the empty vector it is given.
pub(crate) async fn drain_batches<T: Value>(load: Load, mut receive: impl AsyncFnMut(&mut Vec<T>)) -> Timing {
    let mut arrivals = Arrivals::new(load);
    let mut batch = Vec::with_capacity(CAPACITY);
    while !arrivals.are_complete() {
        batch.clear();
        receive(&mut batch).await;
        arrivals.take(&batch);
    }
    arrivals.timing()
}
