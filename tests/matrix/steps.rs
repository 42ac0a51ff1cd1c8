//! How a sender is led: one instruction at a time, by the thread of this process that started it. Its other threads run freely.

use nix::{
    sys::{
        ptrace,
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use crate::{
    operations::MARK,
    people::{Person, watch},
};

/// Where the led thread stands still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    Inside,
    AtItsEnd,
}

/// A sender that stands still.
pub struct Led {
    person: Person,
    thread: Pid,
    sleeps: bool,
}

impl Led {
    /// It is about to come to its first mark. `sleeps`: it may sleep on its way from there.
    pub fn at_its_mark(person: Person, thread: i32, sleeps: bool) -> Led {
        let led = Led { person, thread: Pid::from_raw(thread), sleeps };
        assert_eq!(led.stands_still(|| {}), Stands::AtItsEnd, "it comes to its mark");
        led
    }

    /// It runs one instruction. When that is a call to the system in which it sleeps, the others do something meanwhile.
    pub fn step(&mut self, others: impl FnMut()) -> Stands {
        ptrace::step(self.thread, None).expect("it stands still");
        self.stands_still(others)
    }

    pub fn goes_on_to_its_end(&mut self, others: impl FnMut()) {
        ptrace::cont(self.thread, None).expect("it stands still");
        assert_eq!(self.stands_still(others), Stands::AtItsEnd);
    }

    /// Until it stands still. While it sleeps, the others do something.
    fn stands_still(&self, mut others: impl FnMut()) -> Stands {
        // Who never sleeps is waited for asleep, which leaves it the processor.
        let flags =
            if self.sleeps { WaitPidFlag::__WALL | WaitPidFlag::WNOHANG } else { WaitPidFlag::__WALL };
        loop {
            match waitpid(self.thread, Some(flags)).expect("it is led") {
                WaitStatus::StillAlive => {}
                WaitStatus::Stopped(_, Signal::SIGTRAP) => return Stands::Inside,
                WaitStatus::Stopped(_, MARK) => return Stands::AtItsEnd,
                other => panic!("it is led, and yet {other:?}"),
            }
            if watch::is_asleep(self.person.pid(), self.thread.as_raw()) {
                others();
            }
            std::thread::yield_now();
        }
    }

    /// From its end, it goes on to what it tells.
    pub fn tells(&mut self) -> String {
        ptrace::cont(self.thread, None).expect("it stands still");
        self.person.hear()
    }

    pub fn dies(mut self) {
        self.person.strike();
        // A led thread other than the first has an end of its own, before that of its process.
        if self.thread.as_raw().unsigned_abs() != self.person.pid() {
            waitpid(self.thread, Some(WaitPidFlag::__WALL)).expect("it is led");
        }
        self.person.kill();
    }
}
