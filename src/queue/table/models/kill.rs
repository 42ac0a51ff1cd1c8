//! Senders that are killed before any one of their writes: what they left is put right, whatever it is, and the receiver is never left
//! asleep.
//!
//! What a process leaves changes only by its writes, so a kill between two of them is a kill anywhere between. The models go
//! through the writes one by one, and for each through the interleavings with the living.

use super::moves::*;
use super::{Receiving, World, explore_writes};
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Number};
use crate::sync::killed_at_write;
use loom::thread::{self, JoinHandle};
use std::sync::Arc;

/// Number 1 is killed before one of its writes, and then its death is heard of. Gives whether it came to that write.
fn dies(
    world: &Arc<World>,
    write: usize,
    act: impl FnOnce(&Arc<World>, Number) + Send + 'static,
) -> JoinHandle<bool> {
    let world = world.clone();
    thread::spawn(move || {
        let is_killed = killed_at_write(write, || act(&world, 1));
        world.bury(1);
        is_killed
    })
}

/// One is killed while another sends and the receiver takes. Some values have gone through before.
fn one_dies((chunks, positions): (u32, u32), before: u64, act: Move, switches: usize) {
    explore_writes(Some(switches), move |write| {
        let world = World::new(chunks, positions);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        for number in 30..30 + before {
            world.send(3, number);
            world.poll(&mut consumer);
        }
        let dying = dies(&world, write, act);
        let other = {
            let world = world.clone();
            thread::spawn(move || assert_ne!(world.try_send(2, 20), Err(Refused::Closed)))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        let is_killed = dying.join().unwrap();
        other.join().unwrap();
        world.settle_whole(&mut consumer);
        let common = world.queue().common();
        assert_eq!((common.strong_count(), common.weak_count()), (1, 0));
        is_killed
    });
}

/// Shows W70, W71.
#[test]
fn in_a_send() {
    one_dies((2, 2), 0, sends, 1);
    one_dies((3, 1), 1, sends, 1);
}

/// The chunks have been used before, and one is memory ahead of the senders.
#[test]
fn in_two_sends_over_chunks_used_again() {
    one_dies((3, 1), 3, sends_twice, 0);
}

/// Shows W77, W78.
#[test]
fn in_a_batch() {
    one_dies((3, 2), 1, sends_a_batch, 0);
    one_dies((4, 1), 0, sends_a_batch, 0);
}

#[test]
fn with_handles() {
    one_dies((2, 1), 0, comes_and_goes, 1);
}

/// One is killed while another sends, and the receiver sleeps until the end, which comes with the last handle. The dead one's is one
/// of them.
fn one_dies_and_the_receiver_sleeps((chunks, positions): (u32, u32), act: Move, switches: usize) {
    explore_writes(Some(switches), move |write| {
        let world = World::new(chunks, positions);
        world.expect_kill(1);
        let mut consumer = Consumer::new(&world.queue());
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let dying = dies(&world, write, act);
        let other = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(2, 20);
                world.queue().common().drop_strong(2, &*world);
            })
        };
        while world.receive_asleep(&mut consumer).is_some() {}
        other.join().unwrap();
        let is_killed = dying.join().unwrap();
        assert_eq!(consumer.nonsense(), None);
        world.settle();
        is_killed
    });
}

#[test]
fn in_a_send_and_the_receiver_sleeps() {
    one_dies_and_the_receiver_sleeps((2, 2), sends, 1);
    one_dies_and_the_receiver_sleeps((3, 1), sends, 0);
}

#[test]
fn in_a_batch_and_the_receiver_sleeps() {
    one_dies_and_the_receiver_sleeps((4, 1), sends_a_batch, 0);
}

#[test]
fn with_the_last_handle_and_the_receiver_sleeps() {
    one_dies_and_the_receiver_sleeps((2, 1), |world, me| world.queue().common().drop_strong(me, &**world), 1);
}
