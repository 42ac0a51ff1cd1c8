//! The sending end, and its capacity. How values are sent stands in [`super::send`], how room is reserved in
//! [`super::reserve`]; what it has as every sender in [`crate::ends`].

use super::WeakSender;
use crate::channel::Sending;
use std::fmt;
use std::marker::PhantomData;
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
/// ([`send_ref`](Sender::send_ref) and its like) need no room for values on the stack. The page [`limits`](crate::docs::limits#large-values-on-the-stack) has each call.
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

    /// Returns the free capacity, 0 to [`max_capacity`](Sender::max_capacity): what no value or permit uses, no sender waits for, and none
    /// has been promised.
    ///
    /// It never waits. The result may be out of date by the time the caller sees it.
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

    /// Returns the number of values that the queue can hold, as it was made. It never changes.
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
}

crate::ends::sender!(Sender, WeakSender, "channel", "(4)", sender_from_fd);

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("max_capacity", &self.max_capacity()).finish_non_exhaustive()
    }
}
