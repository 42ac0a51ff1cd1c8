//! The sender as a [`Sink`], as tokio-util has it. Feature `sink`.

use crate::bounded::{OwnedPermit, Reserving, Sender};
use bytemuck::Pod;
use futures_sink::Sink;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, mem};

/// A [`Sender`] whose send is polled in two steps: [`poll_reserve`](PollSender::poll_reserve) waits for room, then
/// [`send_item`](PollSender::send_item) sends. As a [`Sink`] it does the same under the names of that trait.
///
/// It holds two senders while it is open, which [`Sender::strong_count`] tells. Flushing a sink sends nothing and waits
/// for nothing: what was sent is in the queue already. A clone has no room reserved and stands in no line.
///
/// A value is on the stack twice: as the argument, and in the result, which can give it back. For values too large for that
/// use [`Sender::reserve`] and [`Permit::send_ref`](crate::Permit::send_ref).
///
/// # Cancel safety
///
/// Dropping a future that polls it changes nothing: it keeps its place in the line, or the room reserved.
/// [`abort_send`](PollSender::abort_send) gives them up, and so does dropping it.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use shmpsc::sink::PollSender;
/// use std::future::poll_fn;
/// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
/// let mut sender = PollSender::new(sender);
/// poll_fn(|cx| sender.poll_reserve(cx)).await?;
/// sender.send_item(7)?;
/// sender.close();
/// assert_eq!((receiver.recv().await, receiver.recv().await), (Some(7), None));
/// # Ok::<(), shmpsc::sink::PollSendError<u64>>(()) }).unwrap();
/// ```
pub struct PollSender<T> {
    /// Until it is closed by itself. What `state` holds comes and goes; of this one the others are made.
    sender: Option<Sender<T>>,
    state: State<T>,
}

enum State<T> {
    Idle(Sender<T>),
    Waiting(Reserving<T>),
    Ready(OwnedPermit<T>),
    Closed,
}

impl<T> PollSender<T> {
    /// Makes a polled sender of a sender, which it clones once.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let _sender = PollSender::new(sender);
    /// assert_eq!(receiver.sender_strong_count(), 2);
    /// ```
    pub fn new(sender: Sender<T>) -> PollSender<T> {
        PollSender { state: State::Idle(sender.clone()), sender: Some(sender) }
    }

    /// Polls for room for one value. With room in hand it is ready at once, and takes no more.
    ///
    /// # When it waits
    ///
    /// As [`Sender::reserve`]: while the queue is full, in the order in which all senders of all processes came. On
    /// `Pending` the waker of `cx`, and only the one of the latest call, is woken when it is to be polled again; the
    /// place in the line is kept meanwhile. `Pending` can also mean that the task has used up its turn; it is then woken at
    /// once.
    ///
    /// # Errors
    ///
    /// [`PollSendError`], for ever, if the channel is closed, before or while it waits, or if this sender is.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// use std::task::{Context, Poll, Waker};
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let mut sender = PollSender::new(sender);
    /// assert!(matches!(sender.poll_reserve(&mut cx), Poll::Ready(Ok(()))));
    /// sender.send_item(1)?;
    /// assert!(sender.poll_reserve(&mut cx).is_pending());
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert!(matches!(sender.poll_reserve(&mut cx), Poll::Ready(Ok(()))));
    /// # Ok::<(), shmpsc::sink::PollSendError<u64>>(())
    /// ```
    pub fn poll_reserve(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PollSendError<T>>> {
        if let State::Idle(_) = self.state
            && let State::Idle(sender) = self.take_state()
        {
            self.state = State::Waiting(Reserving::new(sender));
        }
        if let State::Waiting(reserving) = &mut self.state {
            self.state = ready!(reserving.poll(cx)).map_or(State::Closed, State::Ready);
        }
        Poll::Ready(match self.state {
            State::Ready(_) => Ok(()),
            _ => Err(PollSendError(None)),
        })
    }

    /// Whether this sender was closed, by [`close`](PollSender::close) or because it has met a closed channel. Room in hand
    /// may still be used.
    ///
    /// It never waits. That the channel is closed shows only once [`poll_reserve`](PollSender::poll_reserve) has told so.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let mut sender = PollSender::new(sender);
    /// assert!(!sender.is_closed());
    /// sender.close();
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed) || self.sender.is_none()
    }

    /// The sender that this one was made of. `None` after [`close`](PollSender::close).
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// let (sender, _receiver) = shmpsc::channel::<u64>(3);
    /// let sender = PollSender::new(sender);
    /// assert_eq!(sender.get_ref().unwrap().capacity(), 3);
    /// ```
    pub fn get_ref(&self) -> Option<&Sender<T>> {
        self.sender.as_ref()
    }

    /// Closes this sender. The channel stays open as long as it has others.
    ///
    /// It never waits. If it stands in the line, it leaves it. Room in hand is kept for one last
    /// [`send_item`](PollSender::send_item), and with it a sender; [`abort_send`](PollSender::abort_send) gives both up.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let mut sender = PollSender::new(sender);
    /// sender.close();
    /// assert_eq!(receiver.blocking_recv(), None);
    /// assert_eq!(sender.send_item(1).unwrap_err().into_inner(), Some(1));
    /// ```
    pub fn close(&mut self) {
        self.sender = None;
        if !matches!(self.state, State::Ready(_)) {
            self.state = State::Closed;
        }
    }

    /// Gives up the place in the line, or the room in hand, and tells whether there was either.
    ///
    /// It never waits. It can reserve again, unless it was closed before.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::sink::PollSender;
    /// use std::task::{Context, Waker};
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let mut sender = PollSender::new(sender);
    /// assert!(sender.poll_reserve(&mut Context::from_waker(Waker::noop())).is_ready());
    /// assert_eq!(receiver.capacity(), 0);
    /// assert!(sender.abort_send());
    /// assert_eq!(receiver.capacity(), 1);
    /// assert!(!sender.abort_send());
    /// ```
    pub fn abort_send(&mut self) -> bool {
        if !matches!(self.state, State::Waiting(_) | State::Ready(_)) {
            return false;
        }
        drop(self.take_state());
        self.state = idle(&self.sender);
        true
    }

    fn take_state(&mut self) -> State<T> {
        mem::replace(&mut self.state, State::Closed)
    }
}

