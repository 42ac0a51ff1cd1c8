//! Sending many values at once: what users have asked tokio for. Each part is a send like any other.

use super::Sender;
use super::send::refused;
use crate::blocking::refuse_in_async_context;
use crate::error::{SendManyError, TrySendError};
use bytemuck::Pod;

impl<T: Pod> Sender<T> {
    /// Sends all of `values`, in order. (Beyond tokio.)
    ///
    /// It is faster than single sends: it claims places for up to 32 values at once, as far as there is room, and wakes the receiver once
    /// for them. These values keep their order. Values of other senders can come between them.
    ///
    /// # When it waits
    ///
    /// While the queue is full, as [`send`](Sender::send), for room for one more.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, a first part of `values` may have been sent. The caller cannot learn how large it is.
    ///
    /// # Errors
    ///
    /// [`SendManyError`], with the number of values sent, if the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(8);
    /// sender.send_many(&[1, 2, 3]).await?;
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut values, 8).await, 3);
    /// assert_eq!(values, [1, 2, 3]);
    /// # Ok::<(), shmpsc::error::SendManyError>(()) }).unwrap();
    /// ```
    pub async fn send_many(&self, values: &[T]) -> Result<(), SendManyError> {
        let mut sent = 0;
        while sent < values.len() {
            sent += self.inner.send(&values[sent..]).await.ok_or(SendManyError { sent })?;
        }
        Ok(())
    }

    /// Sends as many of `values`, from the first on, as there is room for now, and returns how many. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] or [`TrySendError::Closed`] if not even one could be sent. An empty slice is sent
    /// always.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(2);
    /// assert_eq!(sender.try_send_many(&[1, 2, 3]), Ok(2));
    /// ```
    pub fn try_send_many(&self, values: &[T]) -> Result<usize, TrySendError<()>> {
        let mut sent = 0;
        while sent < values.len() {
            match self.inner.try_send(&values[sent..]) {
                Ok(more) => sent += more,
                Err(_) if sent > 0 => break,
                Err(unsent) => return Err(refused(unsent, ())),
            }
        }
        Ok(sent)
    }

    /// Sends all of `values`, in order; the thread sleeps while the queue is full. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`send_many`](Sender::send_many).
    ///
    /// # Errors
    ///
    /// [`SendManyError`], with the number of values sent, if the channel is closed.
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if there is room.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(2);
    /// let thread = std::thread::spawn(move || sender.blocking_send_many(&[1, 2, 3, 4]));
    /// assert_eq!(std::iter::from_fn(|| receiver.blocking_recv()).sum::<u64>(), 10);
    /// thread.join().unwrap()?;
    /// # Ok::<(), shmpsc::error::SendManyError>(())
    /// ```
    #[track_caller]
    pub fn blocking_send_many(&self, values: &[T]) -> Result<(), SendManyError> {
        refuse_in_async_context();
        let mut sent = 0;
        while sent < values.len() {
            sent += self.inner.blocking_send(&values[sent..], None).map_err(|_| SendManyError { sent })?;
        }
        Ok(())
    }
}
