//! The work of a sample in threads: sending and receiving are closures that come back when it is done.
//!
//! Whether they spin or sleep meanwhile is theirs.

use super::{
    ahead::Ahead,
    arrivals::{Arrivals, Messages},
    watch::{LAST, Lead, Watch, is_last},
};
use crate::{
    cell::{BATCH, Outcome},
    harness::value::{Value, check, numbered},
    site::Site,
};

/// A sender looks whether it is to go on after so many messages.
const STRETCH: usize = 16;

/// Sends until it is told to stop.
pub(crate) fn pump<T: Value>(site: &Site, sender: usize, mut send: impl FnMut(T)) {
    let mut messages = Messages::of(sender);
    while site.is_sending() {
        for _ in 0..STRETCH {
            send(messages.next());
        }
    }
    send(messages.last());
}

/// Receives from all senders and measures the middle.
pub(crate) fn drain<T: Value>(site: &Site, mut receive: impl FnMut() -> T) -> Outcome {
    let mut arrivals = Arrivals::new(site);
    while !arrivals.are_complete() {
        arrivals.take(&receive());
    }
    arrivals.outcome()
}

/// Sends batches until it is told to stop.
pub(crate) fn pump_batches<T: Value>(site: &Site, sender: usize, mut send: impl FnMut(&[T])) {
    let mut messages = Messages::of(sender);
    let mut batch = vec![T::zeroed(); BATCH];
    while site.is_sending() {
        batch.iter_mut().for_each(|place| *place = messages.next());
        send(&batch);
    }
    send(&[messages.last()]);
}

/// Receives batches from all senders and measures the middle.
pub(crate) fn drain_batches<T: Value>(site: &Site, mut receive: impl FnMut(&mut Vec<T>)) -> Outcome {
    let mut arrivals = Arrivals::new(site);
    let mut batch = Vec::with_capacity(BATCH);
    while !arrivals.are_complete() {
        batch.clear();
        receive(&mut batch);
        batch.iter().for_each(|value| arrivals.take(value));
    }
    arrivals.outcome()
}

/// Sends each message and waits until it has come back.
pub(crate) fn trips<T: Value>(
    site: &Site,
    mut send: impl FnMut(T),
    mut receive: impl FnMut() -> T,
) -> Outcome {
    let mut messages = Ahead::from(0);
    let mut trip = || {
        let number = messages.number();
        send(messages.next());
        check(&receive(), number);
    };
    let mut lead = Lead::start(&site.order);
    while lead.goes_on() {
        trip();
    }
    let mut watch = Watch::start(&site.order);
    loop {
        trip();
        if watch.lap() {
            break;
        }
    }
    send(numbered(&mut T::zeroed(), LAST));
    check(&receive(), LAST);
    watch.outcome()
}

/// Sends each received message back.
pub(crate) fn echo<T: Value>(mut receive: impl FnMut() -> T, mut send: impl FnMut(T)) {
    let mut numbers = 0..;
    loop {
        let value = receive();
        let is_last = is_last(&value, &mut numbers);
        send(value);
        if is_last {
            return;
        }
    }
}
