//! The receiver of an unbounded channel is handed over, or killed at each beginning and end of a call to the system on the way. Some
//! chunks full of values of a process that has ended go along.

use super::{
    memory::{POSITIONS, options, sends},
    receiving::HAND_OVER,
};
use crate::{
    part::at_every_system_call,
    people::{eventually, room, start},
    steps::{Led, Pace, Stands},
    world::Value,
};

/// Values in the queue when it is handed over.
const QUEUED: u64 = 2 * POSITIONS + 3;

/// Leads a new receiver to a position, unless the hand-over ends before. There it is killed; at its end it has all that it had.
fn happens(steps: usize) -> (usize, Stands) {
    let room = room();
    let mut receiver = start(&format!("receives-unbounded {}", HAND_OVER.name), &room.name());
    let thread = receiver.hear().parse().expect("a thread");
    let mut sender = start(&format!("fills-unbounded {}", QUEUED + 1), &room.name());
    assert_eq!(sender.hear(), "filled");
    assert_eq!(receiver.obeys("receives 1"), "1");
    sender.kill();
    assert_eq!(receiver.obeys("is-alone"), "alone");
    receiver.order("operates");
    let mut led = Led::at_its_mark(receiver, thread, false).at_pace(Pace::SystemCall);
    let (went, stands) = led.goes(steps);
    if stands == Stands::Inside {
        led.dies();
        eventually("the name can be bound", || options().bind_unbounded::<Value>(room.name()).is_ok());
        return (went, stands);
    }
    assert_eq!(led.tells(), "0");
    assert_eq!(led.obeys("is-there"), "true");
    assert_eq!(led.obeys(format_args!("receives {QUEUED}")), QUEUED.to_string());
    assert_eq!(led.obeys("finds-nothing"), "nothing");
    let sender = shmpsc::connect_unbounded::<Value>(room.name()).unwrap();
    assert_eq!(sends(&sender, 0, QUEUED + 1, 3 * POSITIONS), 3 * POSITIONS, "memory goes along");
    assert_eq!(led.obeys(format_args!("receives {}", 3 * POSITIONS)), (3 * POSITIONS).to_string());
    led.dies();
    eventually("the channel is closed", || sender.is_closed());
    (went, stands)
}

/// Shows T19.
#[test]
fn a_receiver_is_handed_over_whole_or_killed_and_frees_its_name() {
    if !crate::can_lead() {
        return;
    }
    let _patience = crate::patience();
    at_every_system_call(&format!("unbounded {}, killed", HAND_OVER.name), happens);
}
