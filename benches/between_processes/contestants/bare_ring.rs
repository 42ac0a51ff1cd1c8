//! The yardstick as a contestant: one bare ring for one way, two of them for a round trip.
//!
//! There is nothing here that could wait other than busily.

use crate::{
    harness::{
        ring::{Consumer, Producer, reset},
        rounds::Timing,
        value::Value,
    },
    lanes::{Figure, Lane, Run, Way},
    partner::{Guest, Host},
    traffic::{
        Load,
        threads::{drain, echo, pump, trips},
    },
};

pub(super) fn lanes<T: Value>() -> Vec<Lane> {
    let one_way = Run::Processes { here: one_way_here::<T>, there: one_way_there::<T> };
    let round_trip = Run::Processes { here: round_trip_here::<T>, there: round_trip_there::<T> };
    vec![
        Lane::new::<T>("bare ring, 2 processes", Figure::OneWay, Way::Busy, one_way),
        Lane::new::<T>("bare ring, 2 processes", Figure::RoundTrip, Way::Busy, round_trip),
    ]
}

fn one_way_here<T: Value>(host: &mut Host<'_>, load: Load) -> Timing {
    reset::<T>(host.venue.ring(0));
    let mut consumer = Consumer::<T>::new(host.venue.ring(0));
    host.call_in();
    drain(load, || consumer.pop())
}

fn one_way_there<T: Value>(guest: &Guest<'_>, load: Load) {
    let mut producer = Producer::<T>::new(guest.venue.ring(0));
    guest.ready();
    pump(load, |value| producer.push(value));
}

fn round_trip_here<T: Value>(host: &mut Host<'_>, load: Load) -> Timing {
    reset::<T>(host.venue.ring(0));
    reset::<T>(host.venue.ring(1));
    let mut producer = Producer::<T>::new(host.venue.ring(0));
    let mut consumer = Consumer::<T>::new(host.venue.ring(1));
    host.call_in();
    trips(load, |value| producer.push(value), || consumer.pop())
}

fn round_trip_there<T: Value>(guest: &Guest<'_>, load: Load) {
    let mut consumer = Consumer::<T>::new(guest.venue.ring(0));
    let mut producer = Producer::<T>::new(guest.venue.ring(1));
    guest.ready();
    echo(load, || consumer.pop(), |value| producer.push(value));
}
