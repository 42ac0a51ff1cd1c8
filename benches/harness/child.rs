//! A child process: the bench's own program started once more, told over a pipe what comes next. It measures nothing.

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use rustix::process::{Signal, set_parent_process_death_signal};

/// The first argument of a child.
const FLAG: &str = "--child";

/// A running child; it is killed when this is dropped.
pub(crate) struct Child {
    process: std::process::Child,
    input: std::process::ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Child {
    /// Starts one with these arguments.
    pub(crate) fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("our own path"))
            .arg(FLAG)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child process");
        let input = process.stdin.take().expect("a piped input");
        let output = BufReader::new(process.stdout.take().expect("a piped output"));
        Self { process, input, output }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("a child that reads");
    }

    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a child that answers");
        line.trim_end().to_owned()
    }

    pub(crate) fn expect(&mut self, word: &str) {
        assert_eq!(self.hear(), word, "the child process has failed");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A child in the middle of a sample (we are unwinding then) would not read that its input has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The arguments, if we are a child.
pub(crate) fn arguments() -> Option<impl Iterator<Item = OsString>> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != FLAG {
        return None;
    }
    // A parent that was killed says no goodbye, and a busy child would spin for ever.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a valid signal");
    Some(words)
}

/// The lines that the parent says, until it has nothing more to say.
pub(crate) fn orders() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map(|line| line.expect("a parent that speaks text"))
}
