//! The receiving end: tokio's methods, and a few that users have asked tokio for.

use crate::blocking::refuse_in_async_context;
use crate::channel::{self, Receiving, Took, many, one, peeked};
use crate::error::{OpenError, RecvTimeoutError, TryRecvError};
use bytemuck::Pod;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Receives the values of all [`Sender`](crate::Sender)s of its channel, in whatever process they live.
///
/// Made by [`channel`](crate::channel()), [`Options::bind`](crate::Options::bind) or [`Receiver::from_fd`]. Dropping it
/// closes the channel.
///
/// In a child that `fork` made without `exec`, every method behaves as at the end of the stream.
pub struct Receiver<T> {
    inner: AssertUnwindSafe<Box<Receiving>>,
    /// Send and Sync if `T` is Send, as tokio's receiver.
    values: PhantomData<Arc<Mutex<T>>>,
}

impl<T> Receiver<T> {
    pub(crate) fn new(inner: Receiving) -> Receiver<T> {
        Receiver { inner: AssertUnwindSafe(Box::new(inner)), values: PhantomData }
    }

    /// Closes the channel for sending. What is queued can still be received; then the stream ends.
    ///
    /// It never waits. Whoever waits for room fails at once. Closing twice does nothing. The name of a bound channel is
    /// free from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// receiver.close();
    /// assert!(sender.try_send(2).is_err());
    /// assert_eq!(receiver.blocking_recv(), Some(1));
    /// assert_eq!(receiver.blocking_recv(), None);
    /// ```
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Whether the channel is closed, or no sender is left. Values may still be queued.
    ///
    /// It never waits. Once true it stays so; false can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Whether [`len`](Receiver::len) is 0.
    ///
    /// It never waits. Only receiving makes it true again; true can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert!(receiver.is_empty());
    /// sender.try_send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in the queue now. One that is being written may or may not count.
    ///
    /// It never waits. It can grow as soon as it is told; only receiving makes it smaller.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.inner.endpoint.len()
    }

    /// The capacity that nobody holds, waits for or has been promised: the same number as
    /// [`Sender::capacity`](crate::Sender::capacity).
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.capacity(), 3);
    /// ```
    pub fn capacity(&self) -> usize {
        self.inner.endpoint.free_capacity()
    }

    /// The number of values the queue can hold, as it was made. It never changes.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_sender, receiver) = shmpsc::channel::<u64>(4);
    /// assert_eq!(receiver.max_capacity(), 4);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.inner.endpoint.max_capacity()
    }

    /// Senders of the channel in all processes; an open name is none.
    ///
    /// It never waits, and can be old as soon as it is told. A process that was killed counts until the kernel has
    /// told so, usually within a millisecond.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let _second = sender.clone();
    /// assert_eq!(receiver.sender_strong_count(), 2);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.inner.endpoint.strong_count()
    }

    /// Weak senders of the channel in all processes.
    ///
    /// It never waits, and can be old as soon as it is told.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let _weak = sender.downgrade();
    /// assert_eq!(receiver.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.inner.endpoint.weak_count()
    }

    /// Turns this receiver into one descriptor, for a child that inherits it or a process that gets it over a Unix
    /// socket. There, [`Receiver::from_fd`] makes a receiver of it. Values that are queued go with it.
    ///
    /// If the descriptor is closed unused, or the other process dies, the channel is closed.
    ///
    /// # When it waits
    ///
    /// Only while what a process left that has just ended is being put right, usually less than a millisecond, and at most
    /// as long as the deadline of [`Options::deadline`](crate::Options::deadline).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if another process has joined the channel already, if that repair does not end in time, or the system
    /// refuses a descriptor. The receiver is then dropped, and with it the channel closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let descriptor = receiver.into_fd()?;
    /// sender.try_send(5).unwrap();
    /// let mut receiver = shmpsc::Receiver::<u64>::from_fd(descriptor)?;
    /// assert_eq!(receiver.blocking_recv(), Some(5));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        self.inner.0.into_fd()
    }

    /// Makes a receiver of a descriptor from [`into_fd`](Receiver::into_fd), which is used up.
    ///
    /// # When it waits
    ///
    /// For the process that handed it over to answer, at most five seconds
    /// ([`Options::receiver_from_fd`](crate::Options::receiver_from_fd) takes another deadline, and a type tag).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the descriptor is none of ours, the types differ, or the channel has ended.
    ///
    /// # Examples
    ///
    /// See [`into_fd`](Receiver::into_fd).
    pub fn from_fd(descriptor: OwnedFd) -> Result<Receiver<T>, OpenError>
    where
        T: Pod,
    {
        crate::Options::new().receiver_from_fd(descriptor)
    }
}

