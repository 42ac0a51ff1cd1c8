//! The receiving end as a handle: closing, counting, handing over. How values are received stands in
//! [`super::receive`].

use crate::channel::Receiving;
use crate::error::{Corruption, OpenError};
use bytemuck::Pod;
use std::fmt;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Receives the values of all [`Sender`](crate::Sender)s of its channel, in whatever process they live.
///
/// Made by [`channel`](crate::channel()), [`Options::bind`](crate::Options::bind) or [`Receiver::from_fd`]. Dropping it
/// closes the channel.
///
/// # Large values
///
/// A call that gives a value, or a poll of its future, has room for it on the stack once: the result. Calls that fill a `Vec`
/// ([`recv_many`](Receiver::recv_many) and its like) and a box ([`recv_boxed`](Receiver::recv_boxed) and its like) need no room
/// for values on the stack, however large they are. `docs/limits.md` has each call.
///
/// # In forked processes
///
/// In a child that `fork` made without `exec`, every method behaves as at the end of the stream.
pub struct Receiver<T> {
    pub(super) inner: AssertUnwindSafe<Box<Receiving>>,
    /// Send and Sync if `T` is Send, as tokio's receiver.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Receiver<T> {
    pub(crate) fn new(inner: Receiving) -> Receiver<T> {
        Receiver { inner: AssertUnwindSafe(Box::new(inner)), values: PhantomData }
    }

    /// Closes the channel for sending. What is queued, and what is still sent on permits, can be received; then the stream
    /// ends.
    ///
    /// A sender that waits for room fails at once. If the room was there already and the task of that sender has not been polled
    /// since, the end of the stream waits until it is polled or dropped, as in tokio. For senders in other processes the end does
    /// not wait: they may be stopped.
    ///
    /// It never waits. Closing twice does nothing. The name of a bound channel is free from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// receiver.close();
    /// assert!(sender.try_send(2).is_err());
    /// assert_eq!(receiver.blocking_recv(), Some(1));
    /// assert_eq!(receiver.blocking_recv(), None);
    /// ```
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Whether the channel is closed, or no sender is left. Values may still be queued.
    ///
    /// It never waits. Once true it stays so; false can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Why the stream ended before its time, if it did: a process that may write to the channel's memory has written over
    /// it. (Beyond tokio.)
    ///
    /// The receiver learns it when it looks for a value: then every receive tells the end of the stream, for ever, every
    /// sender finds the channel closed, and this tells the reason. Until then, and if all is well, it is `None`. What does not
    /// show in the words that it looks at is not found; `docs/trust.md` says what is promised then.
    ///
    /// It never waits. Once there is a reason it stays.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// drop(sender);
    /// while let Some(value) = receiver.blocking_recv() {
    ///     println!("{value}");
    /// }
    /// match receiver.corruption() {
    ///     Some(corruption) => panic!("{corruption}"),
    ///     None => assert!(receiver.is_closed(), "the senders have gone"),
    /// }
    /// ```
    pub fn corruption(&self) -> Option<Corruption> {
        self.inner.corruption()
    }

    /// Whether [`len`](Receiver::len) is 0.
    ///
    /// It never waits. Only receiving makes it true again; true can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert!(receiver.is_empty());
    /// sender.try_send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in the queue now. One that is being written may or may not count.
    ///
    /// It never waits. It can grow as soon as it is told; only receiving makes it smaller.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.inner.endpoint.len()
    }

    /// The capacity that nobody holds, waits for or has been promised: the same number as
    /// [`Sender::capacity`](crate::Sender::capacity).
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.capacity(), 3);
    /// ```
    pub fn capacity(&self) -> usize {
        self.inner.endpoint.free_capacity()
    }

    /// The number of values the queue can hold, as it was made. It never changes.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert_eq!(receiver.max_capacity(), 4);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.inner.endpoint.max_capacity()
    }

    /// Senders of the channel in all processes, with those in owned permits; an open name is none.
    ///
    /// It never waits, and can be old as soon as it is told. A process that was killed counts until the kernel has
    /// told so, usually within a millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let _second = sender.clone();
    /// assert_eq!(receiver.sender_strong_count(), 2);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.inner.endpoint.strong_count()
    }

    /// Weak senders of the channel in all processes.
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let _weak = sender.downgrade();
    /// assert_eq!(receiver.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.inner.endpoint.weak_count()
    }

    /// Turns this receiver into one descriptor, for a child that inherits it or a process that gets it over a Unix
    /// socket. There, [`Receiver::from_fd`] makes a receiver of it. Values that are queued go with it.
    ///
    /// If the descriptor is closed unused, or the other process dies, the channel is closed.
    ///
    /// # When it waits
    ///
    /// Only while what a process left that has just ended is being put right, usually less than a millisecond, and at most
    /// as long as the deadline of [`Options::deadline`](crate::Options::deadline).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if another process has joined the channel already, if that repair does not end in time, or the system
    /// refuses a descriptor. The receiver is then dropped, and with it the channel closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let descriptor = receiver.into_fd()?;
    /// sender.try_send(5).unwrap();
    /// let mut receiver = shmpsc::Receiver::<u64>::from_fd(descriptor)?;
    /// assert_eq!(receiver.blocking_recv(), Some(5));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        self.inner.0.into_fd()
    }

    /// Makes a receiver of a descriptor from [`into_fd`](Receiver::into_fd), which is used up: a copy of it, in whatever
    /// process, gives [`OpenError::AlreadyUsed`].
    ///
    /// # When it waits
    ///
    /// For the process that handed it over to answer, at most five seconds
    /// ([`Options::receiver_from_fd`](crate::Options::receiver_from_fd) takes another deadline, and a type tag).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the descriptor is none of ours, the types differ, or the channel has ended.
    ///
    /// # Examples
    ///
    /// See [`into_fd`](Receiver::into_fd).
    pub fn from_fd(descriptor: OwnedFd) -> Result<Receiver<T>, OpenError>
    where
        T: Pod,
    {
        crate::Options::new().receiver_from_fd(descriptor)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Receiver");
        shown.field("max_capacity", &self.max_capacity());
        if let Some(corruption) = self.corruption() {
            shown.field("corruption", &corruption);
        }
        shown.finish_non_exhaustive()
    }
}