impl<T: Pod> PollSender<T> {
    /// Sends a value in the room that [`poll_reserve`](PollSender::poll_reserve) has found.
    ///
    /// It never waits. Like [`Permit::send`](crate::Permit::send) it succeeds also if the channel or this sender was closed
    /// since; if the receiver is gone, the value goes nowhere.
    ///
    /// # Errors
    ///
    /// [`PollSendError`] with the value, if this sender [is closed](PollSender::is_closed) and has no room in hand.
    ///
    /// # Panics
    ///
    /// If it is open and has no room in hand, because [`poll_reserve`](PollSender::poll_reserve) was not called or is not
    /// ready yet. It is closed then.
    ///
    /// # Examples
    ///
    /// See [`poll_reserve`](PollSender::poll_reserve) and [`close`](PollSender::close).
    #[track_caller]
    pub fn send_item(&mut self, value: T) -> Result<(), PollSendError<T>> {
        match self.take_state() {
            State::Ready(permit) => {
                let sender = permit.send_ref(&value);
                if self.sender.is_some() {
                    self.state = State::Idle(sender);
                }
                Ok(())
            }
            State::Closed => Err(PollSendError(Some(value))),
            State::Idle(_) | State::Waiting(_) => {
                panic!("`send_item` called without first calling `poll_reserve`")
            }
        }
    }
}

/// Nothing begun, with a sender made of the first one; closed if that is gone.
fn idle<T>(sender: &Option<Sender<T>>) -> State<T> {
    sender.clone().map_or(State::Closed, State::Idle)
}

impl<T> Clone for PollSender<T> {
    /// Another sender of the same channel, with no room reserved. Closed if this one was, by [`close`](PollSender::close).
    fn clone(&self) -> PollSender<T> {
        PollSender { sender: self.sender.clone(), state: idle(&self.sender) }
    }
}

impl<T: Pod> Sink<T> for PollSender<T> {
    type Error = PollSendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), PollSendError<T>>> {
        self.get_mut().poll_reserve(cx)
    }

    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), PollSendError<T>> {
        self.get_mut().send_item(value)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), PollSendError<T>>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), PollSendError<T>>> {
        self.get_mut().close();
        Poll::Ready(Ok(()))
    }
}

impl<T> fmt::Debug for PollSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollSender").field("sender", &self.sender).field("state", &self.state).finish()
    }
}

impl<T> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Idle(_) => "Idle",
            State::Waiting(_) => "Waiting",
            State::Ready(_) => "Ready",
            State::Closed => "Closed",
        })
    }
}

/// Error of [`PollSender`]: the channel is closed, or the sender itself.
#[derive(Debug)]
pub struct PollSendError<T>(Option<T>);

impl<T> PollSendError<T> {
    /// The value that was not sent. `None` from [`poll_reserve`](PollSender::poll_reserve), which has none.
    ///
    /// # Examples
    ///
    /// See [`PollSender::close`].
    pub fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<T> fmt::Display for PollSendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> std::error::Error for PollSendError<T> {}
