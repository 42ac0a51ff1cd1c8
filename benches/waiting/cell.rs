//! What is measured once per round: a contestant in a way, at a place, under a load.
//!
//! All processes build the same list of cells, so a place in it names a cell between them.

use std::ops::Range;

use crate::{
    harness::rounds::Timing,
    host::{Guest, Host},
};

/// How an end waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Tries in a loop that spins and then yields; never sleeps.
    Busy,
    /// Calls that may block the thread.
    Blocking,
    /// A future that a current-thread runtime blocks on.
    Async,
    /// A task that a current-thread runtime has spawned.
    Spawned,
}

impl Way {
    /// Its name in labels and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Blocking => "blocking",
            Self::Async => "async",
            Self::Spawned => "spawned task",
        }
    }
}

/// Which cores the threads of a cell may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// All of them, as the scheduler sees fit.
    Free,
    /// One for each side.
    Apart,
    /// One, from before any channel is made.
    OneCore,
}

impl Placement {
    /// Its name in labels and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Free => "any core",
            Self::Apart => "a core each",
            Self::OneCore => "one core",
        }
    }
}

/// What tells the cells of a part apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) contestant: &'static str,
    pub(crate) way: Way,
    pub(crate) placement: Placement,
    pub(crate) bytes: usize,
    pub(crate) senders: usize,
    pub(crate) capacity: usize,
}

/// How much a sample moves, the same on all sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) senders: usize,
    pub(crate) capacity: usize,
    /// How many items are measured.
    pub(crate) items: u64,
}

/// What one sample measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) timing: Timing,
    /// What else the part measures: p50 and p99 of a round trip, or CPU time per value.
    pub(crate) figures: [f64; 2],
}

/// Where the ends of a cell are.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// All in the host process.
    Within(fn(&Host, Load) -> Outcome),
    /// The receiver in the host process, the senders in its guests.
    Between {
        /// The host's part.
        here: fn(&mut Host, Load) -> Outcome,
        /// A guest's part, with the numbers of its senders.
        there: fn(&Guest, Load, Range<usize>),
    },
}

/// One thing to measure.
pub(crate) struct Cell {
    pub(crate) part: &'static str,
    pub(crate) key: Key,
    pub(crate) run: Run,
}

impl Cell {
    /// Its full name.
    pub(crate) fn label(&self) -> String {
        let Key { contestant, way, placement, bytes, senders, capacity } = self.key;
        format!(
            "{}, {contestant}, {}, {}, {bytes} bytes, {senders} senders, capacity {capacity}",
            self.part,
            way.name(),
            placement.name()
        )
    }

    /// The load of a sample of so many items.
    pub(crate) fn load(&self, items: u64) -> Load {
        Load { senders: self.key.senders, capacity: self.key.capacity, items }
    }
}
