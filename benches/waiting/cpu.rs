//! CPU time of processes, user and system together.
//!
//! Reads the kernel's clock of each process, which counts what `getrusage` counts and can be read while the process works.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

/// The CPU clocks of this process and of some others.
pub(crate) struct Clocks(Vec<ClockId>);

impl Clocks {
    /// Finds the clocks of this process and of the processes with these numbers.
    pub(crate) fn with(others: impl IntoIterator<Item = u32>) -> Self {
        let clock = |pid| clock_getcpuclockid(Pid::from_raw(pid as i32)).expect("a process that lives");
        Self(others.into_iter().chain([std::process::id()]).map(clock).collect())
    }

    /// Returns the CPU time of all of them together.
    pub(crate) fn total(&self) -> Duration {
        self.0.iter().map(|clock| Duration::from(clock.now().expect("a process that lives"))).sum()
    }

    /// Waits until none of the processes does anything.
    pub(crate) fn wait_for_quiet(&self) {
        // To read the clock of a process of 10,000 threads takes the kernel half a millisecond, which counts.
        const LOOK: Duration = Duration::from_millis(50);
        loop {
            let (before, began) = (self.total(), Instant::now());
            thread::sleep(LOOK);
            if self.total() - before < began.elapsed() / 20 {
                return;
            }
        }
    }
}
