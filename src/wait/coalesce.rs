//! Interrupt coalescing, as network cards do it, for a receiver that spins: a moment in which it does not look at the queue.
//!
//! A receiver that is as fast as its sender finds the queue empty after each value. Then each of its looks takes a cache line from the
//! sender, which is about to write there. If the receiver looks away for a moment, the sender writes some tens of values undisturbed,
//! and the receiver takes them in one go. It matters where slots share cache lines, as those of an unbounded channel do: a value of 64
//! bytes takes four fifths of the time. In a bounded channel nothing changes where each slot has lines of its own: for values of more
//! than 24 bytes.
//!
//! Whether that pays is found by trial, for a value that comes alone would be late for nothing. It has paid if at least 8 values came
//! until the queue was empty again; then the next wait does the same. Otherwise the next trial comes after 16 waits, then after twice as
//! many each time, up to 1024.

use super::trials::Trials;
use crate::sync::{AtomicU64, Ordering};

/// Pauses of the processor in which values gather: about half a microsecond to two.
pub(super) const MOMENT: u32 = 48;
/// It has paid if so many values were taken before the queue was empty again.
const MANY: u64 = 8;

/// What the receiver of a process has found out. The numbers are hints, so lost updates do no harm.
pub(super) struct Coalescing {
    /// How many values had been taken when the last wait let others gather, and 1; or 0 if it did not.
    began: AtomicU64,
    trials: Trials,
}

impl Coalescing {
    pub fn new() -> Coalescing {
        Coalescing { began: AtomicU64::new(0), trials: Trials::soon() }
    }

    /// Returns whether to let values gather for a moment: that has lately paid, or is to be tried. The caller has found the queue
    /// empty, and has taken so many values before.
    #[inline]
    pub fn is_worth_it(&self, taken: u64) -> bool {
        // ORDERING: relaxed here and below: hints, which order nothing.
        let began = self.began.load(Ordering::Relaxed);
        let is_worth_it = if began == 0 {
            self.trials.count()
        } else if taken.wrapping_add(1).wrapping_sub(began) >= MANY {
            self.trials.begin_anew();
            true
        } else {
            self.trials.put_off();
            false
        };
        self.began.store(if is_worth_it { taken.wrapping_add(1) } else { 0 }, Ordering::Relaxed);
        is_worth_it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In how many of so many waits values gather, if so many come to each that gathers and one to each that does not.
    fn gathers(coalescing: &Coalescing, waits: u64, come: u64) -> u64 {
        let (mut taken, mut count) = (0, 0);
        for _ in 0..waits {
            let is_worth_it = coalescing.is_worth_it(taken);
            count += u64::from(is_worth_it);
            taken += if is_worth_it { come } else { 1 };
        }
        count
    }

    #[test]
    fn values_that_come_in_number_are_let_gather() {
        assert!(gathers(&Coalescing::new(), 10_000, MANY) > 9_900);
    }

    #[test]
    fn a_value_that_comes_alone_is_not_kept_waiting() {
        assert!(gathers(&Coalescing::new(), 100_000, 1) < 120);
    }

    #[test]
    fn a_stream_that_begins_late_is_noticed() {
        let coalescing = Coalescing::new();
        gathers(&coalescing, 100_000, 1);
        let count = gathers(&coalescing, 10_000, 100);
        assert!(count > 8_000, "{count}");
    }
}
