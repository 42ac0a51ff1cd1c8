//! flume's bounded channel, whose ends block threads and are awaited alike.

use ::flume::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use super::made_by::made_by;
use crate::{
    contestant::{Awaits, Blocks, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

made_by!(Flume, "flume", Sender, Receiver, bounded);

impl Tries for Flume {
    fn try_send<T: Value>(sender: &mut Sender<T>, value: T) -> bool {
        match sender.try_send(value) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => panic!("the receiver has gone"),
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

impl Blocks for Flume {
    fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().expect("the senders have gone")
    }
}

impl Awaits for Flume {
    async fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send_async(value).await.is_ok(), "the receiver has gone");
    }

    async fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv_async().await.expect("the senders have gone")
    }
}
