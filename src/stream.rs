//! The receivers as [`Stream`]s, as tokio-stream has them. Feature `stream`.

use crate::bounded::Receiver;
use crate::unbounded::UnboundedReceiver;
use bytemuck::Pod;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A stream of what a receiver of one kind receives. `most` tells how many values can still come; it is asked only once nothing more
/// can be sent, but by permits.
macro_rules! stream {
    (
        $Stream:ident of $Receiver:ident, $channel:literal, $bound:literal;
        closed: $closed:literal;
        $(#[doc = $hint:literal])*
        most: $most:expr;
    ) => {
        #[doc = concat!("A [`", stringify!($Receiver), "`] that is a [`Stream`] of what it receives, and ends when it does.")]
        ///
        /// Nothing is kept in it but the receiver. Dropping it closes the channel. A poll has room for a value on the stack once: the
        /// result.
        ///
        /// # When it waits
        ///
        #[doc = concat!("As [`", stringify!($Receiver), "::poll_recv`].")]
        ///
        /// # Cancel safety
        ///
        /// No value is lost if a future that waits for the next one is dropped.
        ///
        /// # Examples
        ///
        /// ```
        /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        #[doc = concat!("use shmpsc::stream::", stringify!($Stream), ";")]
        /// use tokio_stream::StreamExt;
        #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
        /// sender.try_send_many(&[1, 2, 3]).unwrap();
        /// drop(sender);
        #[doc = concat!("let squares = ", stringify!($Stream), "::new(receiver).map(|x| x * x);")]
        /// assert_eq!(squares.collect::<Vec<_>>().await, [1, 4, 9]);
        /// # });
        /// ```
        pub struct $Stream<T> {
            receiver: $Receiver<T>,
        }

        impl<T> $Stream<T> {
            /// Makes a stream of a receiver.
            ///
            /// # Examples
            ///
            #[doc = concat!("See [`", stringify!($Stream), "`].")]
            pub fn new(receiver: $Receiver<T>) -> $Stream<T> {
                $Stream { receiver }
            }

            /// Takes the receiver out, with all that is queued.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use shmpsc::stream::", stringify!($Stream), ";")]
            #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
            #[doc = concat!("let stream = ", stringify!($Stream), "::new(receiver);")]
            /// sender.try_send(1).unwrap();
            /// assert_eq!(stream.into_inner().blocking_recv(), Some(1));
            /// ```
            pub fn into_inner(self) -> $Receiver<T> {
                self.receiver
            }

            #[doc = concat!("Closes the channel for sending, as [`", stringify!($Receiver), "::close`]. ", $closed)]
            ///
            /// It never waits.
            ///
            /// # Examples
            ///
            /// ```
            /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            #[doc = concat!("use shmpsc::stream::", stringify!($Stream), ";")]
            /// use tokio_stream::StreamExt;
            #[doc = concat!("let (sender, receiver) = shmpsc::", $channel, "::<u64>", $bound, ";")]
            #[doc = concat!("let mut stream = ", stringify!($Stream), "::new(receiver);")]
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

        impl<T: Pod> Stream for $Stream<T> {
            type Item = T;

            fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
                self.get_mut().receiver.poll_recv(cx)
            }

            $(#[doc = $hint])*
            fn size_hint(&self) -> (usize, Option<usize>) {
                let receiver = &self.receiver;
                // Closed first: from then on only permits send, so what is sent meanwhile counts in the upper bound already, and the
                // bounds do not cross.
                let most = receiver.is_closed().then(|| $most(receiver));
                (receiver.len(), most)
            }
        }

        impl<T> AsRef<$Receiver<T>> for $Stream<T> {
            fn as_ref(&self) -> &$Receiver<T> {
                &self.receiver
            }
        }

        impl<T> AsMut<$Receiver<T>> for $Stream<T> {
            fn as_mut(&mut self) -> &mut $Receiver<T> {
                &mut self.receiver
            }
        }

        impl<T> From<$Receiver<T>> for $Stream<T> {
            fn from(receiver: $Receiver<T>) -> $Stream<T> {
                $Stream::new(receiver)
            }
        }

        impl<T> fmt::Debug for $Stream<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Stream)).field("inner", &self.receiver).finish()
            }
        }
    };
}

stream! {
    ReceiverStream of Receiver, "channel", "(4)";
    closed: "The stream still yields what is queued and what permits send, then ends.";
    /// At least what is queued now. At most, once nothing more can be reserved, that and what permits may still send;
    /// before, there is no knowing. A value that its sender is writing counts, and never comes if its process dies.
    most: |receiver: &Receiver<T>| receiver.max_capacity() - receiver.capacity();
}

stream! {
    UnboundedReceiverStream of UnboundedReceiver, "unbounded_channel", "()";
    closed: "The stream still yields what is queued, then ends.";
    /// At least what is queued now. At most the same, once nothing more can be sent; before, there is no knowing. A value that its
    /// sender is writing counts, and never comes if its process dies.
    most: |receiver: &UnboundedReceiver<T>| receiver.len();
}
