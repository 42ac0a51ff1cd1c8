//! The crowds that are measured.

use std::path::Path;

use super::{progress::Progress, work};
use crate::{
    contestants::{CROSSBEAM, Crossbeam, KANAL, Kanal, OURS, OURS_BETWEEN, Shmpsc, TOKIO, Tokio},
    harness::child::Child,
};

/// What waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Tasks of one current-thread runtime.
    Tasks,
    /// Threads, one each.
    Threads,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Threads => "threads",
        }
    }
}

/// The smallest crowd, which the growth is measured from.
pub(super) const FEWEST: usize = 100;
/// Every size of a crowd of tasks.
pub(super) const TASKS: [usize; 4] = [FEWEST, 1000, 10_000, 100_000];
/// Every size of a crowd of threads.
pub(super) const THREADS: [usize; 3] = [FEWEST, 1000, 10_000];

/// Where the crowd is.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// In the receiver's process.
    Within(fn(&Progress)),
    /// In a process of its own.
    Between {
        /// The receiver's part, with what starts the crowd and returns when all of it waits.
        here: fn(&Progress, &Path, &mut dyn FnMut() -> Child),
        /// The crowd's part: says `waits` when all of it does.
        there: fn(&Path, usize),
    },
}

/// One crowd.
pub(super) struct Cell {
    pub(super) contestant: &'static str,
    pub(super) kind: Kind,
    pub(super) waiters: usize,
    pub(super) run: Run,
}

impl Cell {
    pub(super) fn label(&self) -> String {
        format!("crowd, {}, {} {}", self.contestant, self.waiters, self.kind.name())
    }
}

/// Returns all crowds, those of one size close together.
pub(super) fn all() -> Vec<Cell> {
    let mut cells = Vec::new();
    let between = Run::Between { here: work::receive_tasks::<Shmpsc>, there: work::tasks_wait::<Shmpsc> };
    for waiters in TASKS {
        let cell = |contestant, run| Cell { contestant, kind: Kind::Tasks, waiters, run };
        cells.extend([
            cell(OURS, Run::Within(work::tasks_within::<Shmpsc>)),
            cell(OURS_BETWEEN, between),
            cell(TOKIO, Run::Within(work::tasks_within::<Tokio>)),
            cell(KANAL, Run::Within(work::tasks_within::<Kanal>)),
        ]);
    }
    let between = Run::Between { here: work::receive_threads::<Shmpsc>, there: work::threads_wait::<Shmpsc> };
    for waiters in THREADS {
        let cell = |contestant, run| Cell { contestant, kind: Kind::Threads, waiters, run };
        cells.extend([
            cell(OURS, Run::Within(work::threads_within::<Shmpsc>)),
            cell(OURS_BETWEEN, between),
            cell(TOKIO, Run::Within(work::threads_within::<Tokio>)),
            cell(CROSSBEAM, Run::Within(work::threads_within::<Crossbeam>)),
            cell(KANAL, Run::Within(work::threads_within::<Kanal>)),
        ]);
    }
    cells
}
