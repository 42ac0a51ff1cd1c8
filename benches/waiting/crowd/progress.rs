//! How far a sample has come, and its end when it takes too long.

use std::{
    process::exit,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How far a sample has come, told by the process that plays it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reached {
    /// All values came; nanoseconds for each.
    Done(f64),
    /// It was given up after so many values; nanoseconds for each of them.
    Draining(u64, f64),
    /// It was given up before all of the crowd waited.
    Queueing,
}

impl Reached {
    pub(super) fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let [state, got, elapsed] = words[..] else { panic!("the receiver's process has failed: {line}") };
        let [got, elapsed] = [got, elapsed].map(|word| word.parse::<u64>().expect("a number"));
        let each = elapsed as f64 / got.max(1) as f64;
        match state {
            "done" => Self::Done(each),
            "draining" => Self::Draining(got, each),
            _ => Self::Queueing,
        }
    }

    pub(super) fn is_given_up(&self) -> bool {
        !matches!(self, Self::Done(_))
    }
}

/// The progress of the sample that this process plays.
pub(super) struct Progress {
    pub(super) waiters: usize,
    got: AtomicU64,
    began: OnceLock<Instant>,
}

impl Progress {
    /// Starts the clock that ends this process at the limit.
    pub(super) fn start(waiters: usize, limit: Duration) -> &'static Self {
        let this: &Self =
            Box::leak(Box::new(Self { waiters, got: AtomicU64::new(0), began: OnceLock::new() }));
        thread::spawn(move || {
            thread::sleep(limit);
            this.end(if this.began.get().is_some() { "draining" } else { "queueing" })
        });
        this
    }

    /// Says that the whole crowd waits, and starts the measurement.
    pub(super) fn drains(&self) {
        self.began.set(Instant::now()).expect("a sample drains once");
    }

    /// Counts a value.
    pub(super) fn count(&self) {
        // ORDERING: a count alone.
        self.got.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that all values came, and ends this process.
    pub(super) fn done(&self) -> ! {
        self.end("done")
    }

    fn end(&self, state: &str) -> ! {
        let elapsed = self.began.get().map_or(0, |began| began.elapsed().as_nanos());
        // ORDERING: see `count`.
        println!("{state} {} {elapsed}", self.got.load(Ordering::Relaxed));
        // The crowd of a sample that was given up still waits, and would take as long to end.
        exit(0)
    }
}
