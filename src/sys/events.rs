//! Waiting for many descriptors at once (`epoll`), and doorbells (`eventfd`): descriptors that only say "look".
//!
//! Nothing here decides what is waited for; tokens are the caller's numbers.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{
        EventfdFlags,
        epoll::{self, CreateFlags, EventData, EventFlags},
        eventfd,
    },
    io::{Errno, retry_on_intr},
};

use super::timespec;

/// What to report about a descriptor. Errors and complete hang-up are always reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Interest(EventFlags);

impl Interest {
    /// Nothing but errors and complete hang-up.
    pub(crate) const NONE: Interest = Interest(EventFlags::empty());
    /// Something can be read or accepted, or the process behind a pidfd has ended.
    pub(crate) const READABLE: Interest = Interest(EventFlags::IN);
    /// The peer has closed its end, or its sending half.
    pub(crate) const HANG_UP: Interest = Interest(EventFlags::RDHUP);

    /// A message can be sent.
    pub(crate) const WRITABLE: Interest = Interest(EventFlags::OUT);

    /// Returns the interest in both.
    pub(crate) const fn and(self, other: Interest) -> Interest {
        Interest(self.0.union(other.0))
    }

    /// Returns the interest as edge-triggered: each new occurrence is reported once, and not for as long as it is true. A doorbell
    /// must be watched so: it is never read, so it stays readable for ever.
    pub(crate) const fn once_each(self) -> Interest {
        Interest(self.0.union(EventFlags::ET))
    }
}

/// A report of one descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    /// The number under which the descriptor was added.
    pub(crate) token: u64,
    /// It can be read or accepted (perhaps only to find the hang-up).
    pub(crate) readable: bool,
    /// The peer is gone, or will send no more, or the descriptor is in error. Unread messages may still be there.
    pub(crate) hung_up: bool,
}

/// Room for the events that one call brings.
pub(crate) struct Batch(Vec<epoll::Event>);

impl Batch {
    /// Makes room for `most` events in one call, at least one; more come with the next call.
    pub(crate) fn with_capacity(most: usize) -> Batch {
        Batch(Vec::with_capacity(most.max(1)))
    }

    /// Returns the events of the last call.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.0.iter().map(|event| {
            // The kernel's struct is packed, so its fields are copied out.
            let (flags, data) = (event.flags, event.data);
            Event {
                token: data.u64(),
                readable: flags.contains(EventFlags::IN),
                hung_up: flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR),
            }
        })
    }
}

/// A set of descriptors to wait for (`epoll`). Its own descriptor is readable while any of them has something to report, so a set can be
/// a member of another one. With [`Interest::once_each`] the outer set reports each new occurrence in the inner one, also if earlier
/// reports were never taken from the inner one.
#[derive(Debug)]
pub(crate) struct Events {
    fd: OwnedFd,
}

impl Events {
    /// Makes an empty set.
    pub(crate) fn new() -> io::Result<Events> {
        Ok(Events { fd: epoll::create(CreateFlags::CLOEXEC)? })
    }

