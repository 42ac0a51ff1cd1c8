//! tokio's bounded mpsc channel. It has no batches to send, so its batches are batches of the receiver alone.

use ::tokio::sync::mpsc::{
    Receiver, Sender, channel,
    error::{TryRecvError, TrySendError},
};

use super::made_by::made_by;
use crate::{
    cell::BATCH,
    contestant::{Awaits, Blocks, BlocksMany, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

made_by!(Tokio, "tokio", Sender, Receiver, channel);

impl Tries for Tokio {
    fn try_send<T: Value>(sender: &mut Sender<T>, value: T) -> bool {
        match sender.try_send(value) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Closed(_)) => panic!("the receiver has gone"),
        }
    }

    fn try_receive<T: Value>(receiver: &mut Receiver<T>) -> Option<T> {
        match receiver.try_recv() {
            Ok(value) => Some(value),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
        }
    }
}

impl Blocks for Tokio {
    fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.blocking_send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.blocking_recv().expect("the senders have gone")
    }
}

impl Awaits for Tokio {
    async fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send(value).await.is_ok(), "the receiver has gone");
    }

    async fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().await.expect("the senders have gone")
    }
}

impl BlocksMany for Tokio {
    fn send_many<T: Value>(sender: &mut Sender<T>, values: &[T]) {
        values.iter().for_each(|value| <Self as Blocks>::send(sender, *value));
    }

    fn receive_many<T: Value>(receiver: &mut Receiver<T>, batch: &mut Vec<T>) {
        assert_ne!(receiver.blocking_recv_many(batch, BATCH), 0, "the senders have gone");
    }
}
