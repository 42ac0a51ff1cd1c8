//! Why a receive that does not wait brought nothing.

use std::fmt;

/// Error of [`try_recv`](crate::Receiver::try_recv) and [`try_recv_many`](crate::Receiver::try_recv_many).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TryRecvError {
    /// Nothing is there now, and something can still come.
    Empty,
    /// Nothing is there and nothing will come: every sender is gone, or the channel was closed and is drained.
    Disconnected,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the width that the format asks for, as tokio does here and not for the errors of sending.
        f.pad(match self {
            TryRecvError::Empty => "receiving on an empty channel",
            TryRecvError::Disconnected => "receiving on a closed channel",
        })
    }
}

impl std::error::Error for TryRecvError {}
