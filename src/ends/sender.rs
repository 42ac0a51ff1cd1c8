//! The sending end as a handle: counting, asking, handing over.

/// The methods of a sender that send nothing.
macro_rules! sender {
    ($Sender:ident, $WeakSender:ident, $channel:literal, $bound:literal, $from_fd:ident) => {
        const _: () = {
            use crate::error::{Corruption, OpenError};
            use bytemuck::Pod;
            use std::os::fd::OwnedFd;

            impl<T> $Sender<T> {
                /// Waits until the receiving side is closed: by its `close`, by drop, or because its
                /// process is gone.
                ///
                /// # When it waits
                ///
                /// While the receiver is open. Once closed it returns at once, for ever.
                ///
                /// # Cancel safety
                ///
                /// Dropping the future loses nothing.
                ///
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// drop(receiver);
                /// sender.closed().await;
                /// assert!(sender.is_closed());
                /// # });
                /// ```
                pub async fn closed(&self) {
                    self.inner.closed().await;
                }

                /// Returns whether the receiving side is closed. Once true it stays true. False may be out of date by the time the
                /// caller sees it.
                ///
                /// It never waits. It differs from `is_closed` of the receiver, which is also true when no
                /// sender is left.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert!(!sender.is_closed());
                /// receiver.close();
                /// assert!(sender.is_closed());
                /// ```
                pub fn is_closed(&self) -> bool {
                    self.inner.is_closed()
                }

                /// Returns why sending fails as on a closed channel although the receiver has not closed it, if a process that may
                /// write to the channel's memory has written over it. (Beyond tokio.)
                ///
                /// It checks now, and only what this process can see. The receiver may know more (its own `corruption`). A sender of
                /// another process may have found nothing yet.
                ///
                /// It never waits. Once there is a reason it stays, for all senders of the process.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// receiver.close();
                /// assert!(sender.try_send(1).is_err());
                /// assert_eq!(sender.corruption(), None, "the receiver has closed the channel");
                /// ```
                pub fn corruption(&self) -> Option<Corruption> {
                    self.inner.endpoint.corruption()
                }

                /// Returns whether both senders belong to the same channel, also if they joined it separately.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (one, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                #[doc = concat!("let (other, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert!(one.same_channel(&one.clone()));
                /// assert!(!one.same_channel(&other));
                /// ```
                pub fn same_channel(&self, other: &Self) -> bool {
                    self.inner.is_same_channel(&other.inner)
                }

                /// Returns the number of values in the queue now. One that is being written may or may not count. (Beyond tokio.)
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send(1)?;
                /// assert_eq!(sender.len(), 1);
                /// # Ok::<(), Box<dyn std::error::Error>>(())
                /// ```
                pub fn len(&self) -> usize {
                    self.inner.endpoint.len()
                }

                /// Returns whether [`len`](Self::len) is 0. (Beyond tokio.)
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert!(sender.is_empty());
                /// ```
                pub fn is_empty(&self) -> bool {
                    self.len() == 0
                }

                /// Returns the number of senders in all processes, with those in owned permits of a bounded channel. A bound name does
                /// not count.
                ///
                /// It never waits. The result may be out of date by the time the caller sees it. A process that was killed counts until
                /// the kernel reports its end, usually within a millisecond.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let _second = sender.clone();
                /// assert_eq!(sender.strong_count(), 2);
                /// ```
                pub fn strong_count(&self) -> usize {
                    self.inner.endpoint.strong_count()
                }

                /// Returns the number of weak senders in all processes.
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let _weak = sender.downgrade();
                /// assert_eq!(sender.weak_count(), 1);
                /// ```
                pub fn weak_count(&self) -> usize {
                    self.inner.endpoint.weak_count()
                }

                /// Makes a weak sender, which does not keep the channel open.
                ///
                /// It never waits.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let weak = sender.downgrade();
                /// drop(sender);
                /// assert!(receiver.is_closed());
                /// assert!(weak.upgrade().is_none());
                /// ```
                #[must_use = "a weak sender that is dropped at once does nothing"]
                pub fn downgrade(&self) -> $WeakSender<T> {
                    $WeakSender::new(self.inner.downgrade())
                }

                /// Turns this sender into one descriptor, for a child that inherits it or a process that gets it over a Unix
                /// socket. There, [`from_fd`](Self::from_fd) makes a sender of it.
                ///
                /// The descriptor counts as a sender until it is used or every copy of it is closed. It is closed on `exec`; a
                /// child inherits it as its standard input, by [`Command::stdin`](std::process::Command::stdin), or as any other if
                /// the parent clears that flag between `fork` and `exec` (see [`protocol`](crate::docs::protocol)).
                ///
                /// # When it waits
                ///
                /// In the receiver's process it does not. In another process it waits for the receiver's process to answer, at
                /// most as long as the timeout of [`Options::timeout`](crate::Options::timeout).
                ///
                /// # Errors
                ///
                /// [`OpenError`] if the channel is closed, its roster is full, the receiver's process does not answer in time, or the
                /// system refuses a descriptor. This sender is dropped in any case.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let descriptor = sender.into_fd()?;
                #[doc = concat!("let sender = shmpsc::", stringify!($Sender), "::<u64>::from_fd(descriptor)?;")]
                /// sender.try_send(5).unwrap();
                /// assert_eq!(receiver.blocking_recv(), Some(5));
                /// # Ok::<(), shmpsc::error::OpenError>(())
                /// ```
                pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
                    self.inner.0.into_fd()
                }

                /// Makes a sender of a descriptor from [`into_fd`](Self::into_fd), which is used up: a copy of it, in any process,
                /// gives [`OpenError::AlreadyUsed`].
                ///
                /// # When it waits
                ///
                /// For the receiver's process to answer, at most five seconds
                #[doc = concat!("([`Options::", stringify!($from_fd), "`](crate::Options::", stringify!($from_fd), ") takes another timeout, and a type tag).")]
                ///
                /// # Errors
                ///
                /// [`OpenError`] if [`into_fd`](Self::into_fd) did not make the descriptor, the types differ, or the channel has ended.
                ///
                /// # Examples
                ///
                /// See [`into_fd`](Self::into_fd).
                pub fn from_fd(descriptor: OwnedFd) -> Result<$Sender<T>, OpenError>
                where
                    T: Pod,
                {
                    crate::Options::new().$from_fd(descriptor)
                }
            }

            impl<T> Clone for $Sender<T> {
                fn clone(&self) -> $Sender<T> {
                    $Sender::new(self.inner.clone())
                }
            }
        };
    };
}

pub(crate) use sender;
