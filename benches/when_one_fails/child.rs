//! The other processes: the bench's own program started once more in a role, told over a pipe what comes next.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use nix::unistd::Pid;
use rustix::{
    process::{Signal, set_parent_process_death_signal},
    time::{ClockId, clock_gettime},
};

use crate::{killed, stopped};

/// The first argument of a child.
const FLAG: &str = "--child";

/// Nanoseconds on the clock that all processes have in common.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::try_from(time).expect("it counts from the start of the machine").as_nanos() as u64
}

/// A running child; it is killed when this is dropped.
pub(crate) struct Partner {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Partner {
    /// Starts one, and returns when it is in the channel.
    pub(crate) fn start(role: &str, path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("our own path"))
            .args([FLAG, role])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child process");
        let input = child.stdin.take().expect("a piped input");
        let output = BufReader::new(child.stdout.take().expect("a piped output"));
        let mut partner = Self { child, input, output };
        assert_eq!(partner.hear(), "in", "the child process has failed");
        partner
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("a child that reads");
    }

    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a child that answers");
        line.trim_end().to_owned()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
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

impl Drop for Partner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that the parent says.
pub(crate) fn orders() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map(|line| line.expect("a parent that speaks text"))
}

/// Plays its role until the parent has nothing more to say, if we are a child.
pub(crate) fn play_if_child() -> bool {
    let mut words = std::env::args().skip(1);
    if words.next().is_none_or(|word| word != FLAG) {
        return false;
    }
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a valid signal");
    let (role, path) = (words.next().expect("a role"), words.next().expect("a path"));
    let path = Path::new(&path);
    match role.as_str() {
        "sends" => stopped::sends(path),
        "stalls" => stopped::stalls(path),
        "hosts" => killed::hosts(path),
        "waits" => killed::waits(path),
        other => panic!("no role {other}"),
    }
    true
}
