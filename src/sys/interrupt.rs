//! A wait that another thread can end. What is waited for, and what ends it, is the caller's.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::retry_on_intr,
};

use super::{events::Doorbell, time_until};

/// Ends the waits of a thread, from another thread. It stays rung.
#[derive(Debug)]
pub(crate) struct Interrupt(Doorbell);

impl Interrupt {
    /// Makes one that has not been rung.
    pub(crate) fn new() -> io::Result<Interrupt> {
        Ok(Interrupt(Doorbell::new()?))
    }

    /// Ends the wait that the thread is in, and each later one.
    pub(crate) fn ring(&self) {
        self.0.ring();
    }
}

/// Why a wait is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waited {
    /// The descriptor has something to receive or to accept, or its peer has hung up.
    Ready,
    TimedOut,
    Interrupted,
}

/// Waits until there is something to receive, accept or find hung up on `fd`, if there is one; until `deadline` at most, and
/// not once `interrupt` has been rung.
pub(crate) fn wait(
    fd: Option<BorrowedFd<'_>>,
    interrupt: Option<&Interrupt>,
    deadline: Option<Instant>,
) -> io::Result<Waited> {
    let wanted = fd.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN | PollFlags::RDHUP));
    let bell = interrupt.map(|interrupt| PollFd::from_borrowed_fd(interrupt.0.as_fd(), PollFlags::IN));
    let mut fds: Vec<PollFd<'_>> = bell.into_iter().chain(wanted).collect();
    let ready = retry_on_intr(|| {
        let left = deadline.map(time_until);
        poll(&mut fds, left.as_ref())
    })?;
    Ok(match ready {
        0 => Waited::TimedOut,
        _ if interrupt.is_some() && !fds[0].revents().is_empty() => Waited::Interrupted,
        _ => Waited::Ready,
    })
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;
    use crate::sys::socket;

    fn now() -> Option<Instant> {
        Some(Instant::now())
    }

    #[test]
    fn a_wait_ends_for_a_message_an_interrupt_or_the_time() {
        let (ours, theirs) = socket::pair().unwrap();
        let interrupt = Interrupt::new().unwrap();
        let look = || wait(Some(ours.as_fd()), Some(&interrupt), now()).unwrap();
        assert_eq!(look(), Waited::TimedOut);
        assert_eq!(wait(None, None, now()).unwrap(), Waited::TimedOut);
        socket::send(&theirs, b"x", &[]).unwrap();
        assert_eq!(look(), Waited::Ready);
        assert_eq!(wait(Some(ours.as_fd()), None, None).unwrap(), Waited::Ready);
        interrupt.ring();
        assert_eq!((look(), look()), (Waited::Interrupted, Waited::Interrupted));
    }

    #[test]
    fn an_interrupt_ends_a_wait_that_has_begun() {
        let interrupt = Interrupt::new().unwrap();
        thread::scope(|scope| {
            let waits = scope.spawn(|| wait(None, Some(&interrupt), None).unwrap());
            interrupt.ring();
            assert_eq!(waits.join().unwrap(), Waited::Interrupted);
        });
    }

    #[test]
    fn a_wait_for_nothing_lasts_as_long_as_it_was_told() {
        let until = Instant::now() + Duration::from_millis(3);
        assert_eq!(wait(None, None, Some(until)).unwrap(), Waited::TimedOut);
        assert!(Instant::now() >= until);
    }
}
