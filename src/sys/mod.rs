//! The only place with system calls: thin owners over Linux objects, each in a file of its own.
//!
//! Nothing here knows what a channel is, what the bytes of a segment mean or what a message says.
//!
//! | file | what it owns or does |
//! |---|---|
//! | [`memory`] | a sealed memory file and its mapping |
//! | [`available`] | how much memory this process may still have |
//! | [`cgroup`] | how much memory the control groups of this process leave it |
//! | [`futex`] | sleep on a word of shared memory, and wake its sleepers |
//! | [`path_at`] | a file name in an open directory: where a socket or a lock file stands |
//! | [`listener`] | a listening socket in the file system, and connecting to one |
//! | [`socket`] | Unix sockets that carry whole messages and descriptors |
//! | [`raw`] | the calls for which there is no safe wrapper |
//! | [`descriptor`] | what a descriptor is that a caller passed in |
//! | [`process`] | a process that cannot be mistaken for another, and whether it has ended |
//! | [`events`] | waiting for many descriptors at once, and doorbells |
//! | [`interrupt`] | a wait that another thread can end |
//! | [`readiness`] | waiting for one descriptor inside a tokio runtime |
//! | [`lock`] | a lock file that ends with its owner |
//! | [`membarrier`] | a fence that one thread has all others pass |
//! | [`fork`] | whether this still is the process in which a thing was made |
//! | [`thread`] | a thread with all signals blocked, and one that works in another directory |
//! | [`random`] | a number that no other process has |

pub(crate) mod available;
mod cgroup;
pub(crate) mod descriptor;
pub(crate) mod events;
pub(crate) mod fork;
pub(crate) mod futex;
pub(crate) mod interrupt;
pub(crate) mod listener;
pub(crate) mod lock;
mod mapping;
pub(crate) mod membarrier;
pub(crate) mod memory;
pub(crate) mod path_at;
pub(crate) mod process;
pub(crate) mod random;
mod raw;
pub(crate) mod readiness;
pub(crate) mod socket;
pub(crate) mod thread;

use std::time::{Duration, Instant};

use rustix::time::Timespec;

/// Returns the time left until `deadline` as the kernel wants it: zero if it has passed, the longest if it does not fit.
fn time_until(deadline: Instant) -> Timespec {
    timespec(deadline.saturating_duration_since(Instant::now()))
}

fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
}

#[cfg(test)]
mod tests {
    use std::{
        env,
        process::Command,
        thread,
        time::{Duration, Instant},
    };

    const CHILD: &str = "SHMPSC_TEST_CHILD";

    /// Waits until `condition` holds. For what another test can hold up for a moment: each child that it starts has copies
    /// of all our descriptors until it runs its program.
    pub(super) fn eventually(mut condition: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < deadline, "it never came true");
            thread::yield_now();
        }
    }

    /// Runs the test `name` once more in a process of its own, where it may change limits, and checks that it passes
    /// there. True in that process.
    pub(super) fn is_own_process(name: &str) -> bool {
        if env::var_os(CHILD).is_some() {
            return true;
        }
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{}: {said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("1 passed"), "no test is called {name}");
        false
    }
}
