//! Senders that are stopped between claim and publish, for a while or for ever: no other sender waits for them, their slots
//! are skipped, and their values come when they come.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer, Span};
use crate::queue::{Consume, Taken};
use loom::thread;

/// One stalled send from the beginning on, another sender sends `sends` values meanwhile.
fn one_stall(capacity: u32, sends: u64, dies: bool, is_registered: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        if is_registered {
            world.send(2, 20);
            assert_eq!(world.poll(&mut consumer), Taken::Value(20));
            assert!(consumer.has_stalled());
        }
        let late = {
            let world = world.clone();
            thread::spawn(move || if dies { world.kill(1, 1) } else { world.publish(1, stalled, 10) })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 1..=sends {
                    assert_ne!(world.try_send(2, 20 + number), Claimed::Closed);
                }
            })
        };
        for _ in 0..=sends {
            world.poll(&mut consumer);
        }
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn one_stall_capacity_1() {
    one_stall(1, 1, false, false, Some(3));
}

#[test]
fn one_stall_capacity_2() {
    one_stall(2, 2, false, false, Some(3));
}

/// Shows W13.
#[test]
fn one_stall_registered_capacity_2() {
    one_stall(2, 2, false, true, Some(3));
}

/// Shows W13.
#[test]
fn one_stall_registered_capacity_3() {
    one_stall(3, 2, false, true, Some(2));
}

#[test]
fn one_stall_that_dies_capacity_2() {
    one_stall(2, 2, true, false, Some(3));
}

/// Shows W12.
#[test]
fn one_stall_that_dies_registered_capacity_2() {
    one_stall(2, 2, true, true, Some(3));
}

/// Two stalled sends of capacity 3, with room in the quarantine for `entries`.
fn two_stalls(entries: u32, dies: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(3, 1, entries);
        let mut consumer = Consumer::new(&world.queue());
        let first = world.claim_one(1);
        let second = world.claim_one(2);
        let late = {
            let world = world.clone();
            thread::spawn(move || {
                if dies {
                    world.kill(1, 1)
                } else {
                    world.publish(1, first, 10)
                }
                world.publish(2, second, 20);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 30..32 {
                    assert_ne!(world.try_send(3, number), Claimed::Closed);
                }
            })
        };
        for _ in 0..3 {
            world.poll(&mut consumer);
        }
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_stalls_in_two_entries() {
    two_stalls(2, false, Some(2));
}

#[test]
fn two_stalls_in_one_entry() {
    two_stalls(1, false, Some(2));
}

/// Shows W12.
#[test]
fn two_stalls_one_dies() {
    two_stalls(2, true, Some(2));
}

/// Two senders find the tail on a quarantined slot at once.
/// Shows W10.
#[test]
fn two_senders_make_a_position_void() {
    explore(Some(3), || {
        let world = World::with_light_fences(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let senders = [2, 3].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10 + 1))
        });
        world.poll(&mut consumer);
        world.publish(1, stalled, 10);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Claimed::Closed);
        }
        world.settle_whole(&mut consumer);
    });
}

/// A batch goes no further than the next quarantined slot.
/// Shows W8.
#[test]
fn a_batch_beside_a_stall() {
    explore(Some(2), || {
        let world = World::with_light_fences(3, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let late = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, stalled, 10))
        };
        let batch = {
            let world = world.clone();
            thread::spawn(move || {
                let mut first = 21;
                for _ in 0..2 {
                    if let Claimed::Granted(Span { count, .. }) = {
                        let claimed = world.claim(2, 2);
                        if let Claimed::Granted(span) = claimed {
                            world.publish(2, span, first);
                        }
                        claimed
                    } {
                        first += u64::from(count);
                    }
                }
            })
        };
        for _ in 0..3 {
            world.poll_many(&mut consumer);
        }
        late.join().unwrap();
        batch.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// One sender may be stopped between any two of its steps: the values of another one go through all the same, and
/// it loses no more than the one place that the stopped send may hold.
fn stopped_anywhere(capacity: u32, rounds: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stopped = {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, 10))
        };
        for number in 20..20 + rounds {
            // One place more or less may be the other's: a look at all there is must find ours.
            world.send(2, number);
            while !world.received().contains(&number) {
                assert!(matches!(world.poll(&mut consumer), Taken::Value(_)), "waits for a stopped sender");
            }
        }
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W6.
#[test]
fn stopped_anywhere_capacity_2() {
    stopped_anywhere(2, 3, Some(4));
}

/// Shows W6.
#[test]
fn stopped_anywhere_capacity_3() {
    stopped_anywhere(3, 4, Some(3));
}

/// The receiver goes round the stalled send while two senders come. A sender that finds a position void knows of the head that the
/// sender knew that made it void.
#[test]
fn a_void_position_tells_of_head() {
    explore(Some(3), || {
        let world = World::with_light_fences(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        let senders = [2, 3].map(|me| {
            let world = world.clone();
            thread::spawn(move || assert_ne!(world.try_send(me, u64::from(me) * 10 + 1), Claimed::Closed))
        });
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        for sender in senders {
            sender.join().unwrap();
        }
        world.publish(1, stalled, 10);
        world.settle_whole(&mut consumer);
    });
}
