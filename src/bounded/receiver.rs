//! The receiving end: closing, and the capacity. What it has as every receiver stands in [`crate::ends`].

use crate::channel::BoundedReceiving;
use std::fmt;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Receives the values of all [`Sender`](crate::Sender)s of its channel, in any process.
///
/// Made by [`channel`](crate::channel()), [`Options::bind`](crate::Options::bind) or [`Receiver::from_fd`]. Dropping it
/// closes the channel.
///
/// # Large values
///
/// A call that gives a value, or a poll of its future, has room for it on the stack once: the result. Calls that fill a `Vec`
/// ([`recv_many`](Receiver::recv_many) and its like) and a box ([`recv_boxed`](Receiver::recv_boxed) and its like) need no room
/// for values on the stack, however large they are. The page [`limits`](crate::docs::limits#large-values-on-the-stack) has each call.
///
/// # In forked processes
///
/// In a child that `fork` made without `exec`, every method behaves as at the end of the stream.
pub struct Receiver<T> {
    pub(super) inner: AssertUnwindSafe<Box<BoundedReceiving>>,
    /// Send and Sync if `T` is Send, as tokio's receiver.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Receiver<T> {
    pub(crate) fn new(inner: BoundedReceiving) -> Receiver<T> {
        Receiver { inner: AssertUnwindSafe(Box::new(inner)), values: PhantomData }
    }

    /// Closes the channel for sending. Queued values, and those that are still sent on permits, can be received. Then the stream ends.
    ///
    /// A sender that waits for room fails at once. If it has been promised room and its task has not been polled since, the end of the
    /// stream waits until that task is polled or dropped, as in tokio. For senders in other processes the end does not wait: they may be
    /// stopped.
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

    /// Returns the free capacity: what no value or permit uses, no sender waits for, and none has been promised. It is the same number as
    /// [`Sender::capacity`](crate::Sender::capacity).
    ///
    /// It never waits. The result may be out of date by the time the caller sees it.
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

    /// Returns the number of values that the queue can hold, as it was made. It never changes.
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
}

crate::ends::receiver!(Receiver, "channel", "(4)", receiver_from_fd);
crate::ends::receive!(Receiver, "channel", "(4)");
crate::ends::peek!(Receiver, "channel", "(4)");
crate::ends::boxed!(Receiver, "channel", "(4)");

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
