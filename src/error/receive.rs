//! Why a receive that does not wait, or not for ever, brought nothing.

use std::fmt;

const DISCONNECTED: &str = "receiving on a closed channel";

/// Error of [`try_recv`](crate::Receiver::try_recv), [`try_recv_many`](crate::Receiver::try_recv_many) and
/// [`try_peek`](crate::Receiver::try_peek).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TryRecvError {
    /// Nothing is there now, and something can still come.
    Empty,
    /// Nothing is there and nothing will come: every sender is gone, or the channel was closed, is drained, and no permit
    /// is out.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the width that the format asks for, as tokio does here and not for the errors of sending.
        f.pad(match self {
            TryRecvError::Empty => "receiving on an empty channel",
            TryRecvError::Disconnected => DISCONNECTED,
        })
    }
}

impl std::error::Error for TryRecvError {}

/// Error of [`recv_timeout`](crate::Receiver::recv_timeout) and
/// [`blocking_recv_timeout`](crate::Receiver::blocking_recv_timeout).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvTimeoutError {
    /// Nothing came until the time was up. Something still can.
    Timeout,
    /// Nothing is there and nothing will come: every sender is gone, or the channel was closed, is drained, and no permit
    /// is out.
    Disconnected,
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RecvTimeoutError::Timeout => "timed out waiting on receive operation",
            RecvTimeoutError::Disconnected => DISCONNECTED,
        })
    }
}

impl std::error::Error for RecvTimeoutError {}

/// tokio's error of a call that tokio no longer has. No call gives it.
#[derive(Clone, Debug)]
#[doc(hidden)]
#[deprecated(note = "no call gives it: `recv` gives an `Option`")]
pub struct RecvError(());

#[expect(deprecated, reason = "its own text")]
impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

#[expect(deprecated, reason = "its own trait")]
impl std::error::Error for RecvError {}
