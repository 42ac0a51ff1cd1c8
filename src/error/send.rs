//! Why a value was not sent, or no room reserved; each error gives the value back.

use std::fmt;

const CLOSED: &str = "channel closed";
const FULL: &str = "no available capacity";
const TIMEOUT: &str = "timed out waiting on send operation";

/// Error of [`send`](crate::Sender::send), [`reserve`](crate::Sender::reserve) and their kin: the receiver closed the
/// channel, was dropped, or died. The value comes back, if there was one.
///
/// [`UnboundedSender::send`](crate::UnboundedSender::send) and [`send_ref`](crate::UnboundedSender::send_ref) also return it if there
/// is no memory for the value. Its text is tokio's, and says that the channel is closed;
/// [`is_closed`](crate::UnboundedSender::is_closed) tells the two apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl<T> std::error::Error for SendError<T> {}

/// Error of [`try_send`](crate::Sender::try_send), [`try_reserve`](crate::Sender::try_reserve) and their kin. The value
/// comes back, if there was one; from [`try_reserve_owned`](crate::Sender::try_reserve_owned) the sender.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room now, or senders that wait for room have all of it.
    Full(T),
    /// The receiver closed the channel, was dropped, or died.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// Returns the value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// sender.try_send(1)?;
    /// assert_eq!(sender.try_send(2).unwrap_err().into_inner(), 2);
    /// # Ok::<(), shmpsc::error::TrySendError<u64>>(())
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(value) | TrySendError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In quotes, as tokio prints it.
        fmt::Debug::fmt(
            match self {
                TrySendError::Full(_) => "Full(..)",
                TrySendError::Closed(_) => "Closed(..)",
            },
            f,
        )
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => FULL,
            TrySendError::Closed(_) => CLOSED,
        })
    }
}

impl<T> std::error::Error for TrySendError<T> {}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(SendError(value): SendError<T>) -> TrySendError<T> {
        TrySendError::Closed(value)
    }
}

/// Error of [`UnboundedSender::try_send`](crate::UnboundedSender::try_send) and its kin. The value comes back, if there was one.
/// (Beyond tokio, whose unbounded channel ends the process where there is no memory.)
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendUnboundedError<T> {
    /// The receiver closed the channel, was dropped, or died.
    Closed(T),
    /// The channel has all the memory that it may have, see [`Options::memory_limit`](crate::Options::memory_limit). Once the receiver
    /// has taken values, sending goes on.
    Limit(T),
    /// The system, or the control group of this process, has no memory for more values.
    NoMemory(T),
}

impl<T> TrySendUnboundedError<T> {
    /// Returns the value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<u64>();
    /// receiver.close();
    /// assert_eq!(sender.try_send(2).unwrap_err().into_inner(), 2);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            TrySendUnboundedError::Closed(value)
            | TrySendUnboundedError::Limit(value)
            | TrySendUnboundedError::NoMemory(value) => value,
        }
    }
}

impl<T> fmt::Debug for TrySendUnboundedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(
            match self {
                TrySendUnboundedError::Closed(_) => "Closed(..)",
                TrySendUnboundedError::Limit(_) => "Limit(..)",
                TrySendUnboundedError::NoMemory(_) => "NoMemory(..)",
            },
            f,
        )
    }
}

impl<T> fmt::Display for TrySendUnboundedError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendUnboundedError::Closed(_) => CLOSED,
            TrySendUnboundedError::Limit(_) => {
                "the channel has all the memory that it may have; receive values, or make it with a higher memory limit"
            }
            TrySendUnboundedError::NoMemory(_) => {
                "the system has no memory for more values; receive some, or give this process more memory"
            }
        })
    }
}

impl<T> std::error::Error for TrySendUnboundedError<T> {}

/// Error of [`send_timeout`](crate::Sender::send_timeout),
/// [`blocking_send_timeout`](crate::Sender::blocking_send_timeout) and
/// [`blocking_reserve_timeout`](crate::Sender::blocking_reserve_timeout). The value comes back, if there was one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// There was no room until the time was up.
    Timeout(T),
    /// The receiver closed the channel, was dropped, or died.
    Closed(T),
}

impl<T> SendTimeoutError<T> {
    /// Returns the value that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.blocking_send_timeout(2, Duration::ZERO).unwrap_err().into_inner(), 2);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(
            match self {
                SendTimeoutError::Timeout(_) => "Timeout(..)",
                SendTimeoutError::Closed(_) => "Closed(..)",
            },
            f,
        )
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => TIMEOUT,
            SendTimeoutError::Closed(_) => CLOSED,
        })
    }
}

impl<T> std::error::Error for SendTimeoutError<T> {}

/// Error of [`send_many`](crate::Sender::send_many) and its kin: the channel was closed on the way.
///
/// [`UnboundedSender::send_many`](crate::UnboundedSender::send_many) also returns it if there is no memory for the next value;
/// [`is_closed`](crate::UnboundedSender::is_closed) tells the two apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendManyError {
    /// How many values, from the first on, were sent before.
    pub sent: usize,
}

impl fmt::Display for SendManyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "only the first {} values were sent: the channel is closed, or is unbounded and has no memory for more; \
             `is_closed` tells which",
            self.sent
        )
    }
}

impl std::error::Error for SendManyError {}
