//! rtrb's ring within a process: one producer, one consumer, and no way to wait.

use ::rtrb::{Consumer, Producer, RingBuffer};

use crate::{
    cell::BATCH,
    contestant::{Contestant, Reach, Tries, TriesMany},
    harness::value::Value,
    site::Site,
};

pub(crate) struct Rtrb;

impl Contestant for Rtrb {
    const NAME: &'static str = "rtrb";
    const REACH: Reach = Reach::Threads;
    const SENDERS: usize = 1;

    type Sender<T: Value> = Producer<T>;
    type Receiver<T: Value> = Consumer<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> Consumer<T> {
        let (producer, consumer) = RingBuffer::new(site.capacity());
        site.keep::<Producer<T>>(name, producer);
        consumer
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Producer<T> {
        site.take(name)
    }
}

impl Tries for Rtrb {
    fn try_send<T: Value>(sender: &mut Producer<T>, value: T) -> bool {
        sender.push(value).is_ok()
    }

    fn try_receive<T: Value>(receiver: &mut Consumer<T>) -> Option<T> {
        receiver.pop().ok()
    }
}

impl TriesMany for Rtrb {
    fn try_send_many<T: Value>(sender: &mut Producer<T>, values: &[T]) -> usize {
        sender.push_partial_slice(values).0.len()
    }

    fn try_receive_many<T: Value>(receiver: &mut Consumer<T>, batch: &mut Vec<T>) {
        let chunk = receiver.read_chunk(receiver.slots().min(BATCH)).expect("as many as there are");
        let (front, back) = chunk.as_slices();
        batch.extend_from_slice(front);
        batch.extend_from_slice(back);
        chunk.commit_all();
    }
}
