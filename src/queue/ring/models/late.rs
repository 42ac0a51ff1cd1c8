//! Late looks: the light side is no fence at all, so a sleeper and a waker can miss each other. Once time has passed, the sleeper looks
//! again, or another thread for it, and none is left asleep. Without that the same model ends in a deadlock.

use super::{Receiving, World, explore};
use crate::queue::models::late::{SENT, a_task_receives, a_thread_receives};
use crate::queue::ring::Consumer;
use crate::queue::{Consume, Queue, Taken};
use loom::thread;

/// A value is sent while the receiver falls asleep.
fn a_value_is_sent(looks_late: bool) {
    explore(None, move || {
        a_thread_receives(World::with_late_looks(2, 1, looks_late), |world| world.send(1, SENT))
    });
}

#[test]
fn a_receiver_that_was_missed_looks_late() {
    a_value_is_sent(true);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_receiver_that_was_missed_sleeps_on_without() {
    a_value_is_sent(false);
}

/// Room is made while a sender falls asleep.
fn room_is_made(looks_late: bool) {
    explore(Some(3), move || {
        let world = World::with_late_looks(1, 1, looks_late);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let waiter = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(1, 10)))
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        world.outside.futexes.pass_time();
        waiter.join().unwrap();
        world.drain(&mut consumer);
        world.settle();
    });
}

#[test]
fn a_sender_that_was_missed_looks_late() {
    room_is_made(true);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_sender_that_was_missed_sleeps_on_without() {
    room_is_made(false);
}

/// The porter looks for a receiver whose task sleeps, after the sender is done.
#[test]
fn a_receiving_task_that_was_missed_is_looked_for() {
    explore(None, || {
        let look_late =
            |world: &World, woken: &_| Queue::Ring(world.queue()).look_late_for_receiver(false, woken);
        a_task_receives(World::with_light_fences(2, 1, 1), |world| world.send(1, SENT), look_late);
    });
}
