//! The other processes, as the measuring one sees them. Which role a child plays is `main`'s.

use std::{path::Path, time::Duration};

use nix::unistd::Pid;
use rustix::time::{ClockId, clock_gettime};

use crate::harness::child::Child;

/// Nanoseconds on the clock that all processes have in common.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::try_from(time).expect("it counts from the start of the machine").as_nanos() as u64
}

/// A running child, in the channel.
pub(crate) struct Partner(Child);

impl Partner {
    /// Starts one, and returns when it is in the channel.
    pub(crate) fn start(role: &str, path: &Path) -> Self {
        let mut child = Child::start([role.as_ref(), path.as_os_str()]);
        child.expect("in");
        Self(child)
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.0.say(line);
    }

    pub(crate) fn hear(&mut self) -> String {
        self.0.hear()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.0.pid() as i32)
    }

    /// Whether all its threads sleep.
    pub(crate) fn sleeps(&self) -> bool {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.pid())) else { return false };
        threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
        })
    }
}
