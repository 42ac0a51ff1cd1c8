//! The receiving end as a handle: counting, asking, handing over.

/// The methods of a receiver that receive nothing.
macro_rules! receiver {
    ($Receiver:ident, $channel:literal, $bound:literal, $from_fd:ident) => {
        const _: () = {
            use crate::error::{Corruption, OpenError};
            use bytemuck::Pod;
            use std::os::fd::OwnedFd;

            impl<T> $Receiver<T> {
                /// Returns whether the channel is closed, or no sender is left. Values may still be queued.
                ///
                /// It never waits. Once true it stays true. False may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert!(!receiver.is_closed());
                /// drop(sender);
                /// assert!(receiver.is_closed());
                /// ```
                pub fn is_closed(&self) -> bool {
                    self.inner.is_closed()
                }

                /// Returns why the stream ended early, if a process that may write to the channel's memory has written over it. (Beyond
                /// tokio.)
                ///
                /// The receiver checks when it looks for a value. From then on every receive returns the end of the stream, every
                /// sender finds the channel closed, and this method returns the reason. Until then, and if all is well, it returns
                /// `None`. Corruption elsewhere is not detected. The page [`trust`](crate::docs::trust) says
                /// what is promised then.
                ///
                /// It never waits. Once there is a reason it stays.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// drop(sender);
                /// while let Some(value) = receiver.blocking_recv() {
                ///     println!("{value}");
                /// }
                /// match receiver.corruption() {
                ///     Some(corruption) => panic!("{corruption}"),
                ///     None => assert!(receiver.is_closed(), "the senders have gone"),
                /// }
                /// ```
                pub fn corruption(&self) -> Option<Corruption> {
                    self.inner.corruption()
                }

                /// Returns whether [`len`](Self::len) is 0.
                ///
                /// It never waits. Only receiving makes it true again. True may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert!(receiver.is_empty());
                /// sender.try_send(1).unwrap();
                /// assert!(!receiver.is_empty());
                /// ```
                pub fn is_empty(&self) -> bool {
                    self.len() == 0
                }

                /// Returns the number of values in the queue now. One that is being written may or may not count.
                ///
                /// It never waits. The number may have grown by the time the caller sees it. Only receiving makes it smaller.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// sender.try_send(1).unwrap();
                /// assert_eq!(receiver.len(), 1);
                /// ```
                pub fn len(&self) -> usize {
                    self.inner.endpoint.len()
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
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let _second = sender.clone();
                /// assert_eq!(receiver.sender_strong_count(), 2);
                /// ```
                pub fn sender_strong_count(&self) -> usize {
                    self.inner.endpoint.strong_count()
                }

                /// Returns the number of weak senders in all processes.
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let _weak = sender.downgrade();
                /// assert_eq!(receiver.sender_weak_count(), 1);
                /// ```
                pub fn sender_weak_count(&self) -> usize {
                    self.inner.endpoint.weak_count()
                }

                /// Turns this receiver into one descriptor, for a child that inherits it or a process that gets it over a Unix
                /// socket. There, [`from_fd`](Self::from_fd) makes a receiver of it. Values that are queued go with it.
                ///
                /// If the descriptor is closed unused, or the other process dies, the channel is closed.
                ///
                /// # When it waits
                ///
                /// Only while the channel is repaired after a process that has just ended: usually less than a millisecond, and at most
                /// as long as [`Options::timeout`](crate::Options::timeout) says.
                ///
                /// # Errors
                ///
                /// [`OpenError`] if another process has joined the channel already, if that repair does not end in time, or the system
                /// refuses a descriptor. The receiver is then dropped, and with it the channel closed.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let descriptor = receiver.into_fd()?;
                /// sender.try_send(5).unwrap();
                #[doc = concat!("let mut receiver = shmpsc::", stringify!($Receiver), "::<u64>::from_fd(descriptor)?;")]
                /// assert_eq!(receiver.blocking_recv(), Some(5));
                /// # Ok::<(), shmpsc::error::OpenError>(())
                /// ```
                pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
                    self.inner.0.into_fd()
                }

                /// Makes a receiver of a descriptor from [`into_fd`](Self::into_fd), which is used up: a copy of it, in any process,
                /// gives [`OpenError::AlreadyUsed`].
                ///
                /// # When it waits
                ///
                /// For the process that handed it over to answer, at most five seconds
                #[doc = concat!("([`Options::", stringify!($from_fd), "`](crate::Options::", stringify!($from_fd), ") takes another timeout, and a type tag).")]
                ///
                /// # Errors
                ///
                /// [`OpenError`] if [`into_fd`](Self::into_fd) did not make the descriptor, the types differ, or the channel has ended.
                ///
                /// # Examples
                ///
                /// See [`into_fd`](Self::into_fd).
                pub fn from_fd(descriptor: OwnedFd) -> Result<$Receiver<T>, OpenError>
                where
                    T: Pod,
                {
                    crate::Options::new().$from_fd(descriptor)
                }
            }
        };
    };
}

pub(crate) use receiver;
