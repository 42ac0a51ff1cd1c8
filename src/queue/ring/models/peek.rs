//! A value that was peeked is the next one received, whichever sender goes on in between: a stopped send that is published late, or
//! one that is found dead. The book tells whether a value was lost or doubled by that.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Taken};
use loom::thread;

/// One send is stopped, and behind it `peeked` is in the queue: a peek goes round the stopped one. It goes on, or dies, at
/// any moment, while another sender may find the tail on its slot.
fn peek_round_a_stall(capacity: u32, dies: bool, in_batch: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        let late = {
            let world = world.clone();
            thread::spawn(move || {
                if dies {
                    return world.kill(1, 1);
                }
                world.publish(1, stalled, 10);
                assert_ne!(world.try_send(1, 11), Claimed::Closed);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || assert_ne!(world.try_send(3, 30), Claimed::Closed))
        };
        let peeked = world.peek(&mut consumer);
        assert!(matches!(peeked, Taken::Value(10 | 20)), "one is there");
        assert_eq!(world.peek(&mut consumer), peeked);
        if in_batch {
            assert!(matches!(world.poll_many(&mut consumer), Taken::Value(1..)));
        } else {
            assert_eq!(world.poll(&mut consumer), peeked);
        }
        world.peek(&mut consumer);
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn round_a_stall_capacity_2() {
    peek_round_a_stall(2, false, false, Some(3));
}

#[test]
fn round_a_stall_capacity_3() {
    peek_round_a_stall(3, false, false, Some(2));
}

#[test]
fn round_a_stall_that_dies() {
    peek_round_a_stall(2, true, false, Some(3));
}

#[test]
fn round_a_stall_then_a_batch() {
    peek_round_a_stall(3, false, true, Some(2));
}

/// Of two stopped sends the newer one goes on and is peeked. The older one, whose value would go first, goes on after
/// that, or dies.
fn peek_a_late_value(dies: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(3, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let older = world.claim_one(1);
        let newer = world.claim_one(2);
        world.send(3, 30);
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        let first = {
            let world = world.clone();
            thread::spawn(move || if dies { world.kill(1, 1) } else { world.publish(1, older, 10) })
        };
        let second = {
            let world = world.clone();
            thread::spawn(move || {
                world.publish(2, newer, 20);
                assert_ne!(world.try_send(2, 21), Claimed::Closed);
            })
        };
        world.peek(&mut consumer);
        world.poll(&mut consumer);
        world.peek(&mut consumer);
        first.join().unwrap();
        second.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn a_late_value_and_an_older_one() {
    peek_a_late_value(false, Some(2));
}

#[test]
fn a_late_value_and_an_older_death() {
    peek_a_late_value(true, Some(2));
}

/// The receiver closes the channel with a value peeked: that comes first, then the late one, then the end.
/// Shows W61.
#[test]
fn then_close() {
    explore(Some(3), || {
        let world = World::new(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        let late = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, stalled, 10))
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                world.try_send(2, 21);
            })
        };
        world.peek(&mut consumer);
        world.queue().close(&*world);
        world.poll(&mut consumer);
        late.join().unwrap();
        sender.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        world.settle();
    });
}
