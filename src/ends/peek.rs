//! Looking at the next value without taking it: what users have asked tokio for.

/// The methods that look.
macro_rules! peek {
    ($Receiver:ident, $channel:literal, $bound:literal) => {
        const _: () = {
            use crate::blocking::refuse_in_async_context;
            use crate::channel::peeked;
            use crate::ends::once;
            use crate::ends::receive::{tried, waited};
            use crate::error::TryRecvError;
            use bytemuck::Pod;
            use std::task::{Context, Poll, ready};

            impl<T: Pod> $Receiver<T> {
                /// Waits until a value is there and copies it; it stays in the queue. `None` as for [`recv`](Self::recv).
                /// (Beyond tokio.)
                ///
                /// The next receive of any kind returns this value first, and so does the next peek.
                /// [`len`](Self::len) counts it until then, and so does the capacity of a bounded channel. (A sender that forges, see
                /// [`trust`](crate::docs::trust), can change it on the way.)
                ///
                /// # When it waits
                ///
                /// As [`recv`](Self::recv).
                ///
                /// # Cancel safety
                ///
                /// It takes nothing, so nothing is lost if the future is dropped.
                ///
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.peek().await, Some(1));
                /// assert_eq!(receiver.len(), 1);
                /// assert_eq!(receiver.recv().await, Some(1));
                /// # });
                /// ```
                pub fn peek(&mut self) -> impl Future<Output = Option<T>> {
                    once(self, |receiver, cx| receiver.get_mut().poll_peek(cx))
                }

                /// Copies the next value if one is there; it stays in the queue, as with [`peek`](Self::peek). (Beyond tokio.)
                ///
                /// # When it waits
                ///
                /// Never.
                ///
                /// # Errors
                ///
                /// As [`try_recv`](Self::try_recv).
                ///
                /// # Examples
                ///
                /// ```
                /// use shmpsc::error::TryRecvError;
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert_eq!(receiver.try_peek(), Err(TryRecvError::Empty));
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.try_peek(), Ok(1));
                /// assert_eq!(receiver.try_recv(), Ok(1));
                /// ```
                pub fn try_peek(&mut self) -> Result<T, TryRecvError> {
                    let found = tried(self.inner.try_take(peeked))?;
                    Ok(self.inner.copy(found))
                }

                /// Copies the next value, which stays in the queue as with [`peek`](Self::peek); the thread sleeps while there is
                /// none. `None` as for [`recv`](Self::recv). (Beyond tokio.)
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
                /// assert_eq!(receiver.blocking_peek(), Some(3));
                /// assert_eq!(receiver.blocking_recv(), Some(3));
                /// assert_eq!(receiver.blocking_peek(), None);
                /// ```
                #[track_caller]
                pub fn blocking_peek(&mut self) -> Option<T> {
                    refuse_in_async_context();
                    let found = waited(self.inner.blocking_take(None, peeked))?;
                    Some(self.inner.copy(found))
                }

                /// Polls for a copy of the next value, which stays in the queue as with [`peek`](Self::peek). `Ready(None)` as for
                /// [`recv`](Self::recv). (Beyond tokio.)
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
                /// assert_eq!(receiver.poll_peek(&mut cx), Poll::Pending);
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.poll_peek(&mut cx), Poll::Ready(Some(1)));
                /// assert_eq!(receiver.poll_recv(&mut cx), Poll::Ready(Some(1)));
                /// ```
                pub fn poll_peek(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                    let Some(found) = ready!(self.inner.poll_take(cx, peeked)) else {
                        return Poll::Ready(None);
                    };
                    Poll::Ready(Some(self.inner.copy(found)))
                }
            }
        };
    };
}

pub(crate) use peek;