impl<T: Pod> Receiver<T> {
    /// Receives the next value. `None` once nothing is queued and nothing can come: every sender of every process is
    /// gone, or the channel was closed and is drained.
    ///
    /// # When it waits
    ///
    /// While the queue is empty and something can still come. A sender that is stopped in the middle of a send does
    /// not hold up the others' values; its own comes when it goes on.
    ///
    /// # Cancel safety
    ///
    /// No value is lost if the future is dropped.
    ///
    /// # Panics
    ///
    /// If it must wait in a tokio runtime without its I/O driver while other processes take part in the channel.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.send(1).await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Some(1));
    /// assert_eq!(receiver.recv().await, None);
    /// # });
    /// ```
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Receives at least one value and up to `limit` into `buffer`, and tells how many. 0 only if `limit` is 0 or the
    /// stream has ended.
    ///
    /// # When it waits
    ///
    /// For the first value, as [`recv`](Receiver::recv); then it takes what is there.
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
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.send_many(&[1, 2, 3]).await.unwrap();
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut values, 2).await, 2);
    /// assert_eq!(values, [1, 2]);
    /// # });
    /// ```
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, buffer, limit)).await
    }

    /// Receives the next value, waiting for it at most as long as `timeout`. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`recv`](Receiver::recv), until the time is up on tokio's clock. What is there is received before the clock is
    /// looked at; times are rounded up to milliseconds.
    ///
    /// # Cancel safety
    ///
    /// No value is lost if the future is dropped, nor if the time is up: what comes at that moment stays in the queue.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] if the time is up, [`RecvTimeoutError::Disconnected`] if nothing will come.
    ///
    /// # Panics
    ///
    /// At the first poll outside a tokio runtime, or in one without its time driver, even if a value is there. Also as
    /// [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use shmpsc::error::RecvTimeoutError;
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(receiver.recv_timeout(Duration::ZERO).await, Ok(1));
    /// assert_eq!(receiver.recv_timeout(Duration::ZERO).await, Err(RecvTimeoutError::Timeout));
    /// # });
    /// ```
    pub async fn recv_timeout(&mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match tokio::time::timeout(timeout, self.recv()).await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(RecvTimeoutError::Disconnected),
            Err(_) => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Waits until a value is there and copies it; it stays in the queue. `None` as for [`recv`](Receiver::recv).
    /// (Beyond tokio.)
    ///
    /// The next receipt, of whatever kind, gives exactly this value, or begins with it; so does the next peek.
    /// [`len`](Receiver::len) and [`capacity`](Receiver::capacity) count it until then. (A sender that forges, see
    /// `docs/limits.md`, can change it on the way.)
    ///
    /// # When it waits
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Cancel safety
    ///
    /// It takes nothing, so nothing is lost if the future is dropped.
    ///
    /// # Panics
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(receiver.peek().await, Some(1));
    /// assert_eq!(receiver.len(), 1);
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # });
    /// ```
    pub async fn peek(&mut self) -> Option<T> {
        poll_fn(|cx| self.poll_peek(cx)).await
    }

    /// Receives a value if one is there.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if none is there now, [`TryRecvError::Disconnected`] if none will come.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::error::TryRecvError;
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.try_send(1).unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        tried(self.inner.try_take(one))
    }

    /// Receives up to `limit` values that are there into `buffer`, and tells how many. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](Receiver::try_recv), if not even one is there. With a limit of 0 it is `Ok(0)`.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.try_send_many(&[1, 2, 3]).unwrap();
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.try_recv_many(&mut values, 10), Ok(3));
    /// ```
    pub fn try_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> Result<usize, TryRecvError> {
        tried(self.inner.try_take(many(buffer, limit)))
    }

    /// Copies the next value if one is there; it stays in the queue, as with [`peek`](Receiver::peek). (Beyond tokio.)
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
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// assert_eq!(receiver.try_peek(), Err(TryRecvError::Empty));
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.try_peek(), Ok(1));
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_peek(&mut self) -> Result<T, TryRecvError> {
        tried(self.inner.try_take(peeked))
    }

    /// Receives the next value; the thread sleeps while there is none. `None` as for [`recv`](Receiver::recv).
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
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// std::thread::spawn(move || sender.blocking_send(3));
    /// assert_eq!(receiver.blocking_recv(), Some(3));
    /// assert_eq!(receiver.blocking_recv(), None);
    /// ```
    #[track_caller]
    #[inline]
    #[doc(alias = "recv_blocking")]
    pub fn blocking_recv(&mut self) -> Option<T> {
        refuse_in_async_context();
        waited(self.inner.blocking_take(None, one))
    }

    /// Receives at least one value and up to `limit` into `buffer`; the thread sleeps while there is none.
    ///
    /// # When it waits
    ///
    /// As [`recv_many`](Receiver::recv_many).
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if values are there or `limit` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// sender.blocking_send_many(&[1, 2, 3]).unwrap();
    /// let mut values = Vec::new();
    /// assert_eq!(receiver.blocking_recv_many(&mut values, 2), 2);
    /// ```
    #[track_caller]
    #[doc(alias = "recv_many_blocking")]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        refuse_in_async_context();
        waited(self.inner.blocking_take(None, many(buffer, limit))).unwrap_or(0)
    }

    /// Receives the next value; the thread sleeps while there is none, at most as long as `timeout`. (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`recv`](Receiver::recv), until the time is up on the system's monotonic clock. A `timeout` of zero is one look;
    /// one that is too long for the clock is for ever.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError::Timeout`] if the time is up, [`RecvTimeoutError::Disconnected`] if nothing will come.
    ///
    /// # Panics
    ///
    /// In a thread that is driving tokio tasks, even if a value is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use shmpsc::error::RecvTimeoutError;
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// let brief = Duration::from_millis(1);
    /// assert_eq!(receiver.blocking_recv_timeout(brief), Err(RecvTimeoutError::Timeout));
    /// std::thread::spawn(move || sender.blocking_send(3));
    /// assert_eq!(receiver.blocking_recv_timeout(Duration::MAX), Ok(3));
    /// assert_eq!(receiver.blocking_recv_timeout(Duration::MAX), Err(RecvTimeoutError::Disconnected));
    /// ```
    #[track_caller]
    pub fn blocking_recv_timeout(&mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        refuse_in_async_context();
        let mut took = self.inner.try_take(one);
        if matches!(took, Took::Empty) && !timeout.is_zero() {
            // A moment that the clock cannot name never comes.
            took = self.inner.blocking_take(Instant::now().checked_add(timeout), one);
        }
        match took {
            Took::Value(value) => Ok(value),
            Took::Empty => Err(RecvTimeoutError::Timeout),
            Took::End => Err(RecvTimeoutError::Disconnected),
        }
    }

    /// Copies the next value, which stays in the queue as with [`peek`](Receiver::peek); the thread sleeps while there is
    /// none. `None` as for [`recv`](Receiver::recv). (Beyond tokio.)
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
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// std::thread::spawn(move || sender.blocking_send(3));
    /// assert_eq!(receiver.blocking_peek(), Some(3));
    /// assert_eq!(receiver.blocking_recv(), Some(3));
    /// assert_eq!(receiver.blocking_peek(), None);
    /// ```
    #[track_caller]
    pub fn blocking_peek(&mut self) -> Option<T> {
        refuse_in_async_context();
        waited(self.inner.blocking_take(None, peeked))
    }

    /// Polls for the next value. `Ready(None)` as for [`recv`](Receiver::recv).
    ///
    /// # When it waits
    ///
    /// On `Pending` the waker of `cx`, and only the one of the latest call, is woken when a value comes or the stream
    /// ends. `Pending` can also mean that the task has used up its turn; it is then woken at once.
    ///
    /// # Panics
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Pending);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Ready(Some(1)));
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.inner.poll_take(cx, one)
    }

    /// Polls for a copy of the next value, which stays in the queue as with [`peek`](Receiver::peek). `Ready(None)` as for
    /// [`recv`](Receiver::recv). (Beyond tokio.)
    ///
    /// # When it waits
    ///
    /// As [`poll_recv`](Receiver::poll_recv), with which it shares the one waker.
    ///
    /// # Panics
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert_eq!(receiver.poll_peek(&mut cx), Poll::Pending);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.poll_peek(&mut cx), Poll::Ready(Some(1)));
    /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Ready(Some(1)));
    /// ```
    pub fn poll_peek(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.inner.poll_take(cx, peeked)
    }

    /// Polls for up to `limit` values into `buffer`. `Ready(0)` as for [`recv_many`](Receiver::recv_many).
    ///
    /// # When it waits
    ///
    /// As [`poll_recv`](Receiver::poll_recv), with which it shares the one waker.
    ///
    /// # Panics
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let mut values = Vec::new();
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.poll_recv_many(&mut cx, &mut values, 4), Poll::Ready(1));
    /// ```
    pub fn poll_recv_many(&mut self, cx: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        if limit == 0 {
            // Costs a turn like every receipt, and leaves the waker of an earlier poll where it is.
            return channel::poll_turn(cx).map(|()| 0);
        }
        self.inner.poll_take(cx, many(buffer, limit)).map(|count| count.unwrap_or(0))
    }
}

#[inline]
fn tried<R>(took: Took<R>) -> Result<R, TryRecvError> {
    match took {
        Took::Value(value) => Ok(value),
        Took::Empty => Err(TryRecvError::Empty),
        Took::End => Err(TryRecvError::Disconnected),
    }
}

/// What a thread that waits without a deadline comes away with.
#[inline]
fn waited<R>(took: Took<R>) -> Option<R> {
    match took {
        Took::Value(value) => Some(value),
        Took::Empty | Took::End => None,
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Receiver");
        shown.field("max_capacity", &self.max_capacity());
        if self.inner.is_corrupt() {
            shown.field("ended", &"a peer wrote nonsense over the shared memory");
        }
        shown.finish_non_exhaustive()
    }
}
