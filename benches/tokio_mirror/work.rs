//! What one iteration does once it has a channel.
//!
//! Making and dropping the channel belongs to the iteration too; that part stands in [`crate::rows`].

use std::hint::black_box;

use tokio::runtime::Runtime;

use crate::channels::{Receiving, Sending, Value};

/// Tasks that send at the same time.
const SENDERS: usize = 5;
/// Messages of each of them.
const EACH: usize = 1000;
/// Messages of an iteration.
const ALL: usize = SENDERS * EACH;

/// One message in and out, each in a `block_on` of its own.
pub(crate) fn send_one<T: Value>(runtime: &Runtime, tx: &impl Sending<T>, rx: &mut impl Receiving<T>) {
    runtime.block_on(tx.send(black_box(T::zeroed())));
    black_box(runtime.block_on(rx.recv()));
}

/// How the messages are taken out.
#[derive(Clone, Copy)]
pub(crate) enum Taking {
    /// One by one.
    Single,
    /// As many as there are.
    Many,
}

/// Five tasks send, this one receives.
pub(crate) async fn contention(tx: &impl Sending<usize>, rx: &mut impl Receiving<usize>, taking: Taking) {
    for _ in 0..SENDERS {
        let tx = tx.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                tx.send(number).await;
            }
        });
    }
    take_all(rx, taking).await;
}

/// This task sends everything and then receives everything.
pub(crate) async fn alone(tx: &impl Sending<usize>, rx: &mut impl Receiving<usize>, taking: Taking) {
    for number in 0..ALL {
        tx.send(number).await;
    }
    take_all(rx, taking).await;
}

async fn take_all(rx: &mut impl Receiving<usize>, taking: Taking) {
    match taking {
        Taking::Single => {
            for _ in 0..ALL {
                black_box(rx.recv().await);
            }
        }
        Taking::Many => {
            let mut values = Vec::with_capacity(ALL);
            let mut taken = 0;
            while taken < ALL {
                let some = rx.recv_many(&mut values, ALL).await;
                assert_ne!(some, 0, "an open channel");
                taken += some;
            }
            black_box(values);
        }
    }
}
