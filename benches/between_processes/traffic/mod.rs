//! The work of a sample, the same for every contestant: pump, drain and round trips, in threads and in tasks.
//!
//! How a message goes in and out is the caller's part; nothing here knows a channel.

mod batches;
pub(crate) mod tasks;
pub(crate) mod threads;

use std::time::Instant;

use crate::harness::{ring, rounds::Timing};

/// Room of every contestant that lets itself be given one.
pub(crate) const CAPACITY: usize = ring::CAPACITY;
/// Messages of one batch.
pub(crate) const BATCH: usize = 64;

/// How many messages a sample moves, the same on both sides.
///
/// Measured are `count` in the middle: the first `lead` fault in the pages and fill the queue, the last `tail` keep the
/// sender busy until the measured ones have arrived, so that neither a full nor an emptying queue flatters anybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) lead: u64,
    pub(crate) count: u64,
    pub(crate) tail: u64,
}

impl Load {
    /// One way: the queue is filled before and after.
    pub(crate) fn one_way(count: u64) -> Self {
        Self { lead: 2 * CAPACITY as u64, count, tail: CAPACITY as u64 }
    }

    /// There and back: a few trips before, so that both sides are awake and every cache has seen the way.
    pub(crate) fn round_trip(count: u64) -> Self {
        Self { lead: 16 + count.min(16_000) / 16, count, tail: 0 }
    }

    /// All messages of the sample.
    pub(crate) fn total(self) -> u64 {
        self.lead + self.count + self.tail
    }

    fn timing(self, began: Instant) -> Timing {
        Timing { items: self.count, elapsed: began.elapsed() }
    }
}
