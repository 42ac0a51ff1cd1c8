//! Real processes for tests: the test program starts itself again in a role. It is not a test.
//!
//! A file that uses it has one test that is the roles (`#[test] fn role()`), which does nothing unless a parent asks.
#![allow(dead_code, reason = "each file of tests uses its part")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

const ROLE: &str = "SHMPSC_TEST_ROLE";
const PATH: &str = "SHMPSC_TEST_PATH";

/// The values that the tests send.
pub type Value = [u64; 2];

/// In the child: the role it was started in, and the name that goes with it.
pub fn my_role() -> Option<(String, PathBuf)> {
    Some((env::var(ROLE).ok()?, env::var_os(PATH)?.into()))
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
        self.stdin().write_all(b"go\n").expect("it listens");
    }

    fn stdin(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("it is piped")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and the end of it.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is ours");
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

/// Looks until it is so: for what has no event of its own.
#[track_caller]
pub fn eventually(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
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
