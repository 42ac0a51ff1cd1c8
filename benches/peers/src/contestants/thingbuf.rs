//! thingbuf's bounded channels: one for threads, and one for tasks.

use ::thingbuf::mpsc::{
    self, blocking,
    errors::{TryRecvError, TrySendError},
};

use super::made_by::made_by;
use crate::{
    contestant::{Awaits, Blocks, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

/// A message that has a default, with which thingbuf fills its places.
#[derive(Clone)]
pub(crate) struct Place<T>(T);

impl<T: Value> Default for Place<T> {
    fn default() -> Self {
        Self(T::zeroed())
    }
}

type Sender<T> = blocking::Sender<Place<T>>;
type Receiver<T> = blocking::Receiver<Place<T>>;
type AsyncSender<T> = mpsc::Sender<Place<T>>;
type AsyncReceiver<T> = mpsc::Receiver<Place<T>>;

made_by!(Thingbuf, "thingbuf", Sender, Receiver, blocking::channel);
made_by!(AsyncThingbuf, "thingbuf", AsyncSender, AsyncReceiver, mpsc::channel);

impl Tries for Thingbuf {
    fn try_send<T: Value>(sender: &mut Sender<T>, value: T) -> bool {
        match sender.try_send(Place(value)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => false,
            Err(_) => panic!("the receiver has gone"),
        }
    }

    fn try_receive<T: Value>(receiver: &mut Receiver<T>) -> Option<T> {
        match receiver.try_recv() {
            Ok(Place(value)) => Some(value),
            Err(TryRecvError::Empty) => None,
            Err(_) => panic!("the senders have gone"),
        }
    }
}

impl Blocks for Thingbuf {
    fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send(Place(value)).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().expect("the senders have gone").0
    }
}

impl Awaits for AsyncThingbuf {
    async fn send<T: Value>(sender: &mut AsyncSender<T>, value: T) {
        assert!(sender.send(Place(value)).await.is_ok(), "the receiver has gone");
    }

    async fn receive<T: Value>(receiver: &mut AsyncReceiver<T>) -> T {
        receiver.recv().await.expect("the senders have gone").0
    }
}
