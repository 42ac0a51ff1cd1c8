//! Round trips of threads: one side sends a value and waits until the other has sent it back.

use std::time::Instant;

use super::LONGEST;
use crate::{
    cell::{Load, Outcome},
    harness::{
        quantiles,
        rounds::Timing,
        value::{Value, check, numbered},
    },
};

/// The number of the trip that ends a sample on the other side.
pub(super) const LAST: u64 = u64::MAX;

/// Returns how many trips are made before the measured ones, so that every cache has seen the way.
pub(super) fn lead(load: Load) -> u64 {
    16 + (load.items / 16).min(1024)
}

/// Sends each value and waits until it has come back.
pub(crate) fn trips<T: Value>(
    load: Load,
    mut send: impl FnMut(T),
    mut receive: impl FnMut() -> T,
) -> Outcome {
    let mut template = T::zeroed();
    let mut trip = |number| {
        send(numbered(&mut template, number));
        check(&receive(), number);
    };
    (0..lead(load)).for_each(&mut trip);
    let mut watch = Watch::start(load);
    for number in lead(load).. {
        trip(number);
        if watch.lap() {
            break;
        }
    }
    trip(LAST);
    watch.outcome()
}

/// Sends each received value back.
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

/// Returns whether a value is the last one, and otherwise checks that it is the next one.
pub(super) fn is_last<T: Value>(value: &T, numbers: &mut impl Iterator<Item = u64>) -> bool {
    let is_last = value.number() == Some(LAST);
    if !is_last {
        check(value, numbers.next().expect("numbers do not end"));
    }
    is_last
}

/// Takes the time of each trip.
pub(super) struct Watch {
    times: Vec<u64>,
    laps: usize,
    began: Instant,
    last: Instant,
}

impl Watch {
    pub(super) fn start(load: Load) -> Self {
        // Other than zero, so that no page is faulted in during a trip.
        let times = vec![1; load.items as usize];
        let now = Instant::now();
        Self { times, laps: 0, began: now, last: now }
    }

    /// Ends a trip, and returns whether it was the last one to measure.
    pub(super) fn lap(&mut self) -> bool {
        let now = Instant::now();
        self.times[self.laps] = now.duration_since(self.last).as_nanos() as u64;
        self.laps += 1;
        self.last = now;
        self.laps == self.times.len() || now - self.began > LONGEST
    }

    /// Returns mean, p50 and p99.
    pub(super) fn outcome(mut self) -> Outcome {
        let timing = Timing { items: self.laps as u64, elapsed: self.last - self.began };
        self.times.truncate(self.laps);
        let ([p50, p99, _], _) = quantiles::of(&mut self.times);
        Outcome { timing, figures: [p50, p99] }
    }
}
