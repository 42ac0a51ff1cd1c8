//! Asking for room before there is a value: the `reserve` family of the sender.

use super::send::{given_up, refused};
use super::{OwnedPermit, Permit, PermitIterator, Sender};
use crate::blocking::refuse_in_async_context;
use crate::channel::{Waiting, poll_turn};
use crate::error::{SendError, SendTimeoutError, TrySendError};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

impl<T> Sender<T> {
    /// Reserves room for one value.
    ///
    /// The [`Permit`] holds the room; its `send` then neither waits nor fails. Unlike a cancelled [`send`](Sender::send), a
    /// cancelled `reserve` has no value to lose.
    ///
    /// # When it waits
    ///
    /// While the queue is full, in the order in which the senders of all processes began to wait. Before it waits, a sender retries for a
    /// moment.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, only the place in the line is lost.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, before or while it waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.reserve().await?;
    /// assert!(sender.try_send(1).is_err());
    /// permit.send(2);
    /// assert_eq!(receiver.recv().await, Some(2));
    /// # Ok::<(), shmpsc::error::SendError<()>>(()) }).unwrap();
    /// ```
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.inner.reserve(1).await.ok_or(SendError(()))?;
        Ok(Permit::new(self))
    }

    /// Reserves room for `n` values, all or nothing.
    ///
    /// # When it waits
    ///
    /// Until there is room for all of them, in the order in which the senders of all processes began to wait. No sender that comes
    /// later gets room meanwhile, so a large request is not starved. A request for none does not wait.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, only the place in the line is lost.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, before or while it waits, and at once if `n` is more than
    /// [`max_capacity`](Sender::max_capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// for (permit, value) in sender.reserve_many(3).await?.zip(1..) {
    ///     permit.send(value);
    /// }
    /// assert_eq!((receiver.len(), sender.capacity()), (3, 1));
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # Ok::<(), shmpsc::error::SendError<()>>(()) }).unwrap();
    /// ```
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        let count = self.within_capacity(n).ok_or(SendError(()))?;
        if count > 0 {
            self.inner.reserve(count).await.ok_or(SendError(()))?;
        } else if self.is_closed() {
            return Err(SendError(()));
        } else {
            poll_fn(poll_turn).await;
        }
        Ok(PermitIterator::new(self, count))
    }

    /// Reserves room for one value, and keeps this sender in the permit.
    ///
    /// # When it waits
    ///
    /// As [`reserve`](Sender::reserve).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the place in the line is lost and the sender dropped, which ends the
    /// stream if it was the last one. Clone it first where that matters.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, before or while it waits. The sender is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.reserve_owned().await?;
    /// let sender = permit.send(5);
    /// assert_eq!(receiver.recv().await, Some(5));
    /// assert_eq!(sender.capacity(), 1);
    /// # Ok::<(), shmpsc::error::SendError<()>>(()) }).unwrap();
    /// ```
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        let mut reserving = Reserving::new(self);
        poll_fn(|cx| reserving.poll(cx)).await.ok_or(SendError(()))
    }

    /// Reserves room for one value if there is room now.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Closed`] if the channel is closed, else [`TrySendError::Full`] if the queue is full or others wait
    /// for all the room it has.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TrySendError;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.try_reserve()?;
    /// assert_eq!(sender.try_reserve().unwrap_err(), TrySendError::Full(()));
    /// drop(permit);
    /// assert!(sender.try_reserve().is_ok());
    /// # Ok::<(), TrySendError<()>>(())
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.inner.try_reserve(1).map_err(|unsent| refused(unsent, ()))?;
        Ok(Permit::new(self))
    }

    /// Reserves room for `n` values if there is room for all of them now.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_reserve`](Sender::try_reserve); [`TrySendError::Full`] also if `n` is more than
    /// [`max_capacity`](Sender::max_capacity), even if the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TrySendError;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(3);
    /// let permits = sender.try_reserve_many(2)?;
    /// assert_eq!(permits.len(), 2);
    /// assert_eq!(sender.try_reserve_many(2).unwrap_err(), TrySendError::Full(()));
    /// # Ok::<(), TrySendError<()>>(())
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let count = self.within_capacity(n).ok_or(TrySendError::Full(()))?;
        if count > 0 {
            self.inner.try_reserve(count).map_err(|unsent| refused(unsent, ()))?;
        } else if self.is_closed() {
            return Err(TrySendError::Closed(()));
        }
        Ok(PermitIterator::new(self, count))
    }

    /// Reserves room for one value if there is room now, and keeps this sender in the permit.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_reserve`](Sender::try_reserve), with this sender.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TrySendError;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.clone().try_reserve_owned().unwrap();
    /// let Err(TrySendError::Full(sender)) = sender.try_reserve_owned() else { panic!("there is no room") };
    /// assert!(permit.same_channel_as_sender(&sender));
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.inner.try_reserve(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(unsent) => Err(refused(unsent, self)),
        }
    }

    /// Reserves room for one value; the thread sleeps while the queue is full. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`reserve`](Sender::reserve): one line for threads and tasks.
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
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// sender.blocking_reserve()?.send(3);
    /// assert_eq!(receiver.blocking_recv(), Some(3));
    /// # Ok::<(), shmpsc::error::SendError<()>>(())
    /// ```
    #[track_caller]
    #[doc(alias = "reserve_blocking")]
    pub fn blocking_reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        refuse_in_async_context();
        self.inner.blocking_reserve(1, None).map_err(|_| SendError(()))?;
        Ok(Permit::new(self))
    }

    /// Reserves room for one value; the thread sleeps while the queue is full, at most as long as `timeout`. (Beyond
    /// tokio.)
    ///
    /// # When it waits
    ///
    /// As [`reserve`](Sender::reserve), until the time is up on the system's monotonic clock. A `timeout` of zero is one
    /// look; one that is too long for the clock is for ever.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] if the time is up or the channel is closed.
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
    /// let permit = sender.blocking_reserve_timeout(Duration::ZERO).unwrap();
    /// let late = sender.blocking_reserve_timeout(Duration::from_millis(1));
    /// assert_eq!(late.unwrap_err(), SendTimeoutError::Timeout(()));
    /// drop(permit);
    /// ```
    #[track_caller]
    pub fn blocking_reserve_timeout(&self, timeout: Duration) -> Result<Permit<'_, T>, SendTimeoutError<()>> {
        refuse_in_async_context();
        self.inner.blocking_reserve(1, Some(timeout)).map_err(|no_room| given_up(no_room, ()))?;
        Ok(Permit::new(self))
    }

    /// `n`, unless it is more than the channel can ever have free.
    fn within_capacity(&self, n: usize) -> Option<u32> {
        u32::try_from(n).ok().filter(|_| n <= self.max_capacity())
    }
}

/// A sender on its way to an [`OwnedPermit`]. Dropping it gives up its place in the line, then the sender.
pub(crate) struct Reserving<T> {
    /// Until it is ready.
    sender: Option<Sender<T>>,
    waiting: Waiting,
}

impl<T> Reserving<T> {
    pub fn new(sender: Sender<T>) -> Reserving<T> {
        Reserving { sender: Some(sender), waiting: Waiting::default() }
    }

    /// `Ready(None)`: the channel is closed, and the sender dropped. Not to be polled again once it is ready.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<OwnedPermit<T>>> {
        let sender = self.sender.as_ref().expect("it is not polled again once it is ready");
        let granted = ready!(sender.inner.poll_reserve(&mut self.waiting, cx));
        Poll::Ready(self.sender.take().filter(|_| granted.is_some()).map(OwnedPermit::new))
    }
}

impl<T> Drop for Reserving<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.inner.leave(&mut self.waiting);
        }
    }
}
