//! A pidfd: a process that cannot be mistaken for another one, and whether it has ended.
//!
//! The system gives the number of a process to another one later. A [`Process`] never means another one. Nothing here starts, signals
//! or reaps a process.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, retry_on_intr},
    process::{Pid, PidfdFlags, WaitId, WaitIdOptions, getegid, geteuid, getpid, pidfd_open, waitid},
    time::Timespec,
};

use super::raw::Credentials;

/// Returns number, user and group of this process, as others see them.
pub(crate) fn own_credentials() -> Credentials {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    Credentials { pid: Some(getpid()), uid, gid }
}

/// A process, by a descriptor that the kernel ties to it for ever.
#[derive(Debug)]
pub(crate) struct Process {
    fd: OwnedFd,
}

impl Process {
    /// Returns this process.
    pub(crate) fn of_self() -> io::Result<Process> {
        Process::from_pid(getpid())
    }

    /// Returns the process that bears `pid` now. If the number came with a message, ask a second time afterwards which number its
    /// sender bears. If that is the same, the system gave it to no other process in between.
    pub(crate) fn from_pid(pid: Pid) -> io::Result<Process> {
        Ok(Process { fd: pidfd_open(pid, PidfdFlags::empty())? })
    }

    /// Takes a descriptor that another process sent. Refuses one that does not stand for a process: that one could "end" whenever its
    /// sender likes.
    pub(crate) fn from_fd(fd: OwnedFd) -> io::Result<Process> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::PidFd(fd.as_fd()), look) {
            // A child of ours, or of another process: a process in any case.
            Ok(_) | Err(Errno::CHILD) => Ok(Process { fd }),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the descriptor is not a process")),
        }
    }

    /// Returns whether every thread of the process has ended. Never waits; false means "not proved".
    pub(crate) fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        retry_on_intr(|| poll(&mut fds, Some(&Timespec::default()))).is_ok_and(|ready| ready > 0)
    }
}

impl AsFd for Process {
    /// Readable once the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        process::{Child, Command, Stdio},
        time::{Duration, Instant},
    };

    use super::*;
    use crate::sys::socket::wait_readable;

    /// A process that lives until it is killed or its standard input is closed.
    fn sleeper() -> Child {
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn this_process_has_not_ended() {
        let here = Process::of_self().unwrap();
        assert!(!here.has_ended());
        assert!(rustix::io::fcntl_getfd(&here).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        assert!(!Process::from_fd(here.fd).unwrap().has_ended());
    }

    #[test]
    fn a_killed_process_has_ended_before_and_after_it_is_reaped() {
        let mut child = sleeper();
        let process = Process::from_pid(Pid::from_child(&child)).unwrap();
        assert!(!process.has_ended());
        child.kill().unwrap();
        assert!(wait_readable(&process, Some(Instant::now() + Duration::from_secs(20))).unwrap());
        assert!(process.has_ended());
        let process = Process::from_fd(process.fd).unwrap();
        child.wait().unwrap();
        assert!(process.has_ended());
        assert!(Process::from_fd(process.fd).unwrap().has_ended());
    }

    #[test]
    fn a_stopped_process_has_not_ended() {
        let mut child = sleeper();
        let pid = Pid::from_child(&child);
        let process = Process::from_pid(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
        assert!(!process.has_ended());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn other_descriptors_are_no_processes() {
        let (pipe, _other) = std::io::pipe().unwrap();
        assert_eq!(Process::from_fd(pipe.into()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let directory = std::fs::File::open("/proc/self").unwrap();
        assert_eq!(Process::from_fd(directory.into()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_number_that_nobody_bears_is_an_error() {
        let mut child = sleeper();
        let pid = Pid::from_child(&child);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Process::from_pid(pid).unwrap_err().raw_os_error(), Some(libc::ESRCH));
    }
}
