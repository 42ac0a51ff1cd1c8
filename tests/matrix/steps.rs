//! How a sender or a receiver is led: one instruction at a time, by the thread of this process that started it. Its other threads
//! run freely.

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
    people::{Person, eventually, watch},
};

/// Where the led thread stands still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    Inside,
    AtItsEnd,
}

/// How far one step goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Instruction,
    /// To the next beginning or end of a call to the system.
    SystemCall,
}

/// One whose thread stands still.
pub struct Led {
    person: Person,
    thread: Pid,
    sleeps: bool,
    pace: Pace,
}

impl Led {
    /// It is about to come to its first mark. `sleeps`: it may sleep on its way from there.
    pub fn at_its_mark(person: Person, thread: i32, sleeps: bool) -> Led {
        let led = Led { person, thread: Pid::from_raw(thread), sleeps, pace: Pace::Instruction };
        assert_eq!(led.stands_still(|| {}), Stands::AtItsEnd, "it comes to its mark");
        led
    }

    pub fn at_pace(mut self, pace: Pace) -> Led {
        self.pace = pace;
        self
    }

    /// Whether it may sleep from here on; to look whether it does takes time.
    pub fn may_sleep(&mut self, sleeps: bool) {
        self.sleeps = sleeps;
    }

    /// It runs one instruction. When that is a call to the system in which it sleeps, the others do something meanwhile.
    pub fn step(&mut self, others: impl FnMut()) -> Stands {
        let stepped = match self.pace {
            Pace::Instruction => ptrace::step(self.thread, None),
            Pace::SystemCall => ptrace::syscall(self.thread, None),
        };
        stepped.expect("it stands still");
        self.stands_still(others)
    }

    /// The rest of its process stops too.
    #[track_caller]
    pub fn freezes(&self) {
        self.person.stop();
    }

    /// The rest of its process goes on.
    #[track_caller]
    pub fn thaws(&self) {
        self.person.go_on();
        // If the led thread found the signal first, it would stand still once more.
        eventually("its other threads go on", || !watch::awaits_a_signal(self.person.pid()));
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

    /// What it tells when it has been told to do something, once it runs freely.
    #[track_caller]
    pub fn obeys(&mut self, order: impl std::fmt::Display) -> String {
        self.person.obeys(order)
    }

    pub fn dies(self) {}
}

impl Drop for Led {
    fn drop(&mut self) {
        self.person.strike();
        // A led thread other than the first has an end of its own, before that of its process, which waits for it.
        if self.thread.as_raw().unsigned_abs() != self.person.pid() {
            let _ = waitpid(self.thread, Some(WaitPidFlag::__WALL));
        }
        self.person.kill();
    }
}
