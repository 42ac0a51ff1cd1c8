//! shmpsc between two processes: the receiver in the parent, the sender in the child, met under a name.
//!
//! A round trip takes two channels, one bound by each side.

use std::hint::spin_loop;

use ::shmpsc::{
    Options, Receiver, Sender,
    error::{TryRecvError, TrySendError},
};

use super::runtime;
use crate::{
    goals::OURS,
    harness::value::Value,
    lanes::{Figure, Lane, Run, Way},
    partner::{Guest, Venue},
    traffic::{
        BATCH, CAPACITY, tasks,
        threads::{drain, drain_batches, echo, pump, pump_batches, trips},
    },
};

pub(super) fn lanes<T: Value>() -> Vec<Lane> {
    let lane = |figure, way, run| Lane::new::<T>(OURS, figure, way, run);
    vec![
        lane(Figure::OneWay, Way::Busy, one_way::<T, Busy>()),
        lane(Figure::OneWay, Way::Blocking, one_way::<T, Blocking>()),
        lane(Figure::OneWay, Way::Async, one_way_async::<T>()),
        lane(Figure::OneWay, Way::Batch, batches::<T>()),
        lane(Figure::OneWay, Way::AsyncBatch, batches_async::<T>()),
        lane(Figure::RoundTrip, Way::Busy, round_trip::<T, Busy>()),
        lane(Figure::RoundTrip, Way::Blocking, round_trip::<T, Blocking>()),
        lane(Figure::RoundTrip, Way::Async, round_trip_async::<T>()),
    ]
}

/// The name of the channel whose receiver is in the parent.
const UP: &str = "up";
/// The name of the channel whose receiver is in the child.
const DOWN: &str = "down";

fn bind<T: Value>(venue: &Venue, name: &str) -> Receiver<T> {
    Options::new().capacity(CAPACITY).bind(venue.path(name)).expect("a fresh name")
}

fn connect<T: Value>(venue: &Venue, name: &str) -> Sender<T> {
    Options::new().connect(venue.path(name)).expect("a bound name")
}

fn one_way<T: Value, W: Waits>() -> Run {
    Run::Processes {
        here: |host, load| {
            let mut rx = bind::<T>(host.venue, UP);
            host.call_in();
            drain(load, || W::receive(&mut rx))
        },
        there: |guest, load| {
            let tx = connect::<T>(guest.venue, UP);
            guest.ready();
            pump(load, |value| W::send(&tx, value));
        },
    }
}

fn batches<T: Value>() -> Run {
    Run::Processes {
        here: |host, load| {
            let mut rx = bind::<T>(host.venue, UP);
            host.call_in();
            drain_batches(load, |batch| assert_ne!(rx.blocking_recv_many(batch, BATCH), 0))
        },
        there: |guest, load| {
            let tx = connect::<T>(guest.venue, UP);
            guest.ready();
            pump_batches(load, |batch| {
                assert!(tx.blocking_send_many(batch).is_ok(), "the receiver has gone")
            });
        },
    }
}

fn round_trip<T: Value, W: Waits>() -> Run {
    Run::Processes {
        here: |host, load| {
            let mut rx = bind::<T>(host.venue, UP);
            host.call_in();
            let tx = connect::<T>(host.venue, DOWN);
            trips(load, |value| W::send(&tx, value), || W::receive(&mut rx))
        },
        there: |guest, load| {
            let (tx, mut rx) = there(guest);
            echo::<T>(load, || W::receive(&mut rx), |value| W::send(&tx, value));
        },
    }
}

/// The child's ends of a round trip.
fn there<T: Value>(guest: &Guest<'_>) -> (Sender<T>, Receiver<T>) {
    let rx = bind(guest.venue, DOWN);
    let tx = connect(guest.venue, UP);
    guest.ready();
    (tx, rx)
}

fn one_way_async<T: Value>() -> Run {
    Run::Processes {
        here: |host, load| {
            runtime().block_on(async {
                let rx = bind::<T>(host.venue, UP);
                host.call_in();
                tasks::drain(load, rx).await
            })
        },
        there: |guest, load| {
            runtime().block_on(async {
                let tx = connect::<T>(guest.venue, UP);
                guest.ready();
                tasks::pump(load, tx).await
            });
        },
    }
}

fn batches_async<T: Value>() -> Run {
    Run::Processes {
        here: |host, load| {
            runtime().block_on(async {
                let mut rx = bind::<T>(host.venue, UP);
                host.call_in();
                let receive = async |batch: &mut _| assert_ne!(rx.recv_many(batch, BATCH).await, 0);
                tasks::drain_batches(load, receive).await
            })
        },
        there: |guest, load| {
            runtime().block_on(async {
                let tx = connect::<T>(guest.venue, UP);
                guest.ready();
                let send =
                    async |batch: &[T]| assert!(tx.send_many(batch).await.is_ok(), "the receiver has gone");
                tasks::pump_batches(load, send).await
            });
        },
    }
}

fn round_trip_async<T: Value>() -> Run {
    Run::Processes {
        here: |host, load| {
            runtime().block_on(async {
                let rx = bind::<T>(host.venue, UP);
                host.call_in();
                let tx = connect::<T>(host.venue, DOWN);
                tasks::trips(load, tx, rx).await
            })
        },
        there: |guest, load| {
            runtime().block_on(async {
                let (tx, rx) = there::<T>(guest);
                tasks::echo(load, rx, tx).await
            });
        },
    }
}

impl<T: Value> tasks::Outgoing<T> for Sender<T> {
    async fn send(&mut self, value: T) {
        assert!(Sender::send(self, value).await.is_ok(), "the receiver has gone");
    }
}

impl<T: Value> tasks::Incoming<T> for Receiver<T> {
    async fn receive(&mut self) -> T {
        self.recv().await.expect("the sender has gone")
    }
}

/// One message in and out.
trait Waits {
    fn send<T: Value>(tx: &Sender<T>, value: T);
    fn receive<T: Value>(rx: &mut Receiver<T>) -> T;
}

struct Busy;

impl Waits for Busy {
    fn send<T: Value>(tx: &Sender<T>, mut value: T) {
        loop {
            match tx.try_send(value) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) => value = back,
                Err(TrySendError::Closed(_)) => panic!("the receiver has gone"),
            }
            spin_loop();
        }
    }

    fn receive<T: Value>(rx: &mut Receiver<T>) -> T {
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
    fn send<T: Value>(tx: &Sender<T>, value: T) {
        assert!(tx.blocking_send(value).is_ok(), "the receiver has gone");
    }

    fn receive<T: Value>(rx: &mut Receiver<T>) -> T {
        rx.blocking_recv().expect("the sender has gone")
    }
}
