//! The lock-free algorithms on a segment: claim, publish, receive, wait in line, count handles, repair. They know no operating system,
//! time, process or task. Which process is dead, how to wake, and how to get memory come in as arguments.
//!
//! | folder | what it is about |
//! | --- | --- |
//! | [`common`] | what every channel has: handles, the end of the stream, bells, payloads, the names of the orderings |
//! | [`ring`] | the queue of a bounded channel: a ring of slots, capacity, the line of waiting senders |
//! | [`table`] | the queue of an unbounded channel: chunks of memory that come and go |
//!
//! [`Queue`] is what both kinds of queue can do for callers that neither send nor receive.

pub(crate) mod common;
#[cfg(all(test, shmpsc_loom))]
mod models;
pub(crate) mod ring;
pub(crate) mod table;
#[cfg(all(test, not(shmpsc_loom)))]
mod tests;

pub(crate) use common::{
    BellKey, Common, Consume, Effort, Fences, Kind, Nonsense, Number, Peers, SMALL, Sides, Sleeper, Taken,
    Wake, edge, payload,
};

use crate::layout::Bell;
use alloc::vec::Vec;
use ring::Ring;
use table::Table;

/// A queue of either kind, for callers that neither send nor receive.
#[derive(Clone, Copy)]
pub(crate) enum Queue<'a> {
    Ring(Ring<'a>),
    Table(Table<'a>),
}

impl<'a> Queue<'a> {
    /// Returns what every channel has.
    #[inline]
    pub fn common(&self) -> Common<'a> {
        match self {
            Queue::Ring(ring) => ring.common(),
            Queue::Table(table) => table.common(),
        }
    }

    /// Makes the zeros of a new segment an open, empty channel. Before another process maps it.
    pub fn format(&self) {
        match self {
            Queue::Ring(ring) => ring.format(),
            // Zeros are one.
            Queue::Table(_) => {}
        }
    }

    /// Closes the receiving side, and fails every sender that waits for capacity.
    pub fn close(&self, wake: &impl Wake) {
        match self {
            Queue::Ring(ring) => ring.close(wake),
            Queue::Table(table) => table.close(),
        }
    }

    /// Returns whether the receiving side is closed.
    pub fn is_closed(&self) -> bool {
        match self {
            Queue::Ring(ring) => ring.is_closed(),
            Queue::Table(table) => table.is_closed(),
        }
    }

    /// Returns the number of values in the queue. One that is being written may or may not count; permits never do.
    pub fn len(&self) -> usize {
        match self {
            Queue::Ring(ring) => ring.len(),
            Queue::Table(table) => table.len(),
        }
    }

    /// Returns the position of the first value not yet taken.
    pub fn head(&self) -> u64 {
        match self {
            Queue::Ring(ring) => ring.head(),
            Queue::Table(table) => table.head(),
        }
    }

    /// Returns the position after the last claimed one, all 64 bits: once head has reached it, nothing that was claimed until now is
    /// left.
    pub fn tail(&self) -> u64 {
        match self {
            Queue::Ring(ring) => ring.tail(),
            Queue::Table(table) => table.tail(),
        }
    }

    /// Returns the position after the last claimed one, and under which numbers anything was claimed from head up to it, each once.
    pub fn claimants(&self) -> (u64, Vec<Number>) {
        match self {
            Queue::Ring(ring) => ring.claimants(),
            Queue::Table(table) => table.claimants(),
        }
    }

    /// Returns under which numbers a position from head on was claimed that is not published, each once; perhaps some more.
    pub fn unpublished_claimants(&self) -> Vec<Number> {
        match self {
            Queue::Ring(ring) => ring.unpublished_claimants(),
            Queue::Table(table) => table.unpublished_claimants(),
        }
    }

    /// Repairs what process `number` left, which writes to the segment no more.
    pub fn repair(&self, number: Number, wake: &impl Wake) {
        match self {
            Queue::Ring(ring) => ring.repair(number, wake),
            Queue::Table(table) => table.repair(number, wake),
        }
    }

    /// Wakes the sleepers that may wait for what a dead process held: it has been given back.
    pub fn notify_after_recovery(&self, wake: &impl Wake) {
        match self {
            Queue::Ring(ring) => ring.notify_after_recovery(wake),
            Queue::Table(table) => table.notify_after_recovery(wake),
        }
    }

    /// Makes the late look (see [`common::fences`]) for a receiver's task that registered some time ago: wakes it if there may be
    /// something to take. `has_stalled`: the receiver has gone past positions that were not published.
    ///
    /// The bell stays as it is. So a task that finds nothing stays registered, and needs no other late look.
    pub fn look_late_for_receiver(&self, has_stalled: bool, wake: &impl Wake) {
        // ORDERING: the second look of the task, made late.
        edge::full_fence(edge::Fence::Asleep);
        if self.common().sleeping_receiver() == Some(Kind::Task)
            && (has_stalled || self.tail() != self.head())
        {
            wake.wake(Sleeper::Receiver, Kind::Task);
        }
    }

    /// Returns which words do not fit now, if any. For a process that is not the receiver's.
    pub fn nonsense(&self) -> Option<Nonsense> {
        match self {
            Queue::Ring(ring) => ring.nonsense(),
            Queue::Table(table) => table.nonsense(),
        }
    }

    /// Advances every bell and returns them, for a process that wakes all sleepers. A thread or task that registered before this call is
    /// woken by the caller, or does not fall asleep.
    pub fn bump_all(&self) -> impl Iterator<Item = &'a Bell> {
        let (ring, table) = match self {
            Queue::Ring(ring) => (Some(ring.bump_all()), None),
            Queue::Table(table) => (None, Some(table.bump_all())),
        };
        ring.into_iter().flatten().chain(table.into_iter().flatten())
    }
}
