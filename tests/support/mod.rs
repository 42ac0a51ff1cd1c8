//! Real processes for tests: the test program starts itself again in a role. It is not a test.
//!
//! A file that uses it has one test that is the roles (`#[test] fn role()`), which does nothing unless a parent asks.
#![allow(dead_code, reason = "each file of tests uses its part")]

pub mod acts;
pub mod chance;
pub mod chunks;
pub mod descriptors;
pub mod how;
pub mod kinds;
pub mod ledger;
pub mod watch;

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

const ROLE: &str = "SHMPSC_TEST_ROLE";
const PATH: &str = "SHMPSC_TEST_PATH";

/// The values that the tests send.
pub type Value = [u64; 2];

/// In the child: the role it was started in, and the name that goes with it.
pub fn my_role() -> Option<(String, PathBuf)> {
    Some((env::var(ROLE).ok()?, env::var_os(PATH)?.into()))
}

/// In the child: it is not to live longer than the thread of its parent that started it.
pub fn die_with_parent() {
    set_parent_process_death_signal(Some(Signal::KILL)).expect("the kernel can do that");
}

/// In the child: tells the parent.
pub fn tell(what: impl std::fmt::Display) {
    // One write, so that nothing of the test harness comes in between.
    std::io::stdout().write_all(format!("\n@{what}\n").as_bytes()).expect("the parent listens");
}

/// In the child: until the parent says something, or is gone.
pub fn wait_for_parent() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// In the child: the parent's next order; none if the child is to end, or the parent is gone.
pub fn next_order() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).expect("text");
    (read > 0).then(|| line.trim_end().to_owned())
}

/// In the child: stays until it is killed or the parent is gone.
pub fn stay() -> ! {
    while std::io::stdin().read_line(&mut String::new()).is_ok_and(|read| read > 0) {}
    std::process::exit(0);
}

/// A child, killed when it is dropped.
pub struct Person {
    child: Child,
    said: BufReader<ChildStdout>,
}

/// Starts this test program again in a role.
pub fn start(role: &str, path: &Path) -> Person {
    start_with(role, path, |command| {
        command.stdin(Stdio::piped());
    })
    .expect("a child can be started")
}

pub fn start_with(role: &str, path: &Path, prepare: impl FnOnce(&mut Command)) -> std::io::Result<Person> {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", "role", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(PATH, path)
        .stdout(Stdio::piped());
    prepare(&mut command);
    let mut child = command.spawn()?;
    let said = BufReader::new(child.stdout.take().expect("it is piped"));
    Ok(Person { child, said })
}

impl Person {
    /// What it tells next.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).expect("text");
            assert!(read > 0, "the child ended without a word: {:?}", self.child.wait());
            if let Some(told) = line.strip_prefix('@') {
                return told.trim_end().to_owned();
            }
        }
    }

    pub fn say(&mut self) {
        self.order("go");
    }

    /// Says what to do, in one line.
    pub fn order(&mut self, what: impl std::fmt::Display) {
        self.stdin().write_all(format!("{what}\n").as_bytes()).expect("it listens");
    }

    /// Says what to do, and hears what it tells of it.
    #[track_caller]
    pub fn obeys(&mut self, order: impl std::fmt::Display) -> String {
        self.order(order);
        self.hear()
    }

    fn stdin(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("it is piped")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Until all its threads sleep.
    #[track_caller]
    pub fn sleeps(&self) {
        eventually("all its threads sleep", || watch::all_sleep(self.pid()));
    }

    /// `kill -STOP`, until it stands still.
    #[track_caller]
    pub fn stop(&self) {
        self.signal_stop();
        eventually("all its threads are stopped", || watch::all_are_stopped(self.pid()));
    }

    /// `kill -STOP`, without waiting for it.
    pub fn signal_stop(&self) {
        self.signal(Signal::STOP);
    }

    /// `kill -CONT`.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is ours");
    }

    /// `kill -9`, and the end of it.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is ours");
    }

    /// `kill -9`, without waiting: children that it has forked go on.
    pub fn strike(&mut self) {
        self.child.kill().expect("it can be killed");
    }

    /// Whether it has come to its own end, which must be a success.
    #[track_caller]
    pub fn has_ended(&mut self) -> bool {
        let status = self.child.try_wait().expect("it is ours");
        assert!(status.is_none_or(|status| status.success()), "{status:?}");
        status.is_some()
    }

    /// Waits for its own end, which must be a success.
    #[track_caller]
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("it is ours");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says that a test is left out, and why, also where the harness keeps what a test prints to itself.
pub fn left_out(why: impl std::fmt::Display) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let _ = std::io::stderr().write_all(format!("\n{test} is left out: {why}\n").as_bytes());
}

/// Looks until it is so: for what has no event of its own.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}

/// Ends the whole test program if a test hangs: a lost wakeup is to be a failure. No test waits for it.
pub struct Patience {
    over: Option<Sender<()>>,
    waits: Option<thread::JoinHandle<()>>,
}

impl Drop for Patience {
    /// No thread of it is left, which others may count.
    fn drop(&mut self) {
        drop(self.over.take());
        let _ = self.waits.take().map(thread::JoinHandle::join);
    }
}

pub fn patience(limit: Duration) -> Patience {
    patience_with(thread::current().name().unwrap_or("a test").to_owned(), limit)
}

/// As [`patience`], with a part of a test that has a name of its own.
pub fn patience_with(test: String, limit: Duration) -> Patience {
    let (over, is_over) = channel();
    let waits = thread::spawn(move || {
        if is_over.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{test} hangs: nothing happened for {limit:?}");
            std::process::abort();
        }
    });
    Patience { over: Some(over), waits: Some(waits) }
}

/// A directory with nothing in it but what the test makes.
pub struct Room {
    dir: tempfile::TempDir,
}

pub fn room() -> Room {
    Room { dir: tempfile::tempdir().expect("a directory") }
}

impl Room {
    pub fn name(&self) -> PathBuf {
        self.dir.path().join("feed")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn files(&self) -> usize {
        std::fs::read_dir(&self.dir).expect("it is there").count()
    }
}
