//! Senders that are killed before any one of their writes: what they left is repaired, whatever it is, and no sender or receiver is
//! left asleep.
//!
//! What a process leaves changes only by its writes, so a kill between two of them is a kill anywhere between. The models go
//! through the writes one by one, and for each through the interleavings with the living.

use super::moves::*;
use super::{Receiving, World, explore, explore_pairs, explore_writes};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Number, Taken};
use crate::sync::killed_at_write;
use crate::wait::Stand;
use loom::thread::{self, JoinHandle};
use std::sync::Arc;

/// Nothing is left of a dead one but void positions, and those of the living.
fn is_put_right(world: &Arc<World>, consumer: &mut Consumer) {
    let queue = world.queue();
    world.settle_whole(consumer);
    assert_eq!((world.reserved(), queue.common().strong_count(), queue.common().weak_count()), (0, 1, 0));
}

/// Number 1 is killed before one of its writes, and then its death is heard of. Gives whether it came to that write.
fn dies(
    world: &Arc<World>,
    write: usize,
    act: impl FnOnce(&Arc<World>, Number) + Send + 'static,
) -> JoinHandle<bool> {
    let world = world.clone();
    thread::spawn(move || {
        let is_killed = killed_at_write(write, || act(&world, 1));
        world.bury(&[1]);
        is_killed
    })
}

/// One is killed while another sends and the receiver takes.
fn one_dies(capacity: u32, act: Move, switches: Option<usize>) {
    explore_writes(switches, move |write| {
        let world = World::new(capacity, 1, 2);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        world.send(3, 30);
        let dying = dies(&world, write, act);
        let other = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        let is_killed = dying.join().unwrap();
        other.join().unwrap();
        is_put_right(&world, &mut consumer);
        is_killed
    });
}

#[test]
fn in_a_send() {
    for capacity in 1..=3 {
        one_dies(capacity, sends, Some(1));
    }
}

#[test]
fn in_a_batch() {
    for capacity in 2..=3 {
        one_dies(capacity, sends_a_batch, Some(1));
    }
}

#[test]
fn in_a_batch_in_parts() {
    for capacity in 2..=3 {
        one_dies(capacity, sends_a_batch_in_parts, Some(1));
    }
}

#[test]
fn in_the_line() {
    for capacity in 1..=3 {
        one_dies(capacity, waits, Some(1));
    }
}

#[test]
fn in_the_line_for_two() {
    for capacity in 2..=3 {
        one_dies(capacity, waits_for_two, Some(1));
    }
}

#[test]
fn with_a_permit_that_is_sent_on() {
    for capacity in 1..=3 {
        one_dies(capacity, reserves_and_sends, Some(1));
    }
}

#[test]
fn with_a_permit_that_is_given_back() {
    for capacity in 1..=3 {
        one_dies(capacity, reserves_and_gives_back, Some(1));
    }
}

#[test]
fn with_handles() {
    one_dies(1, comes_and_goes, Some(1));
}

/// The tail stands on a slot in quarantine when one is killed that goes over it.
fn one_dies_at_a_void_position(act: Move) {
    explore_writes(Some(1), move |write| {
        let world = World::new(2, 1, 2);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        let stalled = world.claim_one(3);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let dying = dies(&world, write, act);
        world.poll(&mut consumer);
        world.try_send(2, 21);
        world.poll(&mut consumer);
        let is_killed = dying.join().unwrap();
        world.publish(3, stalled, 30);
        is_put_right(&world, &mut consumer);
        is_killed
    });
}

#[test]
fn at_a_void_position() {
    one_dies_at_a_void_position(sends);
}

#[test]
fn at_a_void_position_with_a_permit() {
    one_dies_at_a_void_position(reserves_and_sends);
}

/// One is killed while another sleeps for room and the receiver until the end, which comes with the last handle. The dead
/// one's is one of them.
fn one_dies_and_others_sleep(capacity: u32, act: Move, switches: Option<usize>) {
    explore_writes(switches, move |write| {
        let world = World::new(capacity, 1, 2);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        for number in 0..u64::from(capacity) {
            world.send(3, 30 + number);
        }
        let dying = dies(&world, write, act);
        let other = {
            let world = world.clone();
            thread::spawn(move || {
                assert!(world.send_asleep(2, 20));
                world.queue().common().drop_strong(2, &*world);
            })
        };
        while world.receive_asleep(&mut consumer).is_some() {}
        other.join().unwrap();
        let is_killed = dying.join().unwrap();
        world.settle();
        assert_eq!(world.queue().free_capacity(), capacity as usize);
        is_killed
    });
}

#[test]
fn in_a_send_and_others_sleep() {
    one_dies_and_others_sleep(1, sends, Some(0));
    one_dies_and_others_sleep(2, sends, Some(0));
}

/// The line has one common record, so the second sender has that of its process.
#[test]
fn in_the_line_and_others_sleep() {
    one_dies_and_others_sleep(1, waits, Some(0));
    one_dies_and_others_sleep(2, waits, Some(0));
}

