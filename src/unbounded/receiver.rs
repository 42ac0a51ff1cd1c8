//! The receiving end: closing, and the memory in use. What it has as every receiver stands in [`crate::ends`].

use crate::channel::UnboundedReceiving;
use std::fmt;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Receives the values of all [`UnboundedSender`](crate::UnboundedSender)s of its channel, in any process.
///
/// Made by [`unbounded_channel`](crate::unbounded_channel()), [`Options::bind_unbounded`](crate::Options::bind_unbounded) or
/// [`UnboundedReceiver::from_fd`]. Dropping it closes the channel.
///
/// # Large values
///
/// A call that gives a value, or a poll of its future, has room for it on the stack once: the result. Calls that fill a `Vec`
/// ([`recv_many`](UnboundedReceiver::recv_many) and its like) and a box ([`recv_boxed`](UnboundedReceiver::recv_boxed) and its like)
/// need no room for values on the stack, however large they are. The page [`limits`](crate::docs::limits#large-values-on-the-stack) has each call.
///
/// # In forked processes
///
/// In a child that `fork` made without `exec`, every method behaves as at the end of the stream.
pub struct UnboundedReceiver<T> {
    inner: AssertUnwindSafe<Box<UnboundedReceiving>>,
    /// Send and Sync if `T` is Send, as tokio's receiver.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> UnboundedReceiver<T> {
    pub(crate) fn new(inner: UnboundedReceiving) -> UnboundedReceiver<T> {
        UnboundedReceiver { inner: AssertUnwindSafe(Box::new(inner)), values: PhantomData }
    }

    /// Closes the channel for sending. What is queued can be received; then the stream ends.
    ///
    /// It never waits. Closing twice does nothing. The name of a bound channel is free from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<u64>();
    /// sender.send(1).unwrap();
    /// receiver.close();
    /// assert!(sender.send(2).is_err());
    /// assert_eq!(receiver.blocking_recv(), Some(1));
    /// assert_eq!(receiver.blocking_recv(), None);
    /// ```
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Returns the bytes of memory that the channel has now, in all processes together, as
    /// [`UnboundedSender::memory_in_use`](crate::UnboundedSender::memory_in_use). (Beyond tokio.)
    ///
    /// It never waits. The result may be out of date by the time the caller sees it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<[u64; 8]>();
    /// sender.send_many(&[[7; 8]; 100_000]).unwrap();
    /// let before = receiver.memory_in_use();
    /// while receiver.try_recv().is_ok() {}
    /// assert!(receiver.memory_in_use() + 6_400_000 < before);
    /// ```
    pub fn memory_in_use(&self) -> u64 {
        self.inner.endpoint.memory_in_use()
    }
}

crate::ends::receiver!(UnboundedReceiver, "unbounded_channel", "()", unbounded_receiver_from_fd);
crate::ends::receive!(UnboundedReceiver, "unbounded_channel", "()");
crate::ends::peek!(UnboundedReceiver, "unbounded_channel", "()");
crate::ends::boxed!(UnboundedReceiver, "unbounded_channel", "()");

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("UnboundedReceiver");
        shown.field("len", &self.len());
        if let Some(corruption) = self.corruption() {
            shown.field("corruption", &corruption);
        }
        shown.finish_non_exhaustive()
    }
}