    /// Adds a descriptor. The caller removes it before it closes it: while another process has a copy of the same open file, closing
    /// alone does not end the reports.
    pub(crate) fn add(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.fd, fd, EventData::new_u64(token), interest.0)?)
    }

    /// Changes token and interest of a descriptor. What is true now is reported again, also if it was reported already. A set in which
    /// this one is does not report it again; for that see [`Events::renew`].
    pub(crate) fn modify(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.fd, fd, EventData::new_u64(token), interest.0)?)
    }

    /// Takes a descriptor out and adds it again. What is true now is reported again, also by a set in which this one is.
    pub(crate) fn renew(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        self.remove(&fd)?;
        self.add(fd, token, interest)
    }

    /// Takes a descriptor out. A report of it may still stand in a batch that was filled before.
    pub(crate) fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.fd, fd)?)
    }

    /// Waits until a descriptor has something to report, for ever without a timeout. An empty batch means that the time is over or a
    /// signal came.
    pub(crate) fn wait(&self, batch: &mut Batch, timeout: Option<Duration>) -> io::Result<()> {
        batch.0.clear();
        // The old call takes milliseconds in an i32 and the new one is missing before Linux 5.11.
        let timeout = timeout.map(|time| timespec(time.min(Duration::from_millis(i32::MAX as u64))));
        match epoll::wait(&self.fd, rustix::buffer::spare_capacity(&mut batch.0), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// An `eventfd` that says "look" to the process that waits for it. It carries nothing and is never read, so it must be watched with
/// [`Interest::once_each`].
#[derive(Debug)]
pub(crate) struct Doorbell {
    fd: OwnedFd,
}

impl Doorbell {
    /// Makes a doorbell, to be shared by sending its descriptor.
    pub(crate) fn new() -> io::Result<Doorbell> {
        Ok(Doorbell { fd: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    /// Takes a doorbell that another process made and sent.
    ///
    /// Each process that has the descriptor can make `ring` fail or block in all others: the flag against that belongs to the open
    /// file, not to the descriptor. So each peer gets a doorbell of its own, and a guest rings only its host's.
    pub(crate) fn from_fd(fd: OwnedFd) -> io::Result<Doorbell> {
        // Where this cannot be asked, it is believed: /proc may be missing.
        if let Ok(kind) = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))
            && kind.as_os_str() != "anon_inode:[eventfd]"
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the descriptor is not a doorbell"));
        }
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Doorbell { fd })
    }

    /// Rings. Without effect if the counter behind it is full, which honest ringing does not reach in centuries.
    pub(crate) fn ring(&self) {
        let _ = retry_on_intr(|| rustix::io::write(&self.fd, &1u64.to_ne_bytes()));
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{socket, tests::eventually};

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    fn heard(events: &Events, timeout: Option<Duration>) -> Vec<Event> {
        let mut batch = Batch::with_capacity(8);
        events.wait(&mut batch, timeout).unwrap();
        batch.iter().collect()
    }

    #[test]
    fn a_doorbell_is_heard_once_for_each_ring_and_never_read() {
        let (events, bell) = (Events::new().unwrap(), Doorbell::new().unwrap());
        events.add(&bell, u64::MAX, Interest::READABLE.once_each()).unwrap();
        assert_eq!(heard(&events, AT_ONCE), []);
        for _ in 0..3 {
            bell.ring();
            bell.ring();
            let event = Event { token: u64::MAX, readable: true, hung_up: false };
            assert_eq!(heard(&events, None), [event]);
            assert_eq!(heard(&events, AT_ONCE), []);
        }
    }

    #[test]
    fn a_full_doorbell_does_not_block() {
        let bell = Doorbell::new().unwrap();
        rustix::io::write(&bell, &(u64::MAX - 1).to_ne_bytes()).unwrap();
        bell.ring();
    }

    #[test]
    fn a_doorbell_that_was_sent_does_not_block_either() {
        let fd = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
        let bell = Doorbell::from_fd(fd).unwrap();
        rustix::io::write(&bell, &(u64::MAX - 1).to_ne_bytes()).unwrap();
        bell.ring();
        let (pipe, _other) = std::io::pipe().unwrap();
        assert_eq!(Doorbell::from_fd(pipe.into()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    /// The outer set, the inner one, and the bells in it.
    fn two_bells_in_a_set_in_a_set() -> (Events, Events, [Doorbell; 2]) {
        let (outer, inner) = (Events::new().unwrap(), Events::new().unwrap());
        let bells = [Doorbell::new().unwrap(), Doorbell::new().unwrap()];
        for (token, bell) in (0..).zip(&bells) {
            inner.add(bell, token, Interest::READABLE.once_each()).unwrap();
        }
        outer.add(&inner, 7, Interest::READABLE.once_each()).unwrap();
        (outer, inner, bells)
    }

    #[test]
    fn a_set_in_a_set_is_heard_for_each_ring() {
        let (outer, inner, bells) = two_bells_in_a_set_in_a_set();
        for round in 0..4 {
            bells[round % 2].ring();
            assert_eq!(heard(&outer, None).len(), 1);
            let inside = heard(&inner, AT_ONCE);
            assert_eq!(inside.iter().map(|event| event.token).collect::<Vec<_>>(), [round as u64 % 2]);
        }
    }

    #[test]
    fn a_set_in_a_set_that_is_never_read_is_heard_for_each_ring() {
        let (outer, inner, bells) = two_bells_in_a_set_in_a_set();
        for round in 0..100 {
            assert_eq!(heard(&outer, AT_ONCE), []);
            bells[round % 2].ring();
            assert_eq!(heard(&outer, None).len(), 1);
        }
        // A newcomer hears at once what was said before it came.
        let other = Events::new().unwrap();
        other.add(&inner, 8, Interest::READABLE.once_each()).unwrap();
        assert_eq!(heard(&other, AT_ONCE).len(), 1);
    }

    #[test]
    fn what_a_renewed_descriptor_says_is_news_to_the_outer_set() {
        let (outer, inner) = (Events::new().unwrap(), Events::new().unwrap());
        let (ours, theirs) = socket::pair().unwrap();
        inner.add(&ours, 1, Interest::READABLE.once_each()).unwrap();
        outer.add(&inner, 7, Interest::READABLE.once_each()).unwrap();
        socket::send(&theirs, b"x", &[]).unwrap();
        assert_eq!(heard(&outer, AT_ONCE).len(), 1);
        inner.renew(&ours, 1, Interest::READABLE.once_each()).unwrap();
        assert_eq!(heard(&outer, AT_ONCE).len(), 1, "the message is still there");
        assert_eq!(heard(&outer, AT_ONCE), []);
    }

    #[test]
    fn hang_up_is_told_apart_from_a_message() {
        let events = Events::new().unwrap();
        let (ours, theirs) = socket::pair().unwrap();
        events.add(&ours, 1, Interest::READABLE.and(Interest::HANG_UP)).unwrap();
        assert_eq!(heard(&events, AT_ONCE), []);
        socket::send(&theirs, b"x", &[]).unwrap();
        assert_eq!(heard(&events, None), [Event { token: 1, readable: true, hung_up: false }]);
        drop(theirs);
        eventually(|| heard(&events, None) == [Event { token: 1, readable: true, hung_up: true }]);
        events.remove(&ours).unwrap();
        assert_eq!(heard(&events, AT_ONCE), []);
    }

    #[test]
    fn changing_the_interest_reports_again_what_is_true_now() {
        let events = Events::new().unwrap();
        let (ours, theirs) = socket::pair().unwrap();
        socket::send(&theirs, b"x", &[]).unwrap();
        events.add(&ours, 1, Interest::READABLE.once_each()).unwrap();
        assert_eq!(heard(&events, None).len(), 1);
        assert_eq!(heard(&events, AT_ONCE), []);
        events.modify(&ours, 2, Interest::READABLE.once_each()).unwrap();
        assert_eq!(heard(&events, None), [Event { token: 2, readable: true, hung_up: false }]);
        events.modify(&ours, 3, Interest::NONE).unwrap();
        assert_eq!(heard(&events, AT_ONCE), []);
    }

    #[test]
    fn more_events_than_room_come_with_the_next_call() {
        let events = Events::new().unwrap();
        let bells: Vec<_> = (0..5).map(|_| Doorbell::new().unwrap()).collect();
        for (token, bell) in (0..).zip(&bells) {
            events.add(bell, token, Interest::READABLE.once_each()).unwrap();
            bell.ring();
        }
        let mut tokens = Vec::new();
        let mut batch = Batch(Vec::with_capacity(2));
        for _ in 0..5 {
            events.wait(&mut batch, AT_ONCE).unwrap();
            tokens.extend(batch.iter().map(|event| event.token));
        }
        tokens.sort();
        assert_eq!(tokens, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_timeout_ends_the_wait() {
        let events = Events::new().unwrap();
        let start = std::time::Instant::now();
        assert_eq!(heard(&events, Some(Duration::from_millis(3))), []);
        assert!(start.elapsed() >= Duration::from_millis(3));
    }
}
