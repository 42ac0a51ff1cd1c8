//! What bodies of tests stand on, whosever channel they run on: tasks polled by hand, runtimes under a watchdog, caught
//! panics. It names no channel, so it cannot favour one. Each program of bodies has a `crate::place` that knows when a
//! wake has come.
#![allow(dead_code, unused_imports, unused_macros, reason = "each program uses its part")]

mod panics;
mod probe;
mod run;
mod task;

pub use panics::{REFUSAL, caught};
pub use probe::{
    Fragile, Neither, Otherwise, Pinned, Probe, Unsent, Unshared, given, some, without_unwinding,
};
pub(crate) use probe::{auto_traits, table};
pub use run::{
    Blocked, UNITS, block_on, budget_left, cost, finishes, in_fresh_task, on_one_thread, on_paused_clock,
    on_two_threads, sleep_of, wait_until,
};
pub use task::{Acting, Task, Wakes, poll_with};
