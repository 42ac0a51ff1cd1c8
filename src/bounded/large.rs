//! Values too large for the stack: received into a box, and sent from where they are. The batches of [`super::receive`] and
//! [`super::batch`] need no stack for values either.

use super::receive::{tried, waited};
use super::send::refused;
use super::{Receiver, Sender};
use crate::blocking::refuse_in_async_context;
use crate::channel::next;
use crate::error::{SendError, TryRecvError, TrySendError};
use bytemuck::Pod;
use std::future::poll_fn;
use std::slice;

impl<T: Pod> Receiver<T> {
    /// Receives the next value into a box, as [`recv`](Receiver::recv), without room for it on the stack. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Cancel safety
    ///
    /// No value is lost if the future is dropped.
    ///
    /// # Panics
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::channel::<Page>(1);
    /// let page: Box<Page> = Box::new([7; 512]);
    /// sender.send_ref(&page).await.unwrap();
    /// assert_eq!(receiver.recv_boxed().await, Some(page));
    /// # });
    /// ```
    pub async fn recv_boxed(&mut self) -> Option<Box<T>> {
        let found = poll_fn(|cx| self.inner.poll_take(cx, next)).await?;
        Some(self.inner.receive_boxed(found))
    }

    /// Receives a value into a box if there is a value, as [`try_recv`](Receiver::try_recv), without room for it on the stack.
    /// (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](Receiver::try_recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TryRecvError;
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::channel::<Page>(1);
    /// assert_eq!(receiver.try_recv_boxed(), Err(TryRecvError::Empty));
    /// let page: Box<Page> = Box::new([7; 512]);
    /// sender.try_send_ref(&page).unwrap();
    /// assert_eq!(receiver.try_recv_boxed(), Ok(page));
    /// ```
    pub fn try_recv_boxed(&mut self) -> Result<Box<T>, TryRecvError> {
        let found = tried(self.inner.try_take(next))?;
        Ok(self.inner.receive_boxed(found))
    }

    /// Receives the next value into a box, as [`blocking_recv`](Receiver::blocking_recv), without room for it on the stack;
    /// the thread sleeps while there is none. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if a value is there.
    ///
    /// # Examples
    ///
    /// ```
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::channel::<Page>(1);
    /// let page: Box<Page> = Box::new([7; 512]);
    /// let copy = page.clone();
    /// std::thread::spawn(move || sender.blocking_send_ref(&copy));
    /// assert_eq!(receiver.blocking_recv_boxed(), Some(page));
    /// assert_eq!(receiver.blocking_recv_boxed(), None);
    /// ```
    #[track_caller]
    pub fn blocking_recv_boxed(&mut self) -> Option<Box<T>> {
        refuse_in_async_context();
        let found = waited(self.inner.blocking_take(None, next))?;
        Some(self.inner.receive_boxed(found))
    }
}

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
    /// See [`recv_boxed`](Receiver::recv_boxed).
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
    /// See [`try_recv_boxed`](Receiver::try_recv_boxed).
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
    /// See [`blocking_recv_boxed`](Receiver::blocking_recv_boxed).
    #[track_caller]
    pub fn blocking_send_ref(&self, value: &T) -> Result<(), SendError<()>> {
        refuse_in_async_context();
        self.inner.blocking_send(slice::from_ref(value), None).map(drop).map_err(|_| SendError(()))
    }
}
