//! The times of round trips, one by one, and how a sample of them ends.

use std::time::Instant;

use super::{LONGEST, LONGEST_LEAD};
use crate::{
    cell::{Order, Outcome},
    harness::{
        quantiles,
        value::{Value, check},
    },
};

/// The number of the trip that ends a sample on the other side.
pub(super) const LAST: u64 = u64::MAX;

/// The trips before the measured ones, so that every cache has seen the way.
pub(super) struct Lead {
    left: u64,
    began: Instant,
}

impl Lead {
    pub(super) fn start(order: &Order) -> Self {
        Self { left: 16 + (order.items / 16).min(1024), began: Instant::now() }
    }

    /// Returns whether there is one more.
    pub(super) fn goes_on(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.began.elapsed() < LONGEST_LEAD
    }
}

/// Returns whether a message is the last one, and otherwise checks that it is the next one.
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
    pub(super) fn start(order: &Order) -> Self {
        // Other than zero, so that no page is faulted in during a trip.
        let times = vec![1; order.items as usize];
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

    /// Returns p50, p99 and p99.9 beside the mean.
    pub(super) fn outcome(mut self) -> Outcome {
        self.times.truncate(self.laps);
        let (shares, _) = quantiles::of(&mut self.times);
        let nanoseconds = (self.last - self.began).as_nanos() as u64;
        Outcome { items: self.laps as u64, nanoseconds, figures: shares.to_vec() }
    }
}
