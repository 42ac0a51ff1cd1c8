//! How a thread waits: blocked in the channel's own call, or busy in a loop that is the same for all.

use std::{hint::spin_loop, thread::yield_now};

use crate::{
    cell::{BATCH, Cell},
    contestant::{Blocks, BlocksMany, Contestant, Tries, TriesMany},
    harness::value::Value,
};

/// How one message goes in and out.
pub(crate) trait Waits<C: Contestant>: Copy + Sync {
    /// Makes it for a cell.
    fn of(cell: &Cell) -> Self;

    fn send<T: Value>(self, sender: &mut C::Sender<T>, value: T);

    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>) -> T;
}

/// How a batch goes in and out.
pub(crate) trait WaitsMany<C: Contestant>: Copy + Sync {
    /// Makes it for a cell.
    fn of(cell: &Cell) -> Self;

    /// Sends all.
    fn send<T: Value>(self, sender: &mut C::Sender<T>, values: &[T]);

    /// Appends at least one.
    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>, batch: &mut Vec<T>);
}

/// Leaves it to the channel.
#[derive(Clone, Copy)]
pub(crate) struct Blocking;

impl<C: Blocks> Waits<C> for Blocking {
    fn of(_: &Cell) -> Self {
        Self
    }

    fn send<T: Value>(self, sender: &mut C::Sender<T>, value: T) {
        C::send(sender, value);
    }

    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>) -> T {
        C::receive(receiver)
    }
}

impl<C: BlocksMany> WaitsMany<C> for Blocking {
    fn of(_: &Cell) -> Self {
        Self
    }

    fn send<T: Value>(self, sender: &mut C::Sender<T>, values: &[T]) {
        C::send_many(sender, values);
    }

    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>, batch: &mut Vec<T>) {
        C::receive_many(receiver, batch);
    }
}

/// Tries until it succeeds: with a core for each end it spins, otherwise it yields now and then.
#[derive(Clone, Copy)]
pub(crate) struct Busy {
    /// Failed tries before the core is given away.
    spins: u32,
}

impl Busy {
    fn among(cell: &Cell) -> Self {
        Self { spins: if cell.has_a_core_for_each() { u32::MAX } else { 16 } }
    }

    #[inline]
    fn retry<R>(self, mut attempt: impl FnMut() -> Option<R>) -> R {
        loop {
            for _ in 0..self.spins {
                if let Some(result) = attempt() {
                    return result;
                }
                spin_loop();
            }
            yield_now();
        }
    }
}

impl<C: Tries> Waits<C> for Busy {
    fn of(cell: &Cell) -> Self {
        Self::among(cell)
    }

    fn send<T: Value>(self, sender: &mut C::Sender<T>, value: T) {
        self.retry(|| C::try_send(sender, value).then_some(()));
    }

    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>) -> T {
        self.retry(|| C::try_receive(receiver))
    }
}

impl<C: TriesMany> WaitsMany<C> for Busy {
    fn of(cell: &Cell) -> Self {
        Self::among(cell)
    }

    fn send<T: Value>(self, sender: &mut C::Sender<T>, values: &[T]) {
        let mut rest = values;
        while !rest.is_empty() {
            let sent = self.retry(|| Some(C::try_send_many(sender, rest)).filter(|&sent| sent > 0));
            rest = &rest[sent..];
        }
    }

    fn receive<T: Value>(self, receiver: &mut C::Receiver<T>, batch: &mut Vec<T>) {
        batch.reserve(BATCH);
        self.retry(|| {
            C::try_receive_many(receiver, batch);
            (!batch.is_empty()).then_some(())
        });
    }
}
