//! The model checker's double of sleeping threads: a futex made of a mutex and a condition for each bell. It is
//! nothing that a real build sleeps on.
//!
//! As in the kernel, the bell is compared under the lock that a waker takes, so a wake between compare and sleep
//! is impossible and every lost wakeup is one of the protocol. Each bell has a futex of its own, and in the line each
//! process its own for each bell, as only a task's own process can wake it: a wake meant for another sleeper must not hide
//! that one was lost. There are no spurious wakes and there is no deadline, so a sleeper whose wake is lost is a deadlock,
//! which the checker reports.

use super::{Park, Signal, Slept};
use crate::layout::{Bell, CommonView};
use crate::queue::{BellKey, Kind, Number, Sleeper};
use crate::sync::Ordering;
use loom::sync::{Condvar, Mutex};

#[derive(Default)]
struct Futex {
    lock: Mutex<()>,
    woken: Condvar,
}

/// The futexes of one segment's bells.
#[derive(Default)]
pub(crate) struct Futexes {
    receiver: Futex,
    /// For each waiter's record, by process.
    records: Vec<Vec<Futex>>,
    /// Set once so much time has passed that a late look is due.
    is_late: Mutex<bool>,
}

impl Futexes {
    pub fn new(records: usize, members: u32) -> Futexes {
        let each = || (0..=members).map(|_| Futex::default()).collect();
        Futexes { records: (0..records).map(|_| each()).collect(), ..Futexes::default() }
    }

    /// Does what [`crate::queue::Wake`] does for threads. Tasks do not sleep here.
    pub fn wake(&self, sleeper: Sleeper, kind: Kind) {
        if kind == Kind::Task {
            return;
        }
        let futex = match sleeper {
            Sleeper::Receiver => &self.receiver,
            Sleeper::Waiter { record, owner } => &self.records[record][usize::from(owner)],
            // These are reached by messages, not by bells.
            Sleeper::Backlog { .. } | Sleeper::Recovery => return,
        };
        let guard = futex.lock.lock().unwrap();
        futex.woken.notify_all();
        drop(guard);
    }

    /// So much time has passed that all which came before is visible to each late look.
    pub fn pass_time(&self) {
        *self.is_late.lock().unwrap() = true;
        for futex in self.records.iter().flatten().chain([&self.receiver]) {
            let guard = futex.lock.lock().unwrap();
            futex.woken.notify_all();
            drop(guard);
        }
    }

    /// Returns how a thread of process `me` sleeps on the receiver's bell and those of the line.
    pub fn parker<'a>(&'a self, common: CommonView<'a>, line: &'a [Bell], me: Number) -> Parker<'a> {
        Parker { futexes: self, common, line, me, look_late: None }
    }
}

/// The [`Park`] of one segment.
pub(crate) struct Parker<'a> {
    futexes: &'a Futexes,
    common: CommonView<'a>,
    line: &'a [Bell],
    me: Number,
    look_late: Option<&'a dyn Fn()>,
}

impl<'a> Parker<'a> {
    /// Looks late for waiting senders as `look_late` does. The receiver looks itself.
    pub fn looking_late(self, look_late: &'a dyn Fn()) -> Parker<'a> {
        Parker { look_late: Some(look_late), ..self }
    }
}

impl Parker<'_> {
    fn futex(&self, bell: &Bell) -> &Futex {
        let is = |other: &Bell| std::ptr::eq(bell, other);
        if is(&self.common.header.receiver_bell) {
            &self.futexes.receiver
        } else {
            let record = self.line.iter().position(is).expect("a bell of this segment");
            &self.futexes.records[record][usize::from(self.me)]
        }
    }
}

impl Park for Parker<'_> {
    fn park(&self, bell: &Bell, key: BellKey) -> bool {
        let futex = self.futex(bell);
        let guard = futex.lock.lock().unwrap();
        // ORDERING: the lock decides whether the ring came before the sleep; the kernel compares likewise.
        if bell.word.load(Ordering::Relaxed) == key.0 {
            drop(futex.woken.wait(guard).unwrap());
        }
        true
    }

    fn park_in_backlog(&self, signal: &Signal) -> bool {
        signal.wait();
        true
    }

    fn park_until_late(&self, bell: &Bell, key: BellKey) -> Slept {
        if self.look_late.is_none() {
            self.park(bell, key);
            return Slept::Woken;
        }
        let futex = self.futex(bell);
        let mut guard = futex.lock.lock().unwrap();
        loop {
            // ORDERING: as in `park`. That time has passed tells of all that came before.
            if bell.word.load(Ordering::Relaxed) != key.0 {
                return Slept::Woken;
            }
            if *self.futexes.is_late.lock().unwrap() {
                return Slept::Late;
            }
            guard = futex.woken.wait(guard).unwrap();
        }
    }

    fn look_late(&self) {
        if let Some(look_late) = self.look_late {
            look_late();
        }
    }
}
