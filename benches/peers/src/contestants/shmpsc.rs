//! The bounded channel of this project, between processes.

use ::shmpsc::{
    Options, Receiver, Sender, connect,
    error::{TryRecvError, TrySendError},
};

use crate::{
    cell::BATCH,
    contestant::{Awaits, Blocks, BlocksMany, Contestant, Reach, Tries, TriesMany},
    harness::value::Value,
    site::Site,
};

pub(crate) struct Shmpsc;

impl Contestant for Shmpsc {
    const NAME: &'static str = "shmpsc";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = Sender<T>;
    type Receiver<T: Value> = Receiver<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> Receiver<T> {
        Options::new().capacity(site.capacity()).bind(site.path(name)).expect("a fresh name")
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Sender<T> {
        site.shared(name, || connect(site.path(name)).expect("a bound name"))
    }
}

impl Tries for Shmpsc {
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

impl Blocks for Shmpsc {
    fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.blocking_send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.blocking_recv().expect("the senders have gone")
    }
}

impl Awaits for Shmpsc {
    async fn send<T: Value>(sender: &mut Sender<T>, value: T) {
        assert!(sender.send(value).await.is_ok(), "the receiver has gone");
    }

    async fn receive<T: Value>(receiver: &mut Receiver<T>) -> T {
        receiver.recv().await.expect("the senders have gone")
    }
}

impl TriesMany for Shmpsc {
    fn try_send_many<T: Value>(sender: &mut Sender<T>, values: &[T]) -> usize {
        match sender.try_send_many(values) {
            Ok(sent) => sent,
            Err(TrySendError::Full(())) => 0,
            Err(TrySendError::Closed(())) => panic!("the receiver has gone"),
        }
    }

    fn try_receive_many<T: Value>(receiver: &mut Receiver<T>, batch: &mut Vec<T>) {
        match receiver.try_recv_many(batch, BATCH) {
            Ok(_) | Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
        }
    }
}

impl BlocksMany for Shmpsc {
    fn send_many<T: Value>(sender: &mut Sender<T>, values: &[T]) {
        assert!(sender.blocking_send_many(values).is_ok(), "the receiver has gone");
    }

    fn receive_many<T: Value>(receiver: &mut Receiver<T>, batch: &mut Vec<T>) {
        assert_ne!(receiver.blocking_recv_many(batch, BATCH), 0, "the senders have gone");
    }
}
