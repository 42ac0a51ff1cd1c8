//! crossbeam-channel's bounded channel, which has no async calls.

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use crate::{
    channel::{Channel, Receiving, Sending, Within},
    contestants::made_by::made_by,
    harness::value::Value,
};

made_by!(Crossbeam, bounded);

impl<T: Value> Sending<T> for Sender<T> {
    fn send(&self, value: T) {
        assert!(Sender::send(self, value).is_ok(), "the receiver has gone");
    }

    fn try_send(&self, value: T) -> bool {
        match Sender::try_send(self, value) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(TrySendError::Disconnected(_)) => panic!("the receiver has gone"),
        }
    }
}

impl<T: Value> Receiving<T> for Receiver<T> {
    fn receive(&mut self) -> T {
        self.recv().expect("the senders have gone")
    }

    fn try_receive(&mut self) -> Option<T> {
        match self.try_recv() {
            Ok(value) => Some(value),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
        }
    }
}
