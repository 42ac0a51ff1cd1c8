//! A futex: sleeping on a word of shared memory while it holds a value, and waking the threads that sleep on it.
//!
//! It is not a waiting protocol: what the word means, and the look before the sleep, are the caller's.
//!
//! The calls are the shared kind. A futex marked private is found by its address in one process only, so a wake from another process
//! would reach no thread.

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
    /// Another thread woke this one, or a signal came: look again.
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

/// Wakes all threads that sleep on `word`, in any process.
pub(crate) fn wake(word: &AtomicU32) {
    // The call fails only for addresses that are not mapped or not aligned, and a reference is neither.
    let _ = futex::wake(word, Flags::empty(), i32::MAX as u32);
}

#[cfg(test)]
mod tests {
    #![allow(unsafe_code, reason = "two views of one word, as two processes have them")]

    use std::{thread, time::Duration};

    use super::*;
    use crate::{
        sync::Ordering,
        sys::memory::{Memory, Pages},
    };

    #[test]
    fn a_changed_word_is_not_slept_on() {
        assert_eq!(wait(&AtomicU32::new(1), 0, None), Wait::Changed);
    }

    #[test]
    fn the_deadline_ends_a_sleep() {
        let deadline = Instant::now() + Duration::from_millis(5);
        let word = AtomicU32::new(0);
        while wait(&word, 0, Some(deadline)) != Wait::TimedOut {}
        assert!(Instant::now() >= deadline);
        assert_eq!(wait(&word, 0, Some(deadline)), Wait::TimedOut, "a deadline in the past");
    }

    #[test]
    fn a_wake_through_another_mapping_reaches_all_sleepers() {
        let here = Memory::create(1, 1, Pages::default()).unwrap();
        let there = Memory::open(here.fd().try_clone_to_owned().unwrap(), 1, 1, Pages::default()).unwrap();
        assert_ne!(here.base(), there.base());
        // SAFETY: both mappings are aligned to pages, zeroed, outlive the threads and are used as this word only.
        let (ours, theirs) = unsafe {
            (
                AtomicU32::from_ptr(here.base().as_ptr().cast()),
                AtomicU32::from_ptr(there.base().as_ptr().cast()),
            )
        };
        let awake = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    // The value does not change: only a wake can end this.
                    while wait(ours, 0, None) != Wait::Woken {}
                    awake.fetch_add(1, Ordering::Relaxed);
                });
            }
            while awake.load(Ordering::Relaxed) < 2 {
                wake(theirs);
                thread::yield_now();
            }
        });
    }
}
