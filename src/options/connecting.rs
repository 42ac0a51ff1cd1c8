//! Joining by name: for threads, for tasks, and while there is no receiver yet.

use super::Options;
use crate::bounded::Sender;
use crate::channel::Sending;
use crate::control::{self, Attempt, Terms};
use crate::error::OpenError;
use crate::unbounded::UnboundedSender;
use bytemuck::Pod;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

impl Options {
    /// Sets how long [`connect`](Options::connect), [`connect_async`](Options::connect_async) and their like for unbounded channels
    /// wait for a receiver that is not there yet. Zero, the default, is one look. [`Duration::MAX`] is for ever.
    ///
    /// A receiver is not there if
    ///
    /// - nothing stands at the name, or the directory of the name does not exist yet;
    /// - a socket stands there and no process listens behind it;
    /// - the receiver there has closed its channel, and gives the name up next.
    ///
    /// So a mistake in the name shows only after the wait. Once a receiver is there, it has the [`timeout`](Options::timeout) for its
    /// answer, however long the wait was. Every other error ends the wait at once, with one exception: a receiver sets the mode of its socket
    /// a moment after it has made it. So a socket that this process may not open ends the wait when it is found four times in a row.
    ///
    /// The call looks again after 1 ms, and then after pauses that grow to 50 ms. So it finds a receiver within 50 ms, at the price of 20
    /// looks a second.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::Options;
    /// use std::time::Duration;
    /// let sender = std::thread::spawn({
    ///     let path = path.clone();
    ///     move || Options::new().wait(Duration::from_secs(60)).connect::<u64>(path)
    /// });
    /// let mut receiver = Options::new().bind::<u64>(&path)?;
    /// sender.join().unwrap()?.blocking_send(42).unwrap();
    /// assert_eq!(receiver.blocking_recv(), Some(42));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn wait(mut self, wait: Duration) -> Options {
        self.terms.wait = wait;
        self
    }

    /// Joins the channel of that name as a sender.
    ///
    /// # When it waits
    ///
    /// For a receiver to be there, at most as long as [`wait`](Options::wait) says. Without that option it does not wait for one. Then for
    /// the receiver's process to answer, at most as long as the [`timeout`](Options::timeout).
    ///
    /// The call blocks the thread, usually for less than a millisecond. A background thread of the receiver's process answers, whatever
    /// its program does. A process that is stopped does not answer. In a task, use [`connect_async`](Options::connect_async): while this
    /// call waits, no other task of the thread runs.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: no receiver is there, the types differ, this process is not allowed, the roster is full, the channel
    /// has ended, or the time is up.
    ///
    /// # Examples
    ///
    /// See [`Options`].
    pub fn connect<T: Pod>(self, path: impl AsRef<Path>) -> Result<Sender<T>, OpenError> {
        control::connect(path.as_ref(), size_of::<T>(), align_of::<T>(), &self.terms)
            .map(Sending::new)
            .map(Sender::new)
    }

    /// Joins the channel of that name as a sender, without blocking the thread: for tasks, in any executor.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect), but only the task waits. The attempt begins when the future is polled first. It runs on a thread
    /// of its own, because finding the file and mapping the memory can take long too. The thread ends with the attempt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the attempt up. Its thread then ends within 50 ms, closes what it has opened, and tells the receiver's
    /// process, so that nothing is left there either. If the attempt has just joined, the receiver sees a sender come and go: with
    /// [`end_with_last_sender`](Options::end_with_last_sender) the stream can end then.
    ///
    /// # Errors
    ///
    /// As [`connect`](Options::connect); also if the system refuses a thread or a descriptor for the attempt.
    ///
    /// # Panics
    ///
    /// The call does not. The future does if it is polled after it was ready.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use shmpsc::Options;
    /// use std::time::Duration;
    /// let sender = tokio::spawn(Options::new().wait(Duration::from_secs(60)).connect_async::<u64>(&path));
    /// let mut receiver = Options::new().bind::<u64>(&path)?;
    /// sender.await.unwrap()?.send(42).await.unwrap();
    /// assert_eq!(receiver.recv().await, Some(42));
    /// # Ok::<(), shmpsc::error::OpenError>(()) }).unwrap();
    /// ```
    pub fn connect_async<T: Pod>(self, path: impl AsRef<Path>) -> Connecting<Sender<T>> {
        Connecting::new(path.as_ref().to_owned(), self.terms)
    }
}

