//! The receiver as a [`Stream`], as tokio-stream has it. Feature `stream`.

use crate::bounded::Receiver;
use bytemuck::Pod;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A [`Receiver`] that is a [`Stream`] of what it receives, and ends when it does.
///
/// Nothing is kept in it but the receiver. Dropping it closes the channel. A poll has room for a value on the stack once: the
/// result.
///
/// # When it waits
///
/// As [`Receiver::poll_recv`].
///
/// # Cancel safety
///
/// No value is lost if a future that waits for the next one is dropped.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use shmpsc::stream::ReceiverStream;
/// use tokio_stream::StreamExt;
/// let (sender, receiver) = shmpsc::channel::<u64>(4);
/// sender.send_many(&[1, 2, 3]).await.unwrap();
/// drop(sender);
/// let squares = ReceiverStream::new(receiver).map(|x| x * x);
/// assert_eq!(squares.collect::<Vec<_>>().await, [1, 4, 9]);
/// # });
/// ```
pub struct ReceiverStream<T> {
    receiver: Receiver<T>,
}

impl<T> ReceiverStream<T> {
    /// Makes a stream of a receiver.
    ///
    /// # Examples
    ///
    /// See [`ReceiverStream`].
    pub fn new(receiver: Receiver<T>) -> ReceiverStream<T> {
        ReceiverStream { receiver }
    }

    /// Takes the receiver out, with all that is queued.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::stream::ReceiverStream;
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let stream = ReceiverStream::new(receiver);
    /// sender.try_send(1)?;
    /// assert_eq!(stream.into_inner().blocking_recv(), Some(1));
    /// # Ok::<(), shmpsc::error::TrySendError<u64>>(())
    /// ```
    pub fn into_inner(self) -> Receiver<T> {
        self.receiver
    }

    /// Closes the channel for sending, as [`Receiver::close`]. The stream still yields what is queued and what permits
    /// send, then ends.
    ///
    /// It never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use shmpsc::stream::ReceiverStream;
    /// use tokio_stream::StreamExt;
    /// let (sender, receiver) = shmpsc::channel::<u64>(4);
    /// let mut stream = ReceiverStream::new(receiver);
    /// sender.try_send(1).unwrap();
    /// stream.close();
    /// assert!(sender.try_send(2).is_err());
    /// assert_eq!((stream.next().await, stream.next().await), (Some(1), None));
    /// # });
    /// ```
    pub fn close(&mut self) {
        self.receiver.close();
    }
}

impl<T: Pod> Stream for ReceiverStream<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().receiver.poll_recv(cx)
    }

    /// At least what is queued now. At most, once nothing more can be reserved, that and what permits may still send;
    /// before, there is no knowing. A value that its sender is writing counts, and never comes if its process dies.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let receiver = &self.receiver;
        // Closed first: from then on nothing is reserved any more, so whatever is sent meanwhile was reserved before, and the
        // bounds do not cross.
        let most = receiver.is_closed().then(|| receiver.max_capacity() - receiver.capacity());
        (receiver.len(), most)
    }
}

impl<T> AsRef<Receiver<T>> for ReceiverStream<T> {
    fn as_ref(&self) -> &Receiver<T> {
        &self.receiver
    }
}

impl<T> AsMut<Receiver<T>> for ReceiverStream<T> {
    fn as_mut(&mut self) -> &mut Receiver<T> {
        &mut self.receiver
    }
}

impl<T> From<Receiver<T>> for ReceiverStream<T> {
    fn from(receiver: Receiver<T>) -> ReceiverStream<T> {
        ReceiverStream::new(receiver)
    }
}

impl<T> fmt::Debug for ReceiverStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverStream").field("inner", &self.receiver).finish()
    }
}
