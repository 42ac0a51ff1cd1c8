//! Sending values too large for the stack, from where they are. The batches of [`super::batch`] need no stack for values either.

use super::Sender;
use super::send::refused;
use crate::blocking::refuse_in_async_context;
use crate::error::{SendError, TrySendError};
use bytemuck::Pod;
use std::slice;

impl<T: Pod> Sender<T> {
    /// Sends a copy of a value, as [`send`](Sender::send), from where it is, without room for it on the stack. (Beyond tokio.)
    ///
    /// Its future refers to the value, so it is `Send` only if the value's type is `Sync`.
    ///
    /// # When it waits
    ///
    /// As [`send`](Sender::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Sender::send).
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, before or while it waits.
    ///
    /// # Examples
    ///
    /// See [`recv_boxed`](crate::Receiver::recv_boxed).
    pub async fn send_ref(&self, value: &T) -> Result<(), SendError<()>> {
        self.inner.send(slice::from_ref(value)).await.map(drop).ok_or(SendError(()))
    }

    /// Sends a copy of a value if there is room now, as [`try_send`](Sender::try_send), from where it is, without room for it
    /// on the stack. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Sender::try_send), without the value.
    ///
    /// # Examples
    ///
    /// See [`try_recv_boxed`](crate::Receiver::try_recv_boxed).
    pub fn try_send_ref(&self, value: &T) -> Result<(), TrySendError<()>> {
        self.inner.try_send(slice::from_ref(value)).map(drop).map_err(|unsent| refused(unsent, ()))
    }

    /// Sends a copy of a value, as [`blocking_send`](Sender::blocking_send), from where it is, without room for it on the
    /// stack; the thread sleeps while the queue is full. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`send`](Sender::send): one line for threads and tasks.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, before or while it waits.
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if there is room.
    ///
    /// # Examples
    ///
    /// See [`blocking_recv_boxed`](crate::Receiver::blocking_recv_boxed).
    #[track_caller]
    pub fn blocking_send_ref(&self, value: &T) -> Result<(), SendError<()>> {
        refuse_in_async_context();
        self.inner.blocking_send(slice::from_ref(value), None).map(drop).map_err(|_| SendError(()))
    }
}
