//! Senders that stop for ever and are proved dead: what they published is received, what they did not is skipped,
//! and no position of another sender is taken for theirs.

use super::{Receiving, World, explore};
use crate::queue::Consume;
use crate::queue::ring::{Claimed, Consumer};
use loom::thread;

/// A sender dies between claim and publish, another one sends.
fn dies_before_publishing(capacity: u32, prefilled: u64) {
    explore(Some(3), move || {
        let world = World::new(capacity, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..prefilled {
            world.send(3, 30 + number);
        }
        let dying = {
            let world = world.clone();
            thread::spawn(move || match world.claim(1, 1) {
                Claimed::Granted(_) => world.kill(1, 1),
                _ => world.kill(1, 0),
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        dying.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W6.
#[test]
fn dies_before_publishing_capacity_1() {
    dies_before_publishing(1, 0);
}

#[test]
fn dies_before_publishing_capacity_2() {
    dies_before_publishing(2, 1);
}

/// Shows W6.
#[test]
fn dies_before_publishing_capacity_3() {
    dies_before_publishing(3, 1);
}

/// A sender dies right after its send: the proof of its death must not hide its value.
fn dies_after_publishing(capacity: u32) {
    explore(Some(3), move || {
        let world = World::new(capacity, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                world.try_send(1, 10);
                world.kill(1, 0);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        dying.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W7.
#[test]
fn dies_after_publishing_capacity_1() {
    dies_after_publishing(1);
}

/// Shows W7.
#[test]
fn dies_after_publishing_capacity_2() {
    dies_after_publishing(2);
}

/// Two processes claim one after the other, one of them dies, the other publishes: the live one's position must
/// not be taken for the dead one's.
fn whose_position(dead_first: bool) {
    explore(None, move || {
        let world = World::new(3, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        assert!(matches!(world.poll(&mut consumer), crate::queue::Taken::Value(30)));
        let (one, two) = if dead_first { (1, 2) } else { (2, 1) };
        let held = world.claim_one(one);
        let other = {
            let world = world.clone();
            thread::spawn(move || {
                let claimed = world.claim_one(two);
                if dead_first { world.publish(two, claimed, 20) } else { world.kill(two, 1) }
            })
        };
        let holder = {
            let world = world.clone();
            thread::spawn(move || if dead_first { world.kill(one, 1) } else { world.publish(one, held, 10) })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        other.join().unwrap();
        holder.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W5.
#[test]
fn whose_position_the_first_dies() {
    whose_position(true);
}

#[test]
fn whose_position_the_second_dies() {
    whose_position(false);
}

/// As before, with a third process that claims behind the two, so that two records stand.
#[test]
fn whose_position_of_three() {
    explore(Some(2), || {
        let world = World::new(3, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let held = world.claim_one(1);
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let _ = world.claim_one(2);
                world.kill(2, 1);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.send(3, 30))
        };
        let holder = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, held, 10))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for thread in [dying, sender, holder] {
            thread.join().unwrap();
        }
        world.settle_whole(&mut consumer);
    });
}

/// A sender read the claim word and the record it needs, and was stopped before it wrote its record. Meanwhile the slot
/// of that record comes round, and what is recorded there next must not be hidden by the old one.
/// Shows W5.
#[test]
fn an_old_record_does_not_hide_a_newer_one() {
    explore(Some(2), || {
        let world = World::new(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(2, 20);
        world.poll(&mut consumer);
        let stopped = {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, 10))
        };
        world.try_send(3, 30);
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        let held = world.claim(2, 1);
        let recorder = {
            let world = world.clone();
            thread::spawn(move || {
                if let Claimed::Granted(_) = world.claim(3, 1) {
                    world.kill(3, 1);
                }
            })
        };
        recorder.join().unwrap();
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        if let Claimed::Granted(held) = held {
            world.publish(2, held, 21);
        }
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Explores a number that is given again. A process ends with `published` values in the queue and `unpublished` positions behind
/// them. Its number is given again as soon as none of its positions is unpublished, wherever the receiver is. Then the next
/// process with that number sends, or `is_killed_too`. Nothing of the first process is taken for the second one's.
fn a_number_is_given_again(published: u64, unpublished: i64, is_killed_too: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_numbers(4, 2);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..published {
                    world.send(1, 10 + number);
                }
                for _ in 0..unpublished {
                    let _ = world.claim_one(1);
                }
                world.kill(1, unpublished);
                world.queue().repair(1, &*world);
                if !world.give_again_if_it_owns_nothing(1) {
                    return;
                }
                if let Claimed::Granted(span) = world.claim(1, 1) {
                    if is_killed_too {
                        world.kill(1, 1);
                    } else {
                        world.publish(1, span, 15);
                    }
                }
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        porter.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn a_number_given_again_with_values_queued() {
    a_number_is_given_again(2, 0, false, Some(2));
}

#[test]
fn a_number_given_again_with_values_queued_dies() {
    a_number_is_given_again(1, 0, true, Some(2));
}

#[test]
fn a_number_of_unpublished_positions_is_kept() {
    a_number_is_given_again(1, 1, false, Some(2));
}

#[test]
fn a_number_of_unpublished_positions_is_kept_and_dies() {
    a_number_is_given_again(0, 2, true, Some(2));
}
