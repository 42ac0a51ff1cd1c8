//! One or two processes stopped between any two steps of a send, of waiting, or of the last drop: the others do all their work,
//! and it is checked, before the stopped ones go on.
//!
//! The main thread waits for the others first, so the checker pays nothing to come back to them: each switch of the bound
//! is one stop, between any two accesses to what is shared.

use super::moves::{Move, sends};
use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Number, Taken};
use crate::wait::Stand;
use loom::thread;
use std::sync::Arc;

/// Whether there is room or not: a sender that comes to a full channel waits, looks, and leaves.
fn waits_and_leaves(world: &Arc<World>, me: Number) {
    let mut stand = Stand::Nowhere;
    if let Some(span) = world.turn(me, &mut stand) {
        world.publish(me, span, u64::from(me) * 10);
    }
    world.leave(me, &mut stand);
}

/// `moves` are made by numbers 1 and up, each of them stopped anywhere. Number 3 sends `rounds` values meanwhile, and each
/// comes out. A stopped one may hold one place, or two while it is in the line: where the channel has more, no sender waits.
fn stopped(capacity: u32, moves: &'static [Move], rounds: u64, switches: usize) {
    explore(Some(switches), move || {
        let world = World::with_light_fences(capacity, 2, 2);
        let stopped: Vec<_> = (1..)
            .zip(moves)
            .map(|(me, act)| {
                let world = world.clone();
                thread::spawn(move || act(&world, me))
            })
            .collect();
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                for number in 30..30 + rounds {
                    pass_one(&world, &mut consumer, number, capacity > moves.len() as u32);
                }
                consumer
            })
        };
        let mut consumer = others.join().unwrap();
        for thread in stopped {
            thread.join().unwrap();
        }
        world.settle_whole(&mut consumer);
    });
}

fn pass_one(world: &Arc<World>, consumer: &mut Consumer, number: u64, has_place: bool) {
    match world.try_send(3, number) {
        Claimed::Granted(_) => {}
        Claimed::Full if !has_place => {}
        // What is full may be the stopped one's value: a look takes it.
        Claimed::Full => {
            world.poll(consumer);
            world.send(3, number);
        }
        Claimed::Closed => panic!("closed"),
    }
    while let Taken::Value(_) = world.poll(consumer) {}
    assert!(!has_place || world.received().contains(&number), "waits for a stopped sender");
}

#[test]
fn in_a_send_capacity_1() {
    stopped(1, &[sends], 2, 2);
}

#[test]
fn in_a_send_capacity_2() {
    stopped(2, &[sends], 3, 2);
}

#[test]
fn in_a_send_capacity_3() {
    stopped(3, &[sends], 4, 1);
}

/// Shows W6.
#[test]
fn two_in_a_send_capacity_1() {
    stopped(1, &[sends, sends], 1, 2);
}

/// The channel is full when the stopped one comes, and the others need two places: it may hold what it took and its place
/// in the line.
#[test]
fn entering_or_leaving_the_line() {
    explore(Some(2), || {
        let world = World::with_light_fences(3, 2, 2);
        for number in 20..23 {
            world.send(2, number);
        }
        let stopped = {
            let world = world.clone();
            thread::spawn(move || waits_and_leaves(&world, 1))
        };
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                while let Taken::Value(_) = world.poll(&mut consumer) {}
                for number in 30..33 {
                    pass_one(&world, &mut consumer, number, true);
                }
                consumer
            })
        };
        let mut consumer = others.join().unwrap();
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// One is stopped anywhere in its send and the drop of its handle, the other one sends and drops. The stream ends after
/// both, with the values of both, and a send that was passed is never taken for nonsense.
fn in_a_send_before_the_last_drop(capacity: u32, dies: bool) {
    explore(Some(2), move || {
        let world = World::with_light_fences(capacity, 1, 1);
        for me in [1, 3] {
            assert!(world.queue().common().upgrade(me));
        }
        let stopped = {
            let world = world.clone();
            thread::spawn(move || {
                match world.claim(1, 1) {
                    Claimed::Granted(_) if dies => world.kill(1, 1),
                    Claimed::Granted(span) => world.publish(1, span, 10),
                    _ if dies => world.kill(1, 0),
                    _ => {}
                }
                // Of the dead, the porter does it.
                world.queue().common().drop_strong(1, &*world);
            })
        };
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                let mut consumer = Consumer::new(&world.queue());
                pass_one(&world, &mut consumer, 30, capacity > 1);
                let _ = world.try_send(3, 31);
                world.queue().common().drop_strong(3, &*world);
                world.drain(&mut consumer);
                assert_eq!(consumer.nonsense(), None);
                consumer
            })
        };
        let mut consumer = others.join().unwrap();
        stopped.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        assert_eq!(consumer.nonsense(), None);
        world.settle();
    });
}

#[test]
fn the_stream_ends_after_who_was_stopped() {
    for capacity in [1, 2, 3] {
        in_a_send_before_the_last_drop(capacity, false);
    }
}

#[test]
fn the_stream_ends_after_who_died() {
    for capacity in [1, 2, 3] {
        in_a_send_before_the_last_drop(capacity, true);
    }
}
