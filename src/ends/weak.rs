//! A sender that does not keep the channel open. Nothing can be sent on it: it must become a sender first.

/// The methods of a weak sender.
macro_rules! weak {
    ($WeakSender:ident, $Sender:ident, $channel:literal, $bound:literal) => {
        const _: () = {
            use crate::channel::WeakSending;
            use std::fmt;
            use std::marker::PhantomData;
            use std::panic::AssertUnwindSafe;

            impl<T> $WeakSender<T> {
                pub(super) fn new(inner: WeakSending) -> $WeakSender<T> {
                    $WeakSender { inner: AssertUnwindSafe(inner), values: PhantomData }
                }

                /// Makes a sender, unless the stream has ended.
                ///
                /// It never waits. Once it returns `None`, it always does. While a sender lives in any process it succeeds, even if the
                /// receiver is closed or gone.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let weak = sender.downgrade();
                /// weak.upgrade().unwrap().try_send(1).unwrap();
                /// drop(sender);
                /// assert!(weak.upgrade().is_none());
                /// assert_eq!((receiver.blocking_recv(), receiver.blocking_recv()), (Some(1), None));
                /// ```
                pub fn upgrade(&self) -> Option<$Sender<T>> {
                    self.inner.upgrade().map($Sender::new)
                }

                /// Returns the number of senders in all processes, as the senders' `strong_count`.
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// assert_eq!(sender.downgrade().strong_count(), 1);
                /// ```
                pub fn strong_count(&self) -> usize {
                    self.inner.endpoint.strong_count()
                }

                /// Returns the number of weak senders in all processes, as the senders' `weak_count`.
                ///
                /// It never waits. The result may be out of date by the time the caller sees it.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("let (sender, _receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
                /// let weak = sender.downgrade();
                /// assert_eq!(weak.clone().weak_count(), 2);
                /// ```
                pub fn weak_count(&self) -> usize {
                    self.inner.endpoint.weak_count()
                }
            }

            impl<T> Clone for $WeakSender<T> {
                fn clone(&self) -> $WeakSender<T> {
                    $WeakSender::new(self.inner.0.clone())
                }
            }

            impl<T> fmt::Debug for $WeakSender<T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(stringify!($WeakSender))
                }
            }
        };
    };
}

pub(crate) use weak;
