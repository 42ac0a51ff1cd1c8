//! How a sender or a receiver is led: one instruction at a time, by the thread of this process that started it. Its other threads
//! run freely.

use std::{
    fs::{self, File},
    ops::Range,
};

use nix::{
    libc::{c_long, c_void, user_regs_struct},
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

/// An instruction, wherever its file is mapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    file: String,
    offset: u64,
}

/// Where the files of a process are mapped.
pub struct Map(Vec<(Range<u64>, String)>);

impl Map {
    /// Of what file an address is a part, and how far behind the first that is mapped of it. In another run all of the file can lie
    /// elsewhere.
    pub fn place(&self, address: u64) -> Place {
        let (_, file) = self.0.iter().find(|(range, _)| range.contains(&address)).expect("it runs there");
        Place { file: file.clone(), offset: address - self.first(file) }
    }

    pub fn address(&self, place: &Place) -> u64 {
        self.first(&place.file) + place.offset
    }

    fn first(&self, file: &str) -> u64 {
        self.0.iter().find(|(_, other)| other == file).expect("it runs there").0.start
    }
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
        assert_eq!(led.stands_still(false, || {}), Stands::AtItsEnd, "it comes to its mark");
        led
    }

    pub fn at_pace(mut self, pace: Pace) -> Led {
        self.pace = pace;
        self
    }

    /// It runs one instruction. When that is a call to the system in which it sleeps, the others do something meanwhile.
    pub fn step(&mut self, others: impl FnMut()) -> Stands {
        let sleeps = self.sleeps && (self.pace == Pace::SystemCall || self.is_about_to_call());
        let stepped = match self.pace {
            Pace::Instruction => ptrace::step(self.thread, None),
            Pace::SystemCall => ptrace::syscall(self.thread, None),
        };
        stepped.expect("it stands still");
        self.stands_still(sleeps, others)
    }

    /// It goes so many steps, unless it comes to its end before. Gives how many that were.
    pub fn goes(&mut self, most: usize) -> (usize, Stands) {
        let (mut went, mut stands) = (0, Stands::Inside);
        while went < most && stands == Stands::Inside {
            stands = self.step(|| {});
            went += 1;
        }
        (went, stands)
    }

    /// It runs until it has come to an instruction so many times. `sleeps`: it may, on its way there.
    pub fn runs_to(&mut self, address: u64, times: usize, sleeps: bool, mut others: impl FnMut()) -> Stands {
        let mut armed = None;
        for _ in 0..times {
            // From where a breakpoint stopped it, it goes on through that.
            if !machine::PASSES || armed.is_none() {
                armed.take().into_iter().for_each(|armed| self.disarms(armed));
                if self.step(&mut others) == Stands::AtItsEnd {
                    return Stands::AtItsEnd;
                }
                if self.stands_at() == address {
                    continue;
                }
                armed = machine::arm(self.thread, address).ok();
            }
            let stands = match armed {
                Some(_) => {
                    ptrace::cont(self.thread, None).expect("it stands still");
                    self.stands_still(sleeps && self.sleeps, &mut others)
                }
                // Not every machine that is only imitated has breakpoints.
                None => self.steps_to(address, &mut others),
            };
            if stands == Stands::AtItsEnd {
                armed.into_iter().for_each(|armed| self.disarms(armed));
                return Stands::AtItsEnd;
            }
        }
        armed.into_iter().for_each(|armed| self.disarms(armed));
        Stands::Inside
    }

    fn disarms(&self, armed: machine::Armed) {
        machine::disarm(self.thread, armed).expect("it stands still");
    }

    fn steps_to(&mut self, address: u64, mut others: impl FnMut()) -> Stands {
        while self.stands_at() != address {
            if self.step(&mut others) == Stands::AtItsEnd {
                return Stands::AtItsEnd;
            }
        }
        Stands::Inside
    }

    /// The address of its next instruction.
    pub fn stands_at(&self) -> u64 {
        machine::next(&self.registers())
    }

    /// The address behind the call of a function, where it stands at the first instruction of that.
    pub fn returns_to(&self) -> u64 {
        machine::returns_to(self.thread, &self.registers()).expect("it stands still")
    }

    /// Whether its next instruction is a call to the system.
    pub fn is_about_to_call(&self) -> bool {
        let place = self.stands_at() as *mut c_void;
        ptrace::read(self.thread, place).is_ok_and(machine::is_call)
    }

    /// Whether that call maps memory that it shares.
    pub fn is_about_to_share_memory(&self) -> bool {
        machine::shares_memory(&self.registers())
    }

    fn registers(&self) -> user_regs_struct {
        ptrace::getregs(self.thread).expect("it stands still")
    }

    pub fn map(&self) -> Map {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.person.pid())).expect("it is there");
        let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let file = |line: &str| {
            let mut words = line.split_whitespace();
            let (from, to) = words.next().and_then(|range| range.split_once('-')).expect("a range");
            (number(from)..number(to), words.nth(4).unwrap_or_default().to_owned())
        };
        Map(maps.lines().map(file).collect())
    }

    /// The memory of the channel, once it has it.
    pub fn segment(&self) -> Option<File> {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.person.pid())).ok()?;
        let is_memory = |path: &std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|target| target.to_string_lossy().starts_with("/memfd:"))
        };
        let path = descriptors.filter_map(|entry| Some(entry.ok()?.path())).find(is_memory)?;
        File::open(path).ok()
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
        assert_eq!(self.stands_still(self.sleeps, others), Stands::AtItsEnd);
    }

    /// Until it stands still. While it sleeps, which it may if `sleeps`, the others do something.
    fn stands_still(&self, sleeps: bool, mut others: impl FnMut()) -> Stands {
        // Who does not sleep is waited for asleep, which leaves it the processor.
        let flags = if sleeps { WaitPidFlag::__WALL | WaitPidFlag::WNOHANG } else { WaitPidFlag::__WALL };
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

/// What of this is the machine's. `arm` has one thread stop before an instruction, `disarm` no longer.
#[cfg(target_arch = "x86_64")]
mod machine {
    use super::{Pid, c_long, ptrace, user_regs_struct};
    use nix::{Result, libc};

    /// The processor's own breakpoint: other threads run on through it.
    pub struct Armed;

    /// The kernel lets it go on from where it was stopped (by the resume flag), with no need to disarm it for a step.
    pub const PASSES: bool = true;

    fn write(thread: Pid, register: usize, value: u64) -> Result<()> {
        let registers = std::mem::offset_of!(libc::user, u_debugreg);
        let place = (registers + register * size_of::<u64>()) as ptrace::AddressType;
        ptrace::write_user(thread, place, value as c_long)
    }

    pub fn arm(thread: Pid, address: u64) -> Result<Armed> {
        write(thread, 0, address)?;
        write(thread, 7, 1)?; // the first one, for this thread, when it is executed
        Ok(Armed)
    }

    pub fn disarm(thread: Pid, Armed: Armed) -> Result<()> {
        write(thread, 7, 0)
    }

    pub fn next(registers: &user_regs_struct) -> u64 {
        registers.rip
    }

    pub fn returns_to(thread: Pid, registers: &user_regs_struct) -> Result<u64> {
        ptrace::read(thread, registers.rsp as ptrace::AddressType).map(|word| word as u64)
    }

    pub fn is_call(word: c_long) -> bool {
        word & 0xffff == 0x050f // syscall
    }

    pub fn shares_memory(registers: &user_regs_struct) -> bool {
        registers.rax == libc::SYS_mmap as u64 && registers.r10 & libc::MAP_SHARED as u64 != 0
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    use super::{Pid, c_long, c_void, ptrace, user_regs_struct};
    use nix::{Result, libc};

    /// An instruction of the program, which is another one meanwhile.
    pub struct Armed(*mut c_void, c_long);

    pub const PASSES: bool = false;

    pub fn arm(thread: Pid, address: u64) -> Result<Armed> {
        let place = address as *mut c_void;
        let word = ptrace::read(thread, place)?;
        ptrace::write(thread, place, word & !0xffff_ffff | 0xd420_0000)?; // brk #0
        Ok(Armed(place, word))
    }

    pub fn disarm(thread: Pid, Armed(place, word): Armed) -> Result<()> {
        ptrace::write(thread, place, word)
    }

    pub fn next(registers: &user_regs_struct) -> u64 {
        registers.pc
    }

    pub fn returns_to(_: Pid, registers: &user_regs_struct) -> Result<u64> {
        Ok(registers.regs[30]) // the link register
    }

    pub fn is_call(word: c_long) -> bool {
        word & 0xffff_ffff == 0xd400_0001 // svc #0
    }

    pub fn shares_memory(registers: &user_regs_struct) -> bool {
        registers.regs[8] == libc::SYS_mmap as u64 && registers.regs[3] & libc::MAP_SHARED as u64 != 0
    }
}
