//! What is measured once per round: a contestant in a way, at a place, under a load.
//!
//! A cell is text between the processes of the bench and in the file of raw results.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a cell measures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Measure {
    /// Nanoseconds of a send and of a receive in one thread.
    OneThread,
    /// Messages per second from some senders to one receiver.
    Rate,
    /// Time until a message has come back.
    Trip,
    /// Time to make a channel, to connect to it, and to drop its receiver.
    Opening,
    /// Memory of a channel.
    Memory,
    /// Wakeups per second of a receiver that waits.
    Idle,
}

impl Measure {
    /// Its name in labels.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneThread => "one thread",
            Self::Rate => "rate",
            Self::Trip => "round trip",
            Self::Opening => "opening",
            Self::Memory => "memory",
            Self::Idle => "idle",
        }
    }
}

/// How an end waits, and how many messages a call moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Tries in a loop; never sleeps.
    Busy,
    /// Calls that may block the thread.
    Blocking,
    /// A future that a current-thread runtime blocks on.
    Async,
    /// As [`Way::Busy`], up to [`BATCH`] messages a call.
    BusyBatch,
    /// As [`Way::Blocking`], up to [`BATCH`] messages a call.
    BlockingBatch,
}

impl Way {
    /// Its name in labels and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Blocking => "blocking",
            Self::Async => "async",
            Self::BusyBatch => "busy, batches",
            Self::BlockingBatch => "blocking, batches",
        }
    }
}

/// Which cores the threads of a cell may use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Placement {
    /// One for each side.
    Apart,
    /// One for all, from before any channel is made.
    OneCore,
    /// All of them, as the scheduler sees fit.
    Free,
}

impl Placement {
    /// Its name in labels and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Apart => "a core each",
            Self::OneCore => "one core",
            Self::Free => "any core",
        }
    }
}

/// Room of every contestant that lets itself be given one.
pub(crate) const CAPACITY: usize = 1024;
/// The most messages of a batch.
pub(crate) const BATCH: usize = 64;
/// Room where one thread does everything; so little that all of it stays in the cache of a core.
pub(crate) const SMALL: usize = 128;

/// One thing to measure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) measure: Measure,
    pub(crate) contestant: String,
    pub(crate) way: Way,
    pub(crate) placement: Placement,
    pub(crate) senders: usize,
    pub(crate) bytes: usize,
}

impl Cell {
    /// Returns how many messages the channel is asked to have room for.
    pub(crate) fn capacity(&self) -> usize {
        if self.measure == Measure::OneThread { SMALL } else { CAPACITY }
    }

    /// Returns whether each end has a core of its own, so that it may spin without end.
    pub(crate) fn has_a_core_for_each(&self) -> bool {
        self.placement == Placement::Apart && self.senders == 1
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, contestant, way, placement, senders, bytes } = self;
        let (measure, way, placement) = (measure.name(), way.name(), placement.name());
        let plural = if *senders == 1 { "sender" } else { "senders" };
        write!(f, "{measure}, {contestant}, {way}, {placement}, {senders} {plural}, {bytes} bytes")
    }
}

/// A cell, and how much of it a sample is to measure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) cell: Cell,
    /// No two samples of a run have the same number.
    pub(crate) sample: u64,
    /// How many items are measured.
    pub(crate) items: u64,
}

/// What one sample measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Items within the measured time.
    pub(crate) items: u64,
    /// The measured time.
    pub(crate) nanoseconds: u64,
    /// What else the measure tells, such as quantiles; each measure says what.
    pub(crate) figures: Vec<f64>,
}
