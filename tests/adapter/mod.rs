//! What the parity bodies stand on: tasks polled by hand, runtimes under a watchdog, caught panics. It names no
//! channel, so it cannot favour one.

mod panics;
mod probe;
mod run;
mod task;

pub use panics::caught;
pub use probe::{Otherwise, Probe};
pub use run::{
    Blocked, block_on, budget_left, finishes, in_fresh_task, on_one_thread, on_paused_clock, on_two_threads,
};
pub use task::{Acting, Task, Wakes, poll_with};
