//! Two ways for a thread to wait: blocked in the channel's own call, or busy in a loop that is the same for all.

use std::{hint::spin_loop, thread::yield_now};

use crate::{
    cell::Way,
    channel::{Receiving, Sending},
};

/// How one value goes in and out.
pub(crate) trait Waits: 'static {
    const WAY: Way;

    fn send<T: Copy>(sender: &impl Sending<T>, value: T);

    fn receive<T>(receiver: &mut impl Receiving<T>) -> T;
}

/// Leaves it to the channel.
pub(crate) struct Blocking;

impl Waits for Blocking {
    const WAY: Way = Way::Blocking;

    fn send<T: Copy>(sender: &impl Sending<T>, value: T) {
        sender.send(value);
    }

    fn receive<T>(receiver: &mut impl Receiving<T>) -> T {
        receiver.receive()
    }
}

/// Tries until it succeeds.
pub(crate) struct Busy;

impl Waits for Busy {
    const WAY: Way = Way::Busy;

    fn send<T: Copy>(sender: &impl Sending<T>, value: T) {
        retry(|| sender.try_send(value).then_some(()));
    }

    fn receive<T>(receiver: &mut impl Receiving<T>) -> T {
        retry(|| receiver.try_receive())
    }
}

/// Tries in a loop that spins a few times and then gives the core away.
fn retry<R>(mut attempt: impl FnMut() -> Option<R>) -> R {
    const SPINS: usize = 16;
    loop {
        for _ in 0..SPINS {
            if let Some(result) = attempt() {
                return result;
            }
            spin_loop();
        }
        yield_now();
    }
}
