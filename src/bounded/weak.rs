//! A sender that does not keep the channel open. Nothing can be sent on it: it must become a sender first.

use super::Sender;
use crate::channel::WeakSending;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// A sender that does not keep the channel open, as [`Weak`](std::sync::Weak) beside [`Arc`].
///
/// Made by [`Sender::downgrade`]. It keeps the memory of the channel in this process, and the process's place in the
/// channel. When the last [`Sender`] and [`OwnedPermit`](crate::OwnedPermit) of all processes is gone, the stream ends for
/// ever, whatever weak senders there are. While a name is bound and open for new senders, the stream has not ended.
///
/// In a child that `fork` made without `exec`, it behaves as if the stream had ended.
pub struct WeakSender<T> {
    inner: AssertUnwindSafe<WeakSending>,
    /// Send and Sync if `T` is Send, as the sender it can become.
    values: PhantomData<Arc<Mutex<T>>>,
}

crate::ends::weak!(WeakSender, Sender, "channel", "(4)");
