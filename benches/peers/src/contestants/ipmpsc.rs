//! ipmpsc's ring in a shared file, with messages that are bytes; its room is counted in bytes.

use ::ipmpsc::{Receiver, Sender, SharedRingBuffer};
use bytemuck::{bytes_of, pod_read_unaligned};
use std::{marker::PhantomData, time::Duration};

use crate::{
    contestant::{Blocks, Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

/// What a message takes in the ring beside its bytes.
const OVERHEAD: usize = 12;

pub(crate) struct Ipmpsc;

/// An end for messages of one type.
pub(crate) struct For<T, End>(End, PhantomData<T>);

impl Contestant for Ipmpsc {
    const NAME: &'static str = "ipmpsc";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = For<T, Sender>;
    type Receiver<T: Value> = For<T, Receiver>;

    fn bind<T: Value>(site: &Site, name: &str) -> For<T, Receiver> {
        let path = site.path(name);
        // A full ring keeps a gap.
        let room = (site.capacity() + 2) * (size_of::<T>() + OVERHEAD);
        let ring = SharedRingBuffer::create(path.to_str().expect("a plain path"), room as u32);
        For(Receiver::new(ring.expect("a fresh name")), PhantomData)
    }

    fn connect<T: Value>(site: &Site, name: &str) -> For<T, Sender> {
        let path = site.path(name);
        let open = || SharedRingBuffer::open(path.to_str().expect("a plain path")).expect("a bound name");
        For(Sender::new(site.shared(name, open)), PhantomData)
    }
}

impl Tries for Ipmpsc {
    fn try_send<T: Value>(For(sender, _): &mut For<T, Sender>, value: T) -> bool {
        sender.send_timeout(&bytes_of(&value), Duration::ZERO).expect("a ring that works")
    }

    fn try_receive<T: Value>(For(receiver, _): &mut For<T, Receiver>) -> Option<T> {
        let mut context = receiver.zero_copy_context();
        let bytes: Option<&[u8]> = context.try_recv().expect("a ring that works");
        bytes.map(pod_read_unaligned)
    }
}

impl Blocks for Ipmpsc {
    fn send<T: Value>(For(sender, _): &mut For<T, Sender>, value: T) {
        sender.send(&bytes_of(&value)).expect("a ring that works");
    }

    fn receive<T: Value>(For(receiver, _): &mut For<T, Receiver>) -> T {
        let mut context = receiver.zero_copy_context();
        let bytes: &[u8] = context.recv().expect("a ring that works");
        pod_read_unaligned(bytes)
    }
}
