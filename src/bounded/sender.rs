//! The sending end as a handle: closing, counting, handing over. How values are sent stands in [`super::send`], how
//! room is reserved in [`super::reserve`].

use super::WeakSender;
use crate::channel::Sending;
use crate::error::{Corruption, OpenError};
use bytemuck::Pod;
use std::fmt;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Sends values to the [`Receiver`](crate::Receiver) of its channel, in this process or another.
///
/// Made by [`channel`](crate::channel()), [`connect`](crate::connect), [`Sender::from_fd`], or by cloning. The stream
/// ends for the receiver when the last sender of all processes is gone, by drop or by death.
///
/// # Large values
///
/// A call that is given a value has room for it on the stack twice: the argument, and the result, which can give it back. The
/// futures of [`send`](Sender::send) and [`send_timeout`](Sender::send_timeout) keep it once, and a poll of them has room for the
/// result. Calls that send from a slice ([`send_many`](Sender::send_many) and its like) or from a reference
/// ([`send_ref`](Sender::send_ref) and its like) need no room for values on the stack. `docs/limits.md` has each call.
///
/// # In forked processes
///
/// In a child that `fork` made without `exec`, every method behaves as on a closed channel.
pub struct Sender<T> {
    pub(super) inner: AssertUnwindSafe<Sending>,
    /// Send and Sync if `T` is Send, as tokio's sender: values go to another thread, references do not.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Sender<T> {
    pub(crate) fn new(inner: Sending) -> Sender<T> {
        Sender { inner: AssertUnwindSafe(inner), values: PhantomData }
    }

    /// Waits until the receiving side is closed: by [`close`](crate::Receiver::close), by drop, or because its
    /// process is gone.
    ///
    /// # When it waits
    ///
    /// While the receiver is open. Once closed it returns at once, for ever.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// drop(receiver);
    /// sender.closed().await;
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    pub async fn closed(&self) {
        self.inner.closed().await;
    }

    /// Whether the receiving side is closed. Once true it stays so; false can be old as soon as it is told.
    ///
    /// It never waits. It differs from [`Receiver::is_closed`](crate::Receiver::is_closed), which is also true when no
    /// sender is left.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// assert!(!sender.is_closed());
    /// receiver.close();
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Why sending fails as on a closed channel although the receiver has not closed it, if that is so: a process that may
    /// write to the channel's memory has written over it. (Beyond tokio.)
    ///
    /// It looks now, at what this process can see; the receiver may know more
    /// ([`Receiver::corruption`](crate::Receiver::corruption)), and a sender of another process may have found nothing yet.
    ///
    /// It never waits. Once there is a reason it stays, for all senders of the process.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// receiver.close();
    /// assert!(sender.try_send(1).is_err());
    /// assert_eq!(sender.corruption(), None, "the receiver has closed the channel");
    /// ```
    pub fn corruption(&self) -> Option<Corruption> {
        self.inner.endpoint.corruption()
    }

    /// Whether both senders belong to the same channel, also if they joined it separately.
    ///
    /// # Examples
    ///
    /// ```
    /// let (one, _receiver) = shmpsc::channel::<u64>(1);
    /// let (other, _receiver) = shmpsc::channel::<u64>(1);
    /// assert!(one.same_channel(&one.clone()));
    /// assert!(!one.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.is_same_channel(&other.inner)
    }

    /// The capacity that nobody holds, waits for or has been promised, 0 to [`max_capacity`](Sender::max_capacity).
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(3);
    /// sender.try_send(1)?;
    /// assert_eq!((sender.capacity(), sender.max_capacity()), (2, 3));
    /// # Ok::<(), shmpsc::error::TrySendError<u64>>(())
    /// ```
    pub fn capacity(&self) -> usize {
        self.inner.endpoint.free_capacity()
    }

    /// The number of values the queue can hold, as it was made. It never changes.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1000);
    /// assert_eq!(sender.max_capacity(), 1000);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.inner.endpoint.max_capacity()
    }

    /// Values in the queue now. One that is being written may or may not count. (Beyond tokio.)
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(3);
    /// sender.try_send(1)?;
    /// assert_eq!(sender.len(), 1);
    /// # Ok::<(), shmpsc::error::TrySendError<u64>>(())
    /// ```
    pub fn len(&self) -> usize {
        self.inner.endpoint.len()
    }

    /// Whether [`len`](Sender::len) is 0. (Beyond tokio.)
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(3);
    /// assert!(sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Senders of the channel in all processes, with those in owned permits; an open name is none.
    ///
    /// It never waits, and can be old as soon as it is told. A process that was killed counts until the kernel has
    /// told so, usually within a millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let _second = sender.clone();
    /// assert_eq!(sender.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.inner.endpoint.strong_count()
    }

    /// Weak senders of the channel in all processes.
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let _weak = sender.downgrade();
    /// assert_eq!(sender.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.inner.endpoint.weak_count()
    }

    /// Makes a [`WeakSender`], which does not keep the channel open.
    ///
    /// It never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let weak = sender.downgrade();
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "a weak sender that is dropped at once does nothing"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::new(self.inner.downgrade())
    }

    /// Turns this sender into one descriptor, for a child that inherits it or a process that gets it over a Unix
    /// socket. There, [`Sender::from_fd`] makes a sender of it.
    ///
    /// The descriptor counts as a sender until it is used or every copy of it is closed. It is closed on `exec`; a
    /// child inherits it as its standard input, by [`Command::stdin`](std::process::Command::stdin), or as any other if
    /// the parent clears that flag between `fork` and `exec` (see `docs/protocol.md`).
    ///
    /// # When it waits
    ///
    /// In the receiver's process it does not. In another process it waits for the receiver's process to answer, at
    /// most as long as the deadline of [`Options::deadline`](crate::Options::deadline).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the channel is closed, its roster is full, the receiver's process does not answer in time, or the
    /// system refuses a descriptor. This sender is dropped in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let descriptor = sender.into_fd()?;
    /// let sender = shmpsc::Sender::<u64>::from_fd(descriptor)?;
    /// sender.try_send(5).unwrap();
    /// assert_eq!(receiver.blocking_recv(), Some(5));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        self.inner.0.into_fd()
    }

    /// Makes a sender of a descriptor from [`into_fd`](Sender::into_fd), which is used up: a copy of it, in whatever
    /// process, gives [`OpenError::AlreadyUsed`].
    ///
    /// # When it waits
    ///
    /// For the receiver's process to answer, at most five seconds
    /// ([`Options::sender_from_fd`](crate::Options::sender_from_fd) takes another deadline, and a type tag).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the descriptor is none of ours, the types differ, or the channel has ended.
    ///
    /// # Examples
    ///
    /// See [`into_fd`](Sender::into_fd).
    pub fn from_fd(descriptor: OwnedFd) -> Result<Sender<T>, OpenError>
    where
        T: Pod,
    {
        crate::Options::new().sender_from_fd(descriptor)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender::new(self.inner.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("max_capacity", &self.max_capacity()).finish_non_exhaustive()
    }
}
