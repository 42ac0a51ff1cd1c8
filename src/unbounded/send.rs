//! Sending: one value, many at once, and values too large for the stack. Nothing here ever waits.

use super::UnboundedSender;
use crate::channel::Unsendable;
use crate::error::{SendError, SendManyError, TrySendUnboundedError};
use bytemuck::Pod;
use std::slice;

impl<T: Pod> UnboundedSender<T> {
    /// Sends a value.
    ///
    /// `Ok` means that the value is in the queue: it is received unless the receiver closes, is dropped or dies before. From then on
    /// it does not matter if this process is killed.
    ///
    /// tokio's `send` has one error, which means that the receiver is gone. Here `send` also returns it when the channel has reached its
    /// memory limit, or the system has no memory. Then [`is_closed`](UnboundedSender::is_closed) is false.
    /// [`try_send`](UnboundedSender::try_send) returns the reason.
    ///
    /// # When it waits
    ///
    /// Never, in threads and in tasks alike.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if the channel is closed or there is no memory for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<u64>();
    /// sender.send(7)?;
    /// assert_eq!(receiver.blocking_recv(), Some(7));
    /// drop(receiver);
    /// assert_eq!(sender.send(8).unwrap_err().0, 8);
    /// assert!(sender.is_closed());
    /// # Ok::<(), shmpsc::error::SendError<u64>>(())
    /// ```
    #[inline]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.inner.send_unbounded_fast(&value) {
            return Ok(());
        }
        match self.inner.send_unbounded_slow(&value) {
            Ok(()) => Ok(()),
            Err(_) => Err(SendError(value)),
        }
    }

    /// Sends a value, and returns the reason if it cannot. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TrySendUnboundedError`] with the value: the channel is closed, or has all the memory that it may have, or the system has
    /// none.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::{Options, error::TrySendUnboundedError};
    /// let (sender, mut receiver) = Options::new().memory_limit(1 << 20).channel_unbounded::<[u64; 8]>()?;
    /// let refused = loop {
    ///     if let Err(error) = sender.try_send([7; 8]) {
    ///         break error;
    ///     }
    /// };
    /// assert_eq!(refused, TrySendUnboundedError::Limit([7; 8]));
    /// assert!(!sender.is_closed());
    /// while receiver.try_recv().is_ok() {}
    /// assert!(sender.try_send([7; 8]).is_ok());
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendUnboundedError<T>> {
        if self.inner.send_unbounded_fast(&value) {
            return Ok(());
        }
        match self.inner.send_unbounded_slow(&value) {
            Ok(()) => Ok(()),
            Err(unsendable) => Err(refused(unsendable, value)),
        }
    }

    /// Sends all of `values`, in order. (Beyond tokio.)
    ///
    /// It is faster than single sends: it claims places for up to 32 values at once, and wakes the receiver once for them. These values
    /// keep their order. Values of other senders can come between them.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`SendManyError`], with the number of values sent, if the channel is closed or there is no memory for the next.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<u64>();
    /// sender.send_many(&[1, 2, 3])?;
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.blocking_recv_many(&mut values, 8), 3);
    /// # Ok::<(), shmpsc::error::SendManyError>(())
    /// ```
    pub fn send_many(&self, values: &[T]) -> Result<(), SendManyError> {
        let mut sent = 0;
        while sent < values.len() {
            sent += self.inner.send_unbounded(&values[sent..]).map_err(|_| SendManyError { sent })?;
        }
        Ok(())
    }

    /// Sends as many of `values`, from the first on, as there is memory for, and returns how many. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TrySendUnboundedError`] if not even one could be sent. Once a first part was sent it is `Ok`, for whatever reason the rest was
    /// not. An empty slice is sent always.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::unbounded_channel::<u64>();
    /// assert_eq!(sender.try_send_many(&[1, 2, 3]), Ok(3));
    /// ```
    pub fn try_send_many(&self, values: &[T]) -> Result<usize, TrySendUnboundedError<()>> {
        let mut sent = 0;
        while sent < values.len() {
            match self.inner.send_unbounded(&values[sent..]) {
                Ok(more) => sent += more,
                Err(_) if sent > 0 => break,
                Err(unsendable) => return Err(refused(unsendable, ())),
            }
        }
        Ok(sent)
    }

    /// Sends a copy of a value, as [`send`](UnboundedSender::send), from where it is, without room for it on the stack. (Beyond
    /// tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`send`](UnboundedSender::send), without the value.
    ///
    /// # Examples
    ///
    /// ```
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::unbounded_channel::<Page>();
    /// let page: Box<Page> = Box::new([7; 512]);
    /// sender.send_ref(&page)?;
    /// assert_eq!(receiver.blocking_recv_boxed(), Some(page));
    /// # Ok::<(), shmpsc::error::SendError<()>>(())
    /// ```
    pub fn send_ref(&self, value: &T) -> Result<(), SendError<()>> {
        self.inner.send_unbounded(slice::from_ref(value)).map(drop).map_err(|_| SendError(()))
    }

    /// Sends a copy of a value, as [`try_send`](UnboundedSender::try_send), from where it is, without room for it on the stack.
    /// (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_send`](UnboundedSender::try_send), without the value.
    ///
    /// # Examples
    ///
    /// See [`try_recv_boxed`](crate::UnboundedReceiver::try_recv_boxed).
    pub fn try_send_ref(&self, value: &T) -> Result<(), TrySendUnboundedError<()>> {
        self.inner
            .send_unbounded(slice::from_ref(value))
            .map(drop)
            .map_err(|unsendable| refused(unsendable, ()))
    }
}

/// The error, with the value given back.
#[cold]
fn refused<V>(unsendable: Unsendable, value: V) -> TrySendUnboundedError<V> {
    match unsendable {
        Unsendable::Closed => TrySendUnboundedError::Closed(value),
        Unsendable::Limit => TrySendUnboundedError::Limit(value),
        Unsendable::NoMemory => TrySendUnboundedError::NoMemory(value),
    }
}