#[test]
fn with_a_permit_and_others_sleep() {
    one_dies_and_others_sleep(1, reserves_and_sends, Some(0));
    one_dies_and_others_sleep(1, reserves_and_gives_back, Some(0));
}

fn drops_its_last_handle(world: &Arc<World>, me: Number) {
    world.queue().common().drop_strong(me, &**world);
}

#[test]
fn with_the_last_handle_and_others_sleep() {
    one_dies_and_others_sleep(1, drops_its_last_handle, Some(0));
    one_dies_and_others_sleep(1, comes_and_goes, Some(0));
}

/// The last handle of all is dropped while the receiver sleeps, and only the death tells it so.
#[test]
fn with_the_last_handle_of_all() {
    explore_writes(Some(2), |write| {
        let world = World::new(1, 1, 1);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(1));
        let dying = dies(&world, write, drops_its_last_handle);
        assert_eq!(world.receive_asleep(&mut consumer), None);
        dying.join().unwrap()
    });
}

/// A sender that leaves the line is killed before any write of that, also between the ring of the next one and the taking
/// away of the line's mark.
#[test]
fn while_it_leaves_the_line() {
    explore_writes(Some(1), |write| {
        let world = World::new(1, 1, 1);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        world.send(3, 30);
        let mut stand = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut stand), None);
        let mut behind = Stand::Nowhere;
        assert_eq!(world.turn(2, &mut behind), None);
        let other = {
            let world = world.clone();
            thread::spawn(move || assert!(world.wait_from(2, behind, 20)))
        };
        let dying = dies(&world, write, move |world, me| world.leave(me, &mut stand));
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        other.join().unwrap();
        let is_killed = dying.join().unwrap();
        is_put_right(&world, &mut consumer);
        is_killed
    });
}

/// Two senders are killed in the middle of permit operations, each before each of its writes. What they held comes back at once, or in
/// one grace period after the other, while a third sender goes on. Then both numbers are given again.
fn two_die(acts: [Move; 2], is_at_once: bool, switches: Option<usize>) {
    explore_pairs(switches, move |[first, second]| {
        let world = World::new(3, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        [1, 2].into_iter().for_each(|me| world.expect_kill(me));
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let is_first_killed = killed_at_write(first, || acts[0](&world, 1));
                if !is_at_once {
                    world.bury(&[1]);
                }
                let is_killed = killed_at_write(second, || acts[1](&world, 2));
                world.bury(if is_at_once { &[1, 2] } else { &[2] });
                [is_first_killed, is_killed]
            })
        };
        if world.reserve(3, 1) == Claimed::Granted(()) {
            world.give_back(3, 1);
        }
        let are_killed = dying.join().unwrap();
        assert_eq!(world.reserved(), 0);
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        for me in [1, 2] {
            world.give_again(me);
            assert_eq!(world.reserve(me, 2), Claimed::Granted(()));
            world.send_reserved(me, u64::from(me) * 10 + 5);
            world.give_back(me, 1);
            assert_eq!(world.poll(&mut consumer), Taken::Value(u64::from(me) * 10 + 5));
        }
        is_put_right(&world, &mut consumer);
        are_killed
    });
}

#[test]
fn two_with_permits_at_once() {
    two_die([reserves_and_gives_back, reserves_and_sends], true, Some(1));
}

#[test]
fn two_with_permits_one_after_the_other() {
    two_die([reserves_and_sends, reserves_and_gives_back], false, Some(1));
}

/// A number is given again as soon as its process's permits are back. The next process with it is killed before each of its writes too,
/// while a grace period may be under way for another one.
#[test]
fn a_number_given_again_dies_again() {
    explore_pairs(Some(1), move |[first, second]| {
        let world = World::new(2, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        world.expect_kill(1);
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let is_first_killed = killed_at_write(first, || reserves_and_gives_back(&world, 1));
                world.bury(&[1]);
                world.give_again(1);
                let is_killed = killed_at_write(second, || reserves_and_gives_back(&world, 1));
                world.bury(&[1]);
                [is_first_killed, is_killed]
            })
        };
        if world.reserve(3, 1) == Claimed::Granted(()) {
            world.send_reserved(3, 30);
        }
        let are_killed = dying.join().unwrap();
        is_put_right(&world, &mut consumer);
        are_killed
    });
}

/// The model can fail: what a process left that died with a permit is not put right.
#[test]
#[should_panic(expected = "capacity lost")]
fn a_death_that_nobody_hears_of_is_noticed() {
    explore(Some(0), || {
        let world = World::new(2, 1, 1);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(killed_at_write(3, || reserves_and_gives_back(&world, 1)));
        assert_eq!(world.reserved(), 1);
        world.send(4, 90);
        world.drain(&mut consumer);
        assert_eq!(world.queue().free_capacity(), 2, "capacity lost");
    });
}
