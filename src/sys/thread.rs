//! A thread of the library in the application's process: small, named, and with all signals blocked.
//!
//! It does not know what the thread does.
//!
//! # Safety
//!
//! Two calls into the C library change which signals the calling thread blocks. Both get pointers to local, initialized
//! signal sets, and the old set is always put back. A third call gives a thread of ours a working directory of its own; the
//! descriptors stay those of the process.
#![allow(unsafe_code)]

use std::{io, mem, os::fd::BorrowedFd, panic, ptr, thread};

use rustix::{
    fs::Mode,
    process::{fchdir, umask},
    thread::{UnshareFlags, unshare_unsafe},
};

/// Bytes of the thread's stack. It calls wakers, which are the application's code, so it is not tiny.
const STACK: usize = 512 << 10;

/// Starts a detached thread in which every signal is blocked, from its first instruction on: the application's
/// handlers never run in it, and a signal sent to the process interrupts one of the application's own threads.
pub(crate) fn spawn_with_signals_blocked(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let before = block_all()?;
    let started = thread::Builder::new().name(name.into()).stack_size(STACK).spawn(body);
    restore(&before);
    started.map(drop).map_err(cannot_start)
}

/// Calls `act` in a thread of its own and waits for it. There `directory` is the working directory and the umask is empty. The other
/// threads keep theirs. `Unsupported`: a sandbox forbids that.
pub(super) fn in_directory<T: Send>(
    directory: BorrowedFd<'_>,
    act: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    let body = || {
        // SAFETY: unsafe is only to leave the table of descriptors, of which other code has numbers. This leaves the working
        // directory and the umask alone.
        unsafe { unshare_unsafe(UnshareFlags::FS) }.map_err(|_| {
            io::Error::new(
                io::ErrorKind::Unsupported,
                "it needs a thread with a directory and a umask of its own, which this process may not have; allow `unshare`, \
                 mount /proc, or give a shorter path",
            )
        })?;
        fchdir(directory)?;
        umask(Mode::empty());
        act()
    };
    let before = block_all()?;
    thread::scope(|scope| {
        let name = "shmpsc-directory".into();
        let started = thread::Builder::new().name(name).stack_size(STACK).spawn_scoped(scope, body);
        restore(&before);
        started.map_err(cannot_start)?.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

/// Names the limits that kept a thread from starting. The error of the system says "try again", and its kind that a call
/// would block.
fn cannot_start(error: io::Error) -> io::Error {
    if error.raw_os_error() != Some(libc::EAGAIN) {
        return error;
    }
    let what = "this process, its user or its control group has as many threads as it may (RLIMIT_NPROC, pids.max), or no \
                memory for the stack of one more (RLIMIT_AS, RLIMIT_MEMLOCK); raise the limit";
    io::Error::new(io::ErrorKind::QuotaExceeded, what)
}

/// Blocks all signals in the calling thread; a thread inherits the set of the one that starts it.
fn block_all() -> io::Result<libc::sigset_t> {
    // SAFETY: a signal set is plain numbers, and `sigfillset` fills the whole of it.
    let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { (mem::zeroed(), mem::zeroed()) };
    // SAFETY: both sets are live local variables.
    let error = unsafe {
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before)
    };
    if error == 0 { Ok(before) } else { Err(io::Error::from_raw_os_error(error)) }
}

fn restore(before: &libc::sigset_t) {
    // SAFETY: the set came from `block_all`, and no old set is asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, ptr::null_mut()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_that_cannot_be_started_names_the_limits() {
        let error = cannot_start(io::Error::from_raw_os_error(libc::EAGAIN));
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert!(error.to_string().contains("RLIMIT_NPROC"), "{error}");
        assert_eq!(cannot_start(io::ErrorKind::Other.into()).kind(), io::ErrorKind::Other);
    }

    #[test]
    fn a_thread_has_a_directory_and_a_umask_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let opened = std::fs::File::open(directory.path()).unwrap();
        let outside = std::env::current_dir().unwrap();
        let inside = in_directory(std::os::fd::AsFd::as_fd(&opened), || {
            Ok((std::env::current_dir()?, umask(Mode::empty())))
        });
        assert_eq!(inside.unwrap(), (directory.path().canonicalize().unwrap(), Mode::empty()));
        assert_eq!(std::env::current_dir().unwrap(), outside);
    }

    #[test]
    fn signals_are_blocked_in_the_thread_and_not_in_its_parent() {
        let blocked = || {
            // SAFETY: only asks for the current set, into a live local variable.
            unsafe {
                let mut now: libc::sigset_t = mem::zeroed();
                libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut now);
                libc::sigismember(&raw const now, libc::SIGUSR1) == 1
            }
        };
        let (tell, told) = mpsc::channel();
        spawn_with_signals_blocked("blocks", move || tell.send(blocked()).unwrap()).unwrap();
        assert!(told.recv().unwrap());
        assert!(!blocked());
    }
}
