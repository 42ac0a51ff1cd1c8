//! Sending one value: the `send` family of the sender, and what a refusal is called.

use super::Sender;
use crate::blocking::refuse_in_async_context;
use crate::channel::{NoRoom, Unsent};
use crate::ends::once;
use crate::error::{SendError, SendTimeoutError, TrySendError};
use bytemuck::Pod;
use std::slice;
use std::task::{Poll, ready};
use std::time::Duration;

impl<T: Pod> Sender<T> {
    /// Sends a value.
    ///
    /// `Ok` means that the value is in the queue: it is received unless the receiver closes, is dropped or dies
    /// before. From then on it does not matter if this process is killed.
    ///
    /// # When it waits
    ///
    /// While the queue is full, in the order in which the senders of all processes began to wait. Before it waits, a sender retries for a
    /// moment.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the value is not sent and the place in the line is given up.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if the channel is closed, before or while it waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<[u8; 4]>(1);
    /// sender.send(*b"ping").await?;
    /// assert_eq!(receiver.recv().await, Some(*b"ping"));
    /// # Ok::<(), shmpsc::error::SendError<[u8; 4]>>(()) }).unwrap();
    /// ```
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        // Nothing refers to the value while it waits, so it need not be `Sync`.
        once(self.inner.claim(1), move |claim, cx| {
            if claim.is_new() && self.inner.poll_fast(&value, cx) {
                return Poll::Ready(Ok(()));
            }
            match ready!(claim.poll(cx)) {
                Some(span) => {
                    self.inner.fill(span, slice::from_ref(&value));
                    Poll::Ready(Ok(()))
                }
                None => Poll::Ready(Err(SendError(value))),
            }
        })
    }

    /// Sends a value if there is room now.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Closed`] if the channel is closed, else [`TrySendError::Full`] if the queue is full or others
    /// wait for all the room it has; both with the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TrySendError;
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// assert_eq!(sender.try_send(1), Ok(()));
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    /// drop(receiver);
    /// assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        if self.inner.send_fast(&value) {
            return Ok(());
        }
        match self.inner.try_send_slow(&value) {
            Ok(()) => Ok(()),
            Err(unsent) => Err(refused(unsent, value)),
        }
    }

    /// Sends a value, waiting for room at most as long as `timeout`.
    ///
    /// # When it waits
    ///
    /// As [`send`](Sender::send), until the time is up on tokio's clock. The send is tried before the clock is looked at;
    /// times are rounded up to milliseconds.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Sender::send).
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the value, if the time is up or the channel is closed.
    ///
    /// # Panics
    ///
    /// At the first poll outside a tokio runtime, or in one without its time driver, even if there is room.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use shmpsc::error::SendTimeoutError;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// assert_eq!(sender.send_timeout(1, Duration::ZERO).await, Ok(()));
    /// assert_eq!(sender.send_timeout(2, Duration::ZERO).await, Err(SendTimeoutError::Timeout(2)));
    /// # });
    /// ```
    pub fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        // Made at the first poll, from which the time runs.
        let claim = async move { tokio::time::timeout(timeout, self.inner.claim(1)).await };
        once(claim, move |claim, cx| match ready!(claim.poll(cx)) {
            Ok(Some(span)) => {
                self.inner.fill(span, slice::from_ref(&value));
                Poll::Ready(Ok(()))
            }
            Ok(None) => Poll::Ready(Err(SendTimeoutError::Closed(value))),
            Err(_) => Poll::Ready(Err(SendTimeoutError::Timeout(value))),
        })
    }

    /// Sends a value; the thread sleeps while the queue is full.
    ///
    /// # When it waits
    ///
    /// As [`send`](Sender::send): one line for threads and tasks.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if the channel is closed, before or while it waits.
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if there is room.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let thread = std::thread::spawn(move || (1..=3).try_for_each(|i| sender.blocking_send(i)));
    /// assert_eq!(std::iter::from_fn(|| receiver.blocking_recv()).sum::<u64>(), 6);
    /// thread.join().unwrap()?;
    /// # Ok::<(), shmpsc::error::SendError<u64>>(())
    /// ```
    #[track_caller]
    #[inline]
    #[doc(alias = "send_blocking")]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        refuse_in_async_context();
        if self.inner.send_fast(&value) {
            return Ok(());
        }
        match self.inner.blocking_send_slow(&value) {
            Ok(()) => Ok(()),
            Err(_) => Err(SendError(value)),
        }
    }

    /// Sends a value; the thread sleeps while the queue is full, at most as long as `timeout`. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`send`](Sender::send), until the time is up on the system's monotonic clock. A `timeout` of zero is one look;
    /// one that is too long for the clock is for ever.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] with the value, if the time is up or the channel is closed.
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if there is room.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use shmpsc::error::SendTimeoutError;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// assert_eq!(sender.blocking_send_timeout(1, Duration::ZERO), Ok(()));
    /// let brief = Duration::from_millis(1);
    /// assert_eq!(sender.blocking_send_timeout(2, brief), Err(SendTimeoutError::Timeout(2)));
    /// ```
    #[track_caller]
    pub fn blocking_send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        refuse_in_async_context();
        match self.inner.blocking_send(slice::from_ref(&value), Some(timeout)) {
            Ok(_) => Ok(()),
            Err(no_room) => Err(given_up(no_room, value)),
        }
    }
}

/// The error of a call that does not wait, with the value given back.
#[inline]
pub(super) fn refused<V>(unsent: Unsent, value: V) -> TrySendError<V> {
    match unsent {
        Unsent::Full => TrySendError::Full(value),
        Unsent::Closed => TrySendError::Closed(value),
    }
}

/// The error of a thread that waited for a while, with the value given back.
pub(super) fn given_up<V>(no_room: NoRoom, value: V) -> SendTimeoutError<V> {
    match no_room {
        NoRoom::Closed => SendTimeoutError::Closed(value),
        NoRoom::TimedOut => SendTimeoutError::Timeout(value),
    }
}
