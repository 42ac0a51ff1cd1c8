//! The list of everything that is measured: contestant, way of waiting, figure and size.
//!
//! Parent and child build the same list, so a place in it names a lane between them.

use std::{sync::Barrier, thread};

use crate::{
    contestants,
    harness::{
        cores::{Cores, pin},
        rounds::Timing,
        value::Value,
    },
    partner::{Guest, Host},
    traffic::Load,
};

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Figure {
    /// Messages per second, one sender to one receiver.
    OneWay,
    /// Time until an answer is there, the other side sending each message back.
    RoundTrip,
}

/// How the two ends wait for each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// `try_*` in a loop that spins and never sleeps.
    Busy,
    /// Calls that sleep in the kernel.
    Blocking,
    /// Tasks, one current-thread runtime on each side.
    Async,
    /// Tasks of one multi-thread runtime with a worker on each core; only within one process.
    Workers,
    /// As [`Way::Blocking`], many messages per call.
    Batch,
    /// As [`Way::Async`], many messages per call.
    AsyncBatch,
}

impl Way {
    /// Its name in labels and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Blocking => "blocking",
            Self::Async => "async",
            Self::Workers => "async, 2 workers",
            Self::Batch => "batch, blocking",
            Self::AsyncBatch => "batch, async",
        }
    }
}

/// One thing to measure.
pub(crate) struct Lane {
    /// Who.
    pub(crate) contestant: &'static str,
    /// How it waits.
    pub(crate) way: Way,
    /// What is measured.
    pub(crate) figure: Figure,
    /// Size of a message.
    pub(crate) bytes: usize,
    /// The two sides.
    pub(crate) run: Run,
}

impl Lane {
    /// A lane for messages of type `T`.
    pub(crate) fn new<T: Value>(contestant: &'static str, figure: Figure, way: Way, run: Run) -> Self {
        Self { contestant, way, figure, bytes: size_of::<T>(), run }
    }

    /// The row it stands in.
    pub(crate) fn row(&self) -> String {
        format!("{}, {}", self.contestant, self.way.name())
    }

    /// Its full name.
    pub(crate) fn label(&self) -> String {
        let figure = match self.figure {
            Figure::OneWay => "one-way",
            Figure::RoundTrip => "round-trip",
        };
        format!("{figure}, {} bytes, {}", self.bytes, self.row())
    }

    /// The load of a sample of so many messages.
    pub(crate) fn load(&self, count: u64) -> Load {
        match self.figure {
            Figure::OneWay => Load::one_way(count),
            Figure::RoundTrip => Load::round_trip(count),
        }
    }
}

/// Where the two sides of a lane run.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// The receiver here in the parent, which measures, the sender there in the child.
    Processes {
        /// The parent's part.
        here: fn(&mut Host<'_>, Load) -> Timing,
        /// The child's part.
        there: fn(&Guest<'_>, Load),
    },
    /// Both in this process.
    Threads(fn(Option<Cores>, Load) -> Timing),
}

/// Every lane, those that are compared with each other close together.
pub(crate) fn all() -> Vec<Lane> {
    let mut lanes = contestants::lanes::<[u64; 1]>();
    lanes.extend(contestants::lanes::<[u64; 8]>());
    lanes.extend(contestants::lanes::<[u64; 128]>());
    lanes.sort_by_key(|lane| (lane.figure, lane.bytes));
    lanes
}

/// Runs `there` in a thread on the other core and `here` in this one.
pub(crate) fn side_by_side<R>(
    cores: Option<Cores>,
    there: impl FnOnce() + Send,
    here: impl FnOnce() -> R,
) -> R {
    let placed = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(cores) = cores {
                pin(cores.there);
            }
            placed.wait();
            there();
        });
        // A new thread begins on its parent's core; were we spinning there already, it could not leave.
        placed.wait();
        here()
    })
}
