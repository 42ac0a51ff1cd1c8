//! Sleep on a word of shared memory while it holds a value, and wake those who sleep on it.
//!
//! It is not a waiting protocol: what the word means, and the look before the sleep, are the caller's.
//!
//! The calls are the shared kind. A futex marked private is found by its address in one process only, so a wake
//! from another process would reach nobody.

use std::time::Instant;

use rustix::{
    io::Errno,
    thread::futex::{self, Flags},
};

use super::time_until;
use crate::sync::AtomicU32;

/// Why a sleep on a word ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// Somebody woke us, or a signal came: look again.
    Woken,
    /// The word did not hold the expected value, so there was no sleep.
    Changed,
    /// The deadline passed first.
    TimedOut,
}

/// Sleeps while `word` holds `expected`, until a wake, a signal or the deadline.
pub(crate) fn wait(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Wait {
    // The kernel counts a relative time on the monotonic clock, the one that `Instant` shows.
    let timeout = deadline.map(time_until);
    match futex::wait(word, Flags::empty(), expected, timeout.as_ref()) {
        Ok(()) | Err(Errno::INTR) => Wait::Woken,
        Err(Errno::TIMEDOUT) => Wait::TimedOut,
        // Only EAGAIN is expected. Whatever else it is, "look again" is right and "stay asleep" is not.
        Err(_) => Wait::Changed,
    }
}

/// Wakes all who sleep on `word`, in any process.
pub(crate) fn wake(word: &AtomicU32) {
    // The call fails only for addresses that are not mapped or not aligned, and a reference is neither.
    let _ = futex::wake(word, Flags::empty(), i32::MAX as u32);
}
