//! Senders that are stopped between any two steps of any move: the others do all their work and find all of it in order before a
//! stopped sender goes on, and at the end nothing is missing.
//!
//! There are two ways to stop a sender. The checker can stop it by not switching to its thread. The others' work is one thread that
//! never blocks, so one switch away from a sender stops it anywhere, between loads too, until that work is done. And a gate can stop
//! it before one of its writes, which takes no switch. So two senders are stopped at once, each before each of its writes, and go on in
//! the middle of more work.

use super::moves::*;
use super::{Receiving, World, explore, explore_pairs};
use crate::queue::models::gate::Gate;
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Number, Taken};
use loom::thread;
use std::sync::Arc;

/// Sends and receives, with a permit and without, and takes handles. What is sent must be found by a look at all there is,
/// though others are stopped.
fn goes_on(world: &Arc<World>, consumer: &mut Consumer, rounds: u64) {
    let find = |consumer: &mut Consumer, number| {
        while !world.received().contains(&number) {
            assert!(matches!(world.poll(consumer), Taken::Value(_)), "waits for a stopped sender");
        }
    };
    for number in 30..30 + rounds {
        world.send(3, number);
        find(consumer, number);
    }
    assert_eq!(world.reserve(3, 1), Claimed::Granted(()));
    world.send_reserved(3, 30 + rounds);
    find(consumer, 30 + rounds);
    assert_eq!(world.reserve(3, 1), Claimed::Granted(()));
    world.give_back(3, 1);
    assert!(world.queue().common().upgrade(3));
    world.queue().common().drop_strong(3, &**world);
    assert!(!world.queue().common().has_ended());
}

/// The same where no place may be left beside the stopped senders: each other one finds the channel full, and none waits.
fn goes_on_if_there_is_room(world: &Arc<World>, consumer: &mut Consumer, rounds: u64) {
    for number in 30..30 + rounds {
        assert_ne!(world.try_send(3, number), Claimed::Closed);
        assert_ne!(world.poll(consumer), Taken::End);
    }
    if world.reserve(3, 1) == Claimed::Granted(()) {
        world.give_back(3, 1);
    }
}

type Work = fn(&Arc<World>, &mut Consumer, u64);

/// A sender is stopped anywhere in this move while others do the work.
fn stopped_anywhere(capacity: u32, act: Move, work: Work, switches: usize) {
    explore(Some(switches), move || {
        let world = World::with_light_fences(capacity, 1, 2);
        assert!(world.queue().common().upgrade(4));
        let stopped = {
            let world = world.clone();
            thread::spawn(move || act(&world, 1))
        };
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                work(&world, &mut consumer, u64::from(capacity) + 1);
                consumer
            })
        };
        let mut consumer = others.join().unwrap();
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
        assert_eq!(world.reserved(), 0);
    });
}

/// Two senders are stopped before each of their writes, both while others do the work, and both go on while they do more.
fn two_stopped(capacity: u32, moves: [Move; 2], work: Work, switches: usize) {
    explore_pairs(Some(switches), move |writes| {
        let world = World::with_light_fences(capacity, 1, 2);
        assert!(world.queue().common().upgrade(4));
        let mut consumer = Consumer::new(&world.queue());
        let gate = Arc::new(Gate::default());
        let stopped = [0, 1].map(|i| {
            let sender = {
                let (world, gate) = (world.clone(), gate.clone());
                thread::spawn(move || gate.stops(writes[i], || moves[i](&world, i as Number + 1)))
            };
            gate.wait_for(i + 1);
            sender
        });
        work(&world, &mut consumer, u64::from(capacity));
        gate.open();
        assert_ne!(world.try_send(3, 38), Claimed::Closed);
        assert_ne!(world.poll(&mut consumer), Taken::End);
        let have_come = stopped.map(|sender| sender.join().unwrap());
        world.settle_whole(&mut consumer);
        assert_eq!(world.reserved(), 0);
        have_come
    });
}

#[test]
fn anywhere_in_a_send() {
    stopped_anywhere(2, sends, goes_on, 1);
    stopped_anywhere(3, sends, goes_on, 1);
}

#[test]
fn anywhere_in_a_batch_in_parts() {
    stopped_anywhere(3, sends_a_batch_in_parts, goes_on, 1);
}

#[test]
fn anywhere_in_the_line() {
    stopped_anywhere(3, waits, goes_on, 1);
}

#[test]
fn anywhere_with_a_permit_that_is_sent_on() {
    stopped_anywhere(2, reserves_and_sends, goes_on, 1);
    stopped_anywhere(3, reserves_and_sends, goes_on, 1);
}

#[test]
fn anywhere_with_a_permit_that_is_given_back() {
    stopped_anywhere(2, reserves_and_gives_back, goes_on, 1);
    stopped_anywhere(3, reserves_and_gives_back, goes_on, 1);
}

#[test]
fn anywhere_with_handles() {
    stopped_anywhere(1, comes_and_goes, goes_on, 1);
}

#[test]
fn anywhere_with_the_only_place() {
    for act in [sends as Move, waits, reserves_and_sends, reserves_and_gives_back] {
        stopped_anywhere(1, act, goes_on_if_there_is_room, 1);
    }
}

#[test]
fn anywhere_with_both_places() {
    for act in [sends_a_batch as Move, waits, waits_for_two] {
        stopped_anywhere(2, act, goes_on_if_there_is_room, 1);
    }
}

#[test]
fn two_in_sends() {
    two_stopped(1, [sends, sends], goes_on_if_there_is_room, 1);
    two_stopped(2, [sends, sends], goes_on_if_there_is_room, 1);
    two_stopped(3, [sends, sends], goes_on, 1);
}

#[test]
fn two_in_a_send_and_with_a_permit() {
    two_stopped(1, [sends, reserves_and_sends], goes_on_if_there_is_room, 0);
    two_stopped(2, [sends, reserves_and_sends], goes_on_if_there_is_room, 0);
    two_stopped(3, [sends, reserves_and_sends], goes_on, 0);
}

#[test]
fn two_with_permits() {
    two_stopped(1, [reserves_and_gives_back, reserves_and_sends], goes_on_if_there_is_room, 0);
    two_stopped(2, [reserves_and_gives_back, reserves_and_sends], goes_on_if_there_is_room, 0);
    two_stopped(3, [reserves_and_gives_back, reserves_and_sends], goes_on, 0);
}

#[test]
fn two_in_a_send_and_in_the_line() {
    two_stopped(1, [sends, waits], goes_on_if_there_is_room, 0);
    two_stopped(2, [sends, waits], goes_on_if_there_is_room, 0);
}

#[test]
fn two_in_the_line() {
    two_stopped(1, [waits, waits], goes_on_if_there_is_room, 0);
    two_stopped(3, [waits, waits_for_two], goes_on_if_there_is_room, 0);
}

#[test]
fn two_in_a_send_and_with_handles() {
    two_stopped(2, [sends, comes_and_goes], goes_on, 0);
}
