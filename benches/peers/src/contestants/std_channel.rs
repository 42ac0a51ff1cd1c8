//! The bounded channel of the standard library, which has no async calls.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use super::made_by::made_by;
use crate::{
    contestant::{Blocks, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

made_by!(Std, "std sync_channel", SyncSender, Receiver, sync_channel);

impl Tries for Std {
    fn try_send<T: Value>(sender: &mut SyncSender<T>, value: T) -> bool {
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

impl Blocks for Std {
    fn send<T: Value>(sender: &mut SyncSender<T>, value: T) {
        assert!(sender.send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().expect("the senders have gone")
    }
}
