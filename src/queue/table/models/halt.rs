//! Senders that are stopped between any two steps of any move: the others do all their work, and each of their values comes out,
//! before a stopped one goes on; and at the end nothing is missing.
//!
//! There are two ways to stop one, as in the ring's models: a thread that the checker does not switch to is stopped, between loads too;
//! and a gate stops one before each of its writes, which takes no switch.

use super::moves::*;
use super::{Receiving, World, explore, explore_pairs, explore_writes};
use crate::queue::models::gate::Gate;
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Number, Taken};
use loom::thread;
use std::sync::Arc;

/// Sends and receives, and takes handles. What is sent must be found by a look at all
/// there is, though others are stopped.
fn goes_on(world: &Arc<World>, consumer: &mut Consumer, rounds: u64) {
    for number in 30..30 + rounds {
        world.send(3, number);
        while !world.received().contains(&number) {
            assert!(matches!(world.poll(consumer), Taken::Value(_)), "waits for a stopped sender");
        }
    }
    let common = world.queue().common();
    assert!(common.upgrade(3));
    common.drop_strong(3, &**world);
    assert!(!common.has_ended());
}

/// A sender is stopped anywhere in this move while others do their work.
fn stopped_anywhere((chunks, positions): (u32, u32), act: Move, rounds: u64) {
    explore(Some(1), move || {
        let world = World::with_light_fences(chunks, positions);
        assert!(world.queue().common().upgrade(4));
        let stopped = {
            let world = world.clone();
            thread::spawn(move || act(&world, 1))
        };
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                goes_on(&world, &mut consumer, rounds);
                consumer
            })
        };
        let mut consumer = others.join().unwrap();
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W75.
#[test]
fn anywhere_in_a_send() {
    stopped_anywhere((3, 1), sends, 4);
    stopped_anywhere((3, 2), sends, 6);
}

#[test]
fn anywhere_in_a_batch() {
    stopped_anywhere((5, 1), sends_a_batch, 2);
    stopped_anywhere((4, 2), sends_a_batch, 3);
}

#[test]
fn anywhere_with_handles() {
    stopped_anywhere((2, 1), comes_and_goes, 3);
}

/// A sender is stopped before each of its writes while others work, and goes on while they do more.
fn stopped_at_each_write((chunks, positions): (u32, u32), act: Move) {
    explore_writes(Some(1), move |write| {
        let world = World::with_light_fences(chunks, positions);
        assert!(world.queue().common().upgrade(4));
        let mut consumer = Consumer::new(&world.queue());
        let gate = Arc::new(Gate::default());
        let stopped = {
            let (world, gate) = (world.clone(), gate.clone());
            thread::spawn(move || gate.stops(write, || act(&world, 1)))
        };
        gate.wait_for(1);
        goes_on(&world, &mut consumer, u64::from(chunks * positions) + 1);
        gate.open();
        assert_ne!(world.try_send(3, 39), Err(Refused::Closed));
        assert_ne!(world.poll(&mut consumer), Taken::End);
        let has_come = stopped.join().unwrap();
        world.settle_whole(&mut consumer);
        has_come
    });
}

/// Shows W70, W71, W80.
#[test]
fn at_each_write_of_a_send() {
    stopped_at_each_write((3, 1), sends);
    stopped_at_each_write((3, 2), sends);
}

/// Shows W77.
#[test]
fn at_each_write_of_a_batch() {
    stopped_at_each_write((4, 1), sends_a_batch);
    stopped_at_each_write((3, 2), sends_a_batch);
}

/// Two senders are stopped before each of their writes, both while others do the work, and both go on while they do more.
fn two_stopped((chunks, positions): (u32, u32), moves: [Move; 2]) {
    explore_pairs(Some(0), move |writes| {
        let world = World::with_light_fences(chunks, positions);
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
        goes_on(&world, &mut consumer, u64::from(chunks * positions));
        gate.open();
        assert_ne!(world.try_send(3, 39), Err(Refused::Closed));
        assert_ne!(world.poll(&mut consumer), Taken::End);
        let have_come = stopped.map(|sender| sender.join().unwrap());
        world.settle_whole(&mut consumer);
        have_come
    });
}

/// Shows W75.
#[test]
fn two_in_sends() {
    two_stopped((4, 1), [sends, sends]);
    two_stopped((3, 2), [sends, sends]);
}

#[test]
fn two_in_a_batch_and_a_send() {
    two_stopped((4, 2), [sends_a_batch, sends]);
}

/// The receiver is stopped anywhere while it takes, ends parts of the stream, and posts their chunks anew. Senders go on as far as chunks
/// are posted, and are told of the limit then: they never wait for it.
fn the_receiver_is_stopped_anywhere((chunks, positions): (u32, u32), before: u64) {
    explore(Some(2), move || {
        let world = World::with_light_fences(chunks, positions);
        for number in 30..30 + before {
            world.send(3, number);
        }
        let stopped = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                for number in 30..30 + before {
                    assert_eq!(world.poll(&mut consumer), Taken::Value(number));
                }
                consumer
            })
        };
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let free = u64::from(chunks * positions) - before;
                (10..10 + free).for_each(|number| world.send(1, number));
                let _ = world.try_send(1, 19);
            })
        };
        others.join().unwrap();
        let mut consumer = stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W85, W86, W87, W88.
#[test]
fn the_receiver_anywhere() {
    the_receiver_is_stopped_anywhere((3, 1), 2);
    the_receiver_is_stopped_anywhere((4, 1), 3);
}
