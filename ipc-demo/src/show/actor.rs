//! One process that the stage started: its stdin to direct it, its words as events. It does not know what they mean.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::words::{self, Word};

/// What happened to an actor.
#[derive(Debug)]
pub enum Event {
    /// The actor of this number said something.
    Said(usize, Result<Word>),
    /// The actor of this number will say nothing more.
    Fell(usize),
    /// Ctrl-C was pressed.
    Interrupted,
}

/// A running process; it is killed when this is dropped, so no failure leaves one behind.
#[derive(Debug)]
pub struct Actor {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Actor {
    /// Starts this program again with `arguments`; what it says comes as events of `number`.
    pub fn start(number: usize, arguments: &[OsString], events: Sender<Event>) -> Result<Self> {
        let mut child = Command::new(env::current_exe().context("cannot find this program")?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own: Ctrl-C is for the stage, which ends the show in order.
            .process_group(0)
            .spawn()
            .context("cannot start a process")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the process has no stdout")?;
        let actor = Self { child, stdin };
        let hear = move || {
            for line in BufReader::new(stdout).lines() {
                let word = line.context("cannot hear an actor").and_then(|line| words::understand(&line));
                if events.send(Event::Said(number, word)).is_err() {
                    return;
                }
            }
            let _ = events.send(Event::Fell(number));
        };
        thread::Builder::new().spawn(hear).context("cannot start a thread")?;
        Ok(actor)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it begin. One that has died meanwhile is noticed by its silence.
    pub fn go(&mut self) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(b"!");
        }
    }

    /// Lets it end.
    pub fn stop(&mut self) {
        self.stdin = None;
    }

    /// Kills it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Returns whether a signal (SIGSTOP, SIGTSTP) has stopped it, so that it cannot do what it is told.
    pub fn is_stopped(&self) -> bool {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(Some(_))))
    }

    /// How it ended; call this only after [`Event::Fell`], when it ends at once.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().context("cannot learn how a process ended")
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.stop();
        self.kill();
        let _ = self.child.wait();
    }
}
