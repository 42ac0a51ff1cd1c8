//! The sending end. How values are sent stands in [`super::send`], what it has as every sender in [`crate::ends`].

use super::WeakUnboundedSender;
use crate::channel::Sending;
use std::fmt;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Sends values to the [`UnboundedReceiver`](crate::UnboundedReceiver) of its channel, in this process or another, without ever
/// waiting.
///
/// Made by [`unbounded_channel`](crate::unbounded_channel()), [`connect_unbounded`](crate::connect_unbounded),
/// [`UnboundedSender::from_fd`], or by cloning. The stream ends for the receiver when the last sender of all processes is gone,
/// by drop or by death.
///
/// # Large values
///
/// A call that is given a value has room for it on the stack twice: the argument, and the result, which can give it back.
/// [`send_many`](UnboundedSender::send_many), [`send_ref`](UnboundedSender::send_ref) and their like need no room for values on the
/// stack. The page [`limits`](crate::docs::limits#large-values-on-the-stack) has each call.
///
/// # In forked processes
///
/// In a child that `fork` made without `exec`, every method behaves as on a closed channel.
pub struct UnboundedSender<T> {
    pub(super) inner: AssertUnwindSafe<Sending>,
    /// Send and Sync if `T` is Send, as tokio's sender: values go to another thread, references do not.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> UnboundedSender<T> {
    pub(crate) fn new(inner: Sending) -> UnboundedSender<T> {
        UnboundedSender { inner: AssertUnwindSafe(inner), values: PhantomData }
    }

    /// Returns the bytes of memory that the channel has now, in all processes together: what is queued, what stands ready for the next
    /// values, and what a channel always has. (Beyond tokio.)
    ///
    /// It never waits. The result may be out of date by the time the caller sees it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::unbounded_channel::<[u64; 8]>();
    /// let before = sender.memory_in_use();
    /// sender.send_many(&[[7; 8]; 100_000]).unwrap();
    /// assert!(sender.memory_in_use() >= before + 6_400_000);
    /// ```
    pub fn memory_in_use(&self) -> u64 {
        self.inner.endpoint.memory_in_use()
    }
}

crate::ends::sender!(
    UnboundedSender,
    WeakUnboundedSender,
    "unbounded_channel",
    "()",
    unbounded_sender_from_fd
);

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedSender").field("len", &self.len()).finish_non_exhaustive()
    }
}
