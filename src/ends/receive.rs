//! Receiving: the `recv` family of both receivers, tokio's and what its users have asked for beside it.

use crate::channel::Taken;
use crate::error::TryRecvError;

/// Takes a found value, in the given wrappers. A small one is wrapped at the end, so that it stays in registers until then. A large
/// one is copied to where the caller wants it, before its place is given back. A function cannot do that: its own result would
/// be one more place for the value.
macro_rules! received {
    ($inner:expr, $found:expr, $wrap:path $(, $then:path)?) => {
        if size_of::<T>() <= SMALL {
            $wrap($($then)?($inner.receive::<T>($found)))
        } else {
            let taken = $inner.taken($found);
            let value = $wrap($($then)?(taken.copy::<T>()));
            taken.release();
            value
        }
    };
}

pub(crate) use received;

/// The methods that receive.
macro_rules! receive {
    ($Receiver:ident, $channel:literal, $bound:literal) => {
        const _: () = {
            use crate::blocking::refuse_in_async_context;
            use crate::channel::{SMALL, Taken, many, next, poll_turn};
            use crate::ends::once;
            use crate::ends::receive::{received, tried, waited};
            use crate::error::{RecvTimeoutError, TryRecvError};
            use bytemuck::Pod;
            use std::future::poll_fn;
            use std::task::{Context, Poll, ready};
            use std::time::Duration;

            impl<T: Pod> $Receiver<T> {
                /// Receives the next value. `None` once nothing is queued and nothing can come: every sender of every process is
                /// gone, or the channel was closed and is drained. A permit of a bounded channel can still send after the close.
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
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send(1).unwrap();
                /// drop(sender);
                /// assert_eq!(receiver.recv().await, Some(1));
                /// assert_eq!(receiver.recv().await, None);
                /// # });
                /// ```
                pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
                    once(self, |receiver, cx| receiver.get_mut().poll_recv(cx))
                }

                /// Receives at least one value and up to `limit` into `buffer`, and returns how many. It returns 0 only if `limit` is 0
                /// or the stream has ended.
                ///
                /// # When it waits
                ///
                /// For the first value, as [`recv`](Self::recv); then it takes what is there.
                ///
                /// # Cancel safety
                ///
                /// No value is lost if the future is dropped.
                ///
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send_many(&[1, 2, 3]).unwrap();
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
                /// As [`recv`](Self::recv), until the time is up on tokio's clock. What is there is received before the clock is
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
                /// At the first poll outside a tokio runtime, or in one without its time driver, even if a value is there.
                ///
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
                /// use std::time::Duration;
                /// use shmpsc::error::RecvTimeoutError;
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.recv_timeout(Duration::ZERO).await, Ok(1));
                /// assert_eq!(receiver.recv_timeout(Duration::ZERO).await, Err(RecvTimeoutError::Timeout));
                /// # });
                /// ```
                pub fn recv_timeout(
                    &mut self,
                    timeout: Duration,
                ) -> impl Future<Output = Result<T, RecvTimeoutError>> {
                    // The timer is made at the first poll, from which the time runs.
                    let find = async move {
                        let found =
                            tokio::time::timeout(timeout, poll_fn(|cx| self.inner.poll_take(cx, next))).await;
                        (self, found)
                    };
                    once(find, |find, cx| {
                        let (receiver, found) = ready!(find.poll(cx));
                        let found = match found {
                            Ok(Some(found)) => found,
                            Ok(None) => return Poll::Ready(Err(RecvTimeoutError::Disconnected)),
                            Err(_) => return Poll::Ready(Err(RecvTimeoutError::Timeout)),
                        };
                        received!(receiver.inner, found, Poll::Ready, Ok)
                    })
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
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
                /// sender.try_send(1).unwrap();
                /// drop(sender);
                /// assert_eq!(receiver.try_recv(), Ok(1));
                /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
                /// ```
                #[inline]
                pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                    if let Some(value) = self.inner.receive_fast() {
                        return Ok(value);
                    }
                    self.try_recv_slow()
                }

                /// Receives as [`try_recv`](Self::try_recv) does, after the fast path has failed.
                #[inline(never)]
                fn try_recv_slow(&mut self) -> Result<T, TryRecvError> {
                    let found = match self.inner.try_take(next) {
                        Taken::Value(found) => found,
                        Taken::Empty => return Err(TryRecvError::Empty),
                        Taken::End => return Err(TryRecvError::Disconnected),
                    };
                    received!(self.inner, found, Ok)
                }

                /// Receives up to `limit` values that are there into `buffer`, and returns how many. (Beyond tokio.)
                ///
                /// # When it waits
                ///
                /// Never.
                ///
                /// # Errors
                ///
                /// As [`try_recv`](Self::try_recv), if not even one is there. With a limit of 0 it is `Ok(0)`.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send_many(&[1, 2, 3]).unwrap();
                /// let mut values = Vec::new();
                /// assert_eq!(receiver.try_recv_many(&mut values, 10), Ok(3));
                /// ```
                pub fn try_recv_many(
                    &mut self,
                    buffer: &mut Vec<T>,
                    limit: usize,
                ) -> Result<usize, TryRecvError> {
                    tried(self.inner.try_take(many(buffer, limit)))
                }

                /// Receives the next value; the thread sleeps while there is none. `None` as for [`recv`](Self::recv).
                ///
                /// # When it waits
                ///
                /// As [`recv`](Self::recv).
                ///
                /// # Panics
                ///
                /// In a thread that is driving tokio tasks, even if a value is there.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// std::thread::spawn(move || sender.try_send(3));
                /// assert_eq!(receiver.blocking_recv(), Some(3));
                /// assert_eq!(receiver.blocking_recv(), None);
                /// ```
                #[track_caller]
                #[inline]
                #[doc(alias = "recv_blocking")]
                pub fn blocking_recv(&mut self) -> Option<T> {
                    refuse_in_async_context();
                    if let Some(value) = self.inner.receive_fast() {
                        return Some(value);
                    }
                    self.blocking_recv_slow()
                }

                /// Receives as [`blocking_recv`](Self::blocking_recv) does, after the fast path has failed.
                #[inline(never)]
                fn blocking_recv_slow(&mut self) -> Option<T> {
                    let Taken::Value(found) = self.inner.blocking_take(None, next) else { return None };
                    received!(self.inner, found, Some)
                }

                /// Receives at least one value and up to `limit` into `buffer`; the thread sleeps while there is none.
                ///
                /// # When it waits
                ///
                /// As [`recv_many`](Self::recv_many).
                ///
                /// # Panics
                ///
                /// In a thread that is driving tokio tasks, even if values are there or `limit` is 0.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send_many(&[1, 2, 3]).unwrap();
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
                /// As [`recv`](Self::recv), until the time is up on the system's monotonic clock. A `timeout` of zero is one look;
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
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let brief = Duration::from_millis(1);
                /// assert_eq!(receiver.blocking_recv_timeout(brief), Err(RecvTimeoutError::Timeout));
                /// std::thread::spawn(move || sender.try_send(3));
                /// assert_eq!(receiver.blocking_recv_timeout(Duration::MAX), Ok(3));
                /// assert_eq!(receiver.blocking_recv_timeout(Duration::MAX), Err(RecvTimeoutError::Disconnected));
                /// ```
                #[track_caller]
                pub fn blocking_recv_timeout(&mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
                    refuse_in_async_context();
                    match self.inner.blocking_take(Some(timeout), next) {
                        Taken::Value(found) => {
                            received!(self.inner, found, Ok)
                        }
                        Taken::Empty => Err(RecvTimeoutError::Timeout),
                        Taken::End => Err(RecvTimeoutError::Disconnected),
                    }
                }

                /// Polls for the next value. `Ready(None)` as for [`recv`](Self::recv).
                ///
                /// # When it waits
                ///
                /// On `Pending` the waker of `cx`, and only the one of the latest call, is woken when a value comes or the stream
                /// ends. `Pending` can also mean that the task has used up its turn; it is then woken at once.
                ///
                /// # Examples
                ///
                /// ```
                /// use std::task::{Context, Poll, Waker};
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let mut cx = Context::from_waker(Waker::noop());
                /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Pending);
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Ready(Some(1)));
                /// ```
                pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                    if let Some(value) = ready!(self.inner.poll_fast(cx)) {
                        return Poll::Ready(Some(value));
                    }
                    let Some(found) = ready!(self.inner.poll_take(cx, next)) else {
                        return Poll::Ready(None);
                    };
                    received!(self.inner, found, Poll::Ready, Some)
                }

                /// Polls for up to `limit` values into `buffer`. `Ready(0)` as for [`recv_many`](Self::recv_many).
                ///
                /// # When it waits
                ///
                /// As [`poll_recv`](Self::poll_recv), with which it shares the one waker.
                ///
                /// # Examples
                ///
                /// ```
                /// use std::task::{Context, Poll, Waker};
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let mut cx = Context::from_waker(Waker::noop());
                /// let mut values = Vec::new();
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.poll_recv_many(&mut cx, &mut values, 4), Poll::Ready(1));
                /// ```
                pub fn poll_recv_many(
                    &mut self,
                    cx: &mut Context<'_>,
                    buffer: &mut Vec<T>,
                    limit: usize,
                ) -> Poll<usize> {
                    if limit == 0 {
                        // Costs a turn like every receive, and leaves the waker of an earlier poll where it is.
                        return poll_turn(cx).map(|()| 0);
                    }
                    self.inner.poll_take(cx, many(buffer, limit)).map(|count| count.unwrap_or(0))
                }
            }
        };
    };
}

pub(crate) use receive;

/// Returns the result of a call that does not wait.
#[inline]
pub(crate) fn tried<R>(took: Taken<R>) -> Result<R, TryRecvError> {
    match took {
        Taken::Value(value) => Ok(value),
        Taken::Empty => Err(TryRecvError::Empty),
        Taken::End => Err(TryRecvError::Disconnected),
    }
}

/// Returns the result of a thread that waits without a deadline.
#[inline]
pub(crate) fn waited<R>(took: Taken<R>) -> Option<R> {
    match took {
        Taken::Value(value) => Some(value),
        Taken::Empty | Taken::End => None,
    }
}
