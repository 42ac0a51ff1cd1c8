//! A bare ring of one producer and one consumer in shared memory: the least that moves a message between two processes.

use crate::{
    contestant::{Contestant, Reach, Tries},
    harness::{
        ring::{Consumer, Producer, reset},
        value::Value,
    },
    site::Site,
};

pub(crate) struct BareSpsc;

impl Contestant for BareSpsc {
    const NAME: &'static str = "bare SPSC ring";
    const REACH: Reach = Reach::Processes;
    const SENDERS: usize = 1;

    type Sender<T: Value> = Producer<T>;
    type Receiver<T: Value> = Consumer<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> Consumer<T> {
        reset::<T>(site.memory(name));
        Consumer::new(site.memory(name))
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Producer<T> {
        Producer::new(site.memory(name))
    }
}

impl Tries for BareSpsc {
    fn try_send<T: Value>(sender: &mut Producer<T>, value: T) -> bool {
        sender.try_push(value)
    }

    fn try_receive<T: Value>(receiver: &mut Consumer<T>) -> Option<T> {
        receiver.try_pop()
    }
}
