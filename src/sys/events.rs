//! Waiting for many descriptors at once, and doorbells: descriptors that only say "look".
//!
//! Nothing here decides who waits for what; tokens are the caller's numbers.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{
        EventfdFlags,
        epoll::{self, CreateFlags, EventData, EventFlags},
        eventfd,
    },
    io::Errno,
};

use super::timespec;

/// What to hear about a descriptor. Errors and complete hang-up are always heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Interest(EventFlags);

impl Interest {
    /// Nothing but errors and complete hang-up.
    pub(crate) const NONE: Interest = Interest(EventFlags::empty());
    /// Something can be read or accepted, or the process behind a pidfd has ended.
    pub(crate) const READABLE: Interest = Interest(EventFlags::IN);
    /// The peer has closed its end, or its sending half.
    pub(crate) const HANG_UP: Interest = Interest(EventFlags::RDHUP);

    /// Both.
    pub(crate) const fn and(self, other: Interest) -> Interest {
        Interest(self.0.union(other.0))
    }

    /// Said once for each new occurrence, instead of for as long as it is true. A doorbell must be heard so: it is
    /// never read, so it stays readable for ever.
    pub(crate) const fn once_each(self) -> Interest {
        Interest(self.0.union(EventFlags::ET))
    }
}

/// One descriptor that has something to say.
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
    /// Room for `most` events in one call, at least one; more come with the next call.
    pub(crate) fn with_capacity(most: usize) -> Batch {
        Batch(Vec::with_capacity(most.max(1)))
    }

    /// The events of the last call.
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

/// A set of descriptors to wait for. Its own descriptor is readable while any of them has something to say, so sets
/// can be put into sets.
#[derive(Debug)]
pub(crate) struct Events {
    fd: OwnedFd,
}

impl Events {
    /// An empty set.
    pub(crate) fn new() -> io::Result<Events> {
        Ok(Events { fd: epoll::create(CreateFlags::CLOEXEC)? })
    }

    /// Adds a descriptor. Remove it before closing it: while another process has a copy of the same open file, closing
    /// alone does not end the reports.
    pub(crate) fn add(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.fd, fd, EventData::new_u64(token), interest.0)?)
    }

    /// Changes token and interest of a descriptor. What is true now is reported again, also if said once already.
    pub(crate) fn modify(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.fd, fd, EventData::new_u64(token), interest.0)?)
    }

    /// Takes a descriptor out. A report of it may still stand in a batch that was filled before.
    pub(crate) fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.fd, fd)?)
    }

    /// Waits until somebody has something to say, for ever without a timeout. An empty batch means that the time is
    /// over or a signal came.
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

/// A descriptor that says "look" to whoever waits for it. It carries nothing and is never read: it must be heard with
/// [`Interest::once_each`].
#[derive(Debug)]
pub(crate) struct Doorbell {
    fd: OwnedFd,
}

impl Doorbell {
    /// A new doorbell, to be shared by sending its descriptor.
    pub(crate) fn new() -> io::Result<Doorbell> {
        Ok(Doorbell { fd: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    /// A doorbell that another process made and sent.
    ///
    /// Whoever has the descriptor can let `ring` of all others fail or block (the flag that prevents it belongs to the
    /// open file, not to the descriptor). So give each peer a doorbell of its own, and ring only your host's.
    pub(crate) fn from_fd(fd: OwnedFd) -> Doorbell {
        Doorbell { fd }
    }

    /// Rings. Without effect if the counter behind it is full, which honest ringing does not reach in centuries.
    pub(crate) fn ring(&self) {
        while rustix::io::write(&self.fd, &1u64.to_ne_bytes()) == Err(Errno::INTR) {}
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
