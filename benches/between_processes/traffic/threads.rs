//! The work of a sample in threads: sending and receiving are closures that come back when it is done.
//!
//! Whether they spin or sleep meanwhile is theirs.

use std::time::Instant;

use super::{
    CAPACITY, Load,
    batches::{Arrivals, Batches},
};
use crate::harness::{
    rounds::Timing,
    value::{Value, check, numbered},
};

/// Sends all messages of the load.
pub(crate) fn pump<T: Value>(load: Load, mut send: impl FnMut(T)) {
    let mut template = T::zeroed();
    for number in 0..load.total() {
        send(numbered(&mut template, number));
    }
}

/// Receives all messages of the load and measures the middle ones.
pub(crate) fn drain<T: Value>(load: Load, mut receive: impl FnMut() -> T) -> Timing {
    let mut some = |from, to| (from..to).for_each(|number| check(&receive(), number));
    some(0, load.lead);
    let began = Instant::now();
    some(load.lead, load.lead + load.count);
    let timing = load.timing(began);
    some(load.lead + load.count, load.total());
    timing
}

/// Sends all messages of the load, [`BATCH`] at a time.
pub(crate) fn pump_batches<T: Value>(load: Load, mut send: impl FnMut(&[T])) {
    let mut batches = Batches::new(load);
    while let Some(batch) = batches.next() {
        send(batch);
    }
}

/// Receives all messages of the load, as many at a time as `receive` appends to the empty vector it is given.
pub(crate) fn drain_batches<T: Value>(load: Load, mut receive: impl FnMut(&mut Vec<T>)) -> Timing {
    let mut arrivals = Arrivals::new(load);
    let mut batch = Vec::with_capacity(CAPACITY);
    while !arrivals.are_complete() {
        batch.clear();
        receive(&mut batch);
        arrivals.take(&batch);
    }
    arrivals.timing()
}

/// Sends each message and waits until it has come back.
pub(crate) fn trips<T: Value>(load: Load, mut send: impl FnMut(T), mut receive: impl FnMut() -> T) -> Timing {
    let mut template = T::zeroed();
    let mut some = |from, to| {
        for number in from..to {
            send(numbered(&mut template, number));
            check(&receive(), number);
        }
    };
    some(0, load.lead);
    let began = Instant::now();
    some(load.lead, load.total());
    load.timing(began)
}

/// Sends each received message back.
pub(crate) fn echo<T: Value>(load: Load, mut receive: impl FnMut() -> T, mut send: impl FnMut(T)) {
    for number in 0..load.total() {
        let value = receive();
        check(&value, number);
        send(value);
    }
}
