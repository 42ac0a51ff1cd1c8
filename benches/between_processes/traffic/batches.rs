//! Batches on both sides: a load cut into equal pieces, and a load that arrives in pieces of any size.
//!
//! Nothing is sent or received here.

use std::time::Instant;

use super::{BATCH, Load};
use crate::harness::{
    rounds::Timing,
    value::{Value, check, numbered},
};

/// The messages of a load cut into batches.
pub(super) struct Batches<T> {
    load: Load,
    sent: u64,
    batch: Vec<T>,
}

impl<T: Value> Batches<T> {
    pub(super) fn new(load: Load) -> Self {
        Self { load, sent: 0, batch: vec![T::zeroed(); BATCH] }
    }

    pub(super) fn next(&mut self) -> Option<&[T]> {
        let length = (self.load.total() - self.sent).min(BATCH as u64) as usize;
        for value in &mut self.batch[..length] {
            *value = numbered(value, self.sent);
            self.sent += 1;
        }
        (length > 0).then(|| &self.batch[..length])
    }
}

/// What has arrived of a load, where it arrives in batches of any size.
pub(super) struct Arrivals {
    load: Load,
    next: u64,
    began: Option<(u64, Instant)>,
    timing: Option<Timing>,
}

impl Arrivals {
    pub(super) fn new(load: Load) -> Self {
        Self { load, next: 0, began: None, timing: None }
    }

    pub(super) fn are_complete(&self) -> bool {
        self.next == self.load.total()
    }

    /// The clock starts with the first batch that completes the lead, and stops with the one that completes the count.
    pub(super) fn take<T: Value>(&mut self, batch: &[T]) {
        assert!(!batch.is_empty(), "the channel ended early");
        for value in batch {
            check(value, self.next);
            self.next += 1;
        }
        match self.began {
            None if self.next >= self.load.lead => self.began = Some((self.next, Instant::now())),
            Some((from, began)) if self.timing.is_none() && self.next >= self.load.lead + self.load.count => {
                self.timing = Some(Timing { items: self.next - from, elapsed: began.elapsed() });
            }
            _ => {}
        }
    }

    pub(super) fn timing(self) -> Timing {
        self.timing.expect("a complete load has been measured")
    }
}
