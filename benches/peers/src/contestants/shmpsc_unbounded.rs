//! The unbounded channel of this project, between processes, kept as shallow as the bounded one by its senders.

use std::thread;

use shmpsc::{Options, UnboundedReceiver, UnboundedSender, connect_unbounded, error::TryRecvError};

use crate::{
    cell::BATCH,
    contestant::{Awaits, Blocks, Contestant, Reach, Tries, TriesMany},
    harness::value::Value,
    site::Site,
};

/// A sender looks at the length of the queue after so many messages.
const LOOK: usize = 64;

pub(crate) struct Unbounded;

/// A sender, and how many messages it may send until it looks.
pub(crate) struct Shallow<T> {
    sender: UnboundedSender<T>,
    most: usize,
    free: usize,
}

impl<T: Value> Shallow<T> {
    /// Returns how many messages may be sent now.
    fn room(&mut self) -> usize {
        if self.free == 0 && self.sender.len() + LOOK <= self.most {
            self.free = LOOK;
        }
        self.free
    }
}

impl Contestant for Unbounded {
    const NAME: &'static str = "shmpsc, unbounded";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = Shallow<T>;
    type Receiver<T: Value> = UnboundedReceiver<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> UnboundedReceiver<T> {
        Options::new().bind_unbounded(site.path(name)).expect("a fresh name")
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Shallow<T> {
        let sender = site.shared(name, || connect_unbounded(site.path(name)).expect("a bound name"));
        Shallow { sender, most: site.capacity(), free: 0 }
    }
}

impl Tries for Unbounded {
    fn try_send<T: Value>(sender: &mut Shallow<T>, value: T) -> bool {
        let has_room = sender.room() > 0;
        if has_room {
            sender.free -= 1;
            assert!(sender.sender.send(value).is_ok(), "the receiver has gone");
        }
        has_room
    }

    fn try_receive<T: Value>(receiver: &mut UnboundedReceiver<T>) -> Option<T> {
        match receiver.try_recv() {
            Ok(value) => Some(value),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
        }
    }
}

impl Blocks for Unbounded {
    fn send<T: Value>(sender: &mut Shallow<T>, value: T) {
        while !Self::try_send(sender, value) {
            thread::yield_now();
        }
    }

    fn receive<T: Value>(receiver: &mut UnboundedReceiver<T>) -> T {
        receiver.blocking_recv().expect("the senders have gone")
    }
}

impl Awaits for Unbounded {
    async fn send<T: Value>(sender: &mut Shallow<T>, value: T) {
        while !Self::try_send(sender, value) {
            tokio::task::yield_now().await;
        }
    }

    async fn receive<T: Value>(receiver: &mut UnboundedReceiver<T>) -> T {
        receiver.recv().await.expect("the senders have gone")
    }
}

impl TriesMany for Unbounded {
    fn try_send_many<T: Value>(sender: &mut Shallow<T>, values: &[T]) -> usize {
        let sent = sender.room().min(values.len());
        sender.free -= sent;
        assert!(sender.sender.send_many(&values[..sent]).is_ok(), "the receiver has gone");
        sent
    }

    fn try_receive_many<T: Value>(receiver: &mut UnboundedReceiver<T>, batch: &mut Vec<T>) {
        match receiver.try_recv_many(batch, BATCH) {
            Ok(_) | Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => panic!("the senders have gone"),
        }
    }
}
