//! A thread of our own in somebody else's process: small, named, and deaf to all signals.
//!
//! It does not know what the thread does.
//!
//! # Safety
//!
//! Two calls into the C library change which signals the calling thread hears. Both get pointers to local, initialized
//! signal sets, and the old set is always put back.
#![allow(unsafe_code)]

use std::{io, mem, ptr, thread};

/// Bytes of the thread's stack. It calls wakers, which are the application's code, so it is not tiny.
const STACK: usize = 512 << 10;

/// Starts a detached thread in which every signal is blocked, from its first instruction on: the application's
/// handlers never run in it, and a signal sent to the process interrupts one of the application's own threads.
pub(crate) fn spawn_deaf(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let before = block_all()?;
    let started = thread::Builder::new().name(name.into()).stack_size(STACK).spawn(body);
    restore(&before);
    started.map(drop).map_err(cannot_start)
}

/// The error of the system says "try again", and its kind that a call would block.
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
    fn the_thread_hears_no_signal_and_its_parent_still_does() {
        let blocked = || {
            // SAFETY: only asks for the current set, into a live local variable.
            unsafe {
                let mut now: libc::sigset_t = mem::zeroed();
                libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut now);
                libc::sigismember(&raw const now, libc::SIGUSR1) == 1
            }
        };
        let (tell, told) = mpsc::channel();
        spawn_deaf("deaf", move || tell.send(blocked()).unwrap()).unwrap();
        assert!(told.recv().unwrap());
        assert!(!blocked());
    }
}
