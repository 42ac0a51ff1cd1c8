//! kanal's bounded channel, whose ends block threads and are awaited alike.

use ::kanal::{Receiver, Sender, bounded};

use super::made_by::made_by;
use crate::{
    contestant::{Awaits, Blocks, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

made_by!(Kanal, "kanal", Sender, Receiver, bounded);

impl Tries for Kanal {
    fn try_send<T: Value>(sender: &mut Sender<T>, value: T) -> bool {
        sender.try_send(value).expect("the receiver has gone")
    }

    fn try_receive<T: Value>(receiver: &mut Receiver<T>) -> Option<T> {
        receiver.try_recv().expect("the senders have gone")
    }
}

impl Blocks for Kanal {
    fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().expect("the senders have gone")
    }
}

impl Awaits for Kanal {
    async fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.as_async().send(value).await.is_ok(), "the receiver has gone");
    }

    async fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.as_async().recv().await.expect("the senders have gone")
    }
}