/// Joins the channel of that name as a sender: [`Options::connect`] with the options as they are. It blocks the thread.
///
/// # When it waits
///
/// As [`Options::connect`].
///
/// # Errors
///
/// As [`Options::connect`].
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("numbers.sock");
/// let mut receiver = shmpsc::Options::new().bind::<u64>(&path)?;
/// let sender = shmpsc::connect::<u64>(&path)?;
/// sender.blocking_send(42).unwrap();
/// assert_eq!(receiver.blocking_recv(), Some(42));
/// # Ok::<(), shmpsc::error::OpenError>(())
/// ```
pub fn connect<T: Pod>(path: impl AsRef<Path>) -> Result<Sender<T>, OpenError> {
    Options::new().connect(path)
}

/// Joins the channel of that name as a sender, without blocking the thread: [`Options::connect_async`] with the options as they
/// are.
///
/// # When it waits
///
/// As [`Options::connect_async`].
///
/// # Cancel safety
///
/// As [`Options::connect_async`].
///
/// # Errors
///
/// As [`Options::connect_async`].
///
/// # Panics
///
/// As [`Options::connect_async`].
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("numbers.sock");
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut receiver = shmpsc::Options::new().bind::<u64>(&path)?;
/// let sender = shmpsc::connect_async::<u64>(&path).await?;
/// sender.send(42).await.unwrap();
/// assert_eq!(receiver.recv().await, Some(42));
/// # Ok::<(), shmpsc::error::OpenError>(()) }).unwrap();
/// ```
pub fn connect_async<T: Pod>(path: impl AsRef<Path>) -> Connecting<Sender<T>> {
    Options::new().connect_async(path)
}

/// The future of a sender `S` that [`connect_async`](crate::connect_async()), [`Options::connect_async`](crate::Options::connect_async)
/// and their like for unbounded channels return. It borrows nothing, and can be sent to other threads whatever the type of the values.
///
/// # When it waits
///
/// For the thread of the crate that joins, see [`Options::connect_async`](crate::Options::connect_async). The thread that polls
/// it is never blocked.
///
/// # Cancel safety
///
/// Dropping it gives the attempt up.
///
/// # Errors
///
/// As [`Options::connect`](crate::Options::connect); also if the system refuses a thread or a descriptor for the attempt.
///
/// # Panics
///
/// If it is polled after it was ready.
///
/// # Examples
///
/// See [`connect_async`](crate::connect_async()).
#[must_use = "an attempt to connect does nothing until it is polled"]
pub struct Connecting<S> {
    attempt: Attempt,
    _sender: PhantomData<fn() -> S>,
}

/// A sender that can be made of an end of a channel.
trait Joins {
    type Value;

    fn of(sending: Sending) -> Self;
}

impl<T> Joins for Sender<T> {
    type Value = T;

    fn of(sending: Sending) -> Sender<T> {
        Sender::new(sending)
    }
}

impl<T> Joins for UnboundedSender<T> {
    type Value = T;

    fn of(sending: Sending) -> UnboundedSender<T> {
        UnboundedSender::new(sending)
    }
}

#[expect(private_bounds, reason = "it is made by this library alone, and only for its senders")]
impl<S: Joins> Connecting<S> {
    pub(super) fn new(path: PathBuf, terms: Terms) -> Connecting<S> {
        let (size, align) = (size_of::<S::Value>(), align_of::<S::Value>());
        Connecting { attempt: Attempt::new(path, size, align, terms), _sender: PhantomData }
    }
}

impl<S: Joins> Future for Connecting<S> {
    type Output = Result<S, OpenError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.attempt.poll(cx).map_ok(|endpoint| S::of(Sending::new(endpoint)))
    }
}

impl<S> fmt::Debug for Connecting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").finish_non_exhaustive()
    }
}
