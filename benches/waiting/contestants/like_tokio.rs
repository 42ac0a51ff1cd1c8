//! Ends that have the calls and errors of tokio's bounded channel, by the same names.

/// Implements the ends of a channel for a sender and a receiver with tokio's calls.
macro_rules! ends_like_tokio {
    ($sender:ident, $receiver:ident) => {
        impl<T: Value> Sending<T> for $sender<T> {
            fn send(&self, value: T) {
                assert!(self.blocking_send(value).is_ok(), "the receiver has gone");
            }

            fn try_send(&self, value: T) -> bool {
                match $sender::try_send(self, value) {
                    Ok(()) => true,
                    Err(TrySendError::Full(_)) => false,
                    Err(TrySendError::Closed(_)) => panic!("the receiver has gone"),
                }
            }
        }

        impl<T: Value> Receiving<T> for $receiver<T> {
            fn receive(&mut self) -> T {
                self.blocking_recv().expect("the senders have gone")
            }

            fn try_receive(&mut self) -> Option<T> {
                match self.try_recv() {
                    Ok(value) => Some(value),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
                }
            }
        }

        impl<T: Value> AsyncSending<T> for $sender<T> {
            async fn send_async(&self, value: T) {
                assert!($sender::send(self, value).await.is_ok(), "the receiver has gone");
            }
        }

        impl<T: Value> AsyncReceiving<T> for $receiver<T> {
            async fn receive_async(&mut self) -> T {
                self.recv().await.expect("the senders have gone")
            }
        }
    };
}

pub(super) use ends_like_tokio;
