//! crossbeam-channel's bounded channel within one process, between two threads.
//!
//! It has no async calls and no batches.

use std::hint::spin_loop;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use crate::{
    harness::{cores::Cores, rounds::Timing, value::Value},
    lanes::{Figure, Lane, Run, Way, side_by_side},
    traffic::{
        CAPACITY, Load,
        threads::{drain, echo, pump, trips},
    },
};

pub(super) fn lanes<T: Value>() -> Vec<Lane> {
    let lane = |figure, way, run| Lane::new::<T>("crossbeam, 2 threads", figure, way, Run::Threads(run));
    vec![
        lane(Figure::OneWay, Way::Busy, one_way::<T, Busy>),
        lane(Figure::OneWay, Way::Blocking, one_way::<T, Blocking>),
        lane(Figure::RoundTrip, Way::Busy, round_trip::<T, Busy>),
        lane(Figure::RoundTrip, Way::Blocking, round_trip::<T, Blocking>),
    ]
}

fn one_way<T: Value, W: Waits>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, rx) = bounded::<T>(CAPACITY);
    side_by_side(cores, || pump(load, |value| W::send(&tx, value)), || drain(load, || W::receive(&rx)))
}

fn round_trip<T: Value, W: Waits>(cores: Option<Cores>, load: Load) -> Timing {
    let (tx, there_rx) = bounded::<T>(CAPACITY);
    let (there_tx, rx) = bounded::<T>(CAPACITY);
    side_by_side(
        cores,
        || echo(load, || W::receive(&there_rx), |value| W::send(&there_tx, value)),
        || trips(load, |value| W::send(&tx, value), || W::receive(&rx)),
    )
}

/// One message in and out.
trait Waits {
    fn send<T>(tx: &Sender<T>, value: T);
    fn receive<T>(rx: &Receiver<T>) -> T;
}

struct Busy;

impl Waits for Busy {
    fn send<T>(tx: &Sender<T>, mut value: T) {
        loop {
            match tx.try_send(value) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) => value = back,
                Err(TrySendError::Disconnected(_)) => panic!("the receiver has gone"),
            }
            spin_loop();
        }
    }

    fn receive<T>(rx: &Receiver<T>) -> T {
        loop {
            match rx.try_recv() {
                Ok(value) => return value,
                Err(TryRecvError::Empty) => spin_loop(),
                Err(TryRecvError::Disconnected) => panic!("the sender has gone"),
            }
        }
    }
}

struct Blocking;

impl Waits for Blocking {
    fn send<T>(tx: &Sender<T>, value: T) {
        assert!(tx.send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T>(rx: &Receiver<T>) -> T {
        rx.recv().expect("the sender has gone")
    }
}
