//! Chunks that become memory and are given back, beside senders that need one: the limit, and a system that refuses.

use super::{Receiving, World, explore};
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Taken};
use loom::thread;

/// Two senders find the same chunk on offer, and the one that is second uses what the first has made.
#[test]
fn two_senders_make_one_chunk_memory() {
    explore(Some(3), || {
        let world = World::new(2, 2);
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.send(me, u64::from(me) * 10))
        });
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(world.memory().count(), 1);
        let mut consumer = Consumer::new(&world.queue());
        world.settle_whole(&mut consumer);
    });
}

/// The receiver puts memory into the entry that a sender is about to make memory.
fn the_receiver_puts_memory_there(chunks: u32, before: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(chunks, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..before {
            world.send(3, 30 + number);
        }
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 10..12 {
                    assert_ne!(world.try_send(1, number), Err(Refused::Closed));
                }
            })
        };
        for number in 0..before {
            assert_eq!(world.poll(&mut consumer), Taken::Value(30 + number));
        }
        world.poll(&mut consumer);
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
        // Where senders are and one beyond, and the one behind them that is over with the next value.
        assert!(world.memory().count() <= 3, "memory that no sender needs");
    });
}

/// Shows W87, W88.
#[test]
fn the_receiver_puts_memory_there_three_chunks() {
    the_receiver_puts_memory_there(3, 2, Some(3));
}

#[test]
fn the_receiver_puts_memory_there_four_chunks() {
    the_receiver_puts_memory_there(4, 3, Some(2));
}

/// The limit is told only if nothing is on offer: a sender that was told so while nothing moved finds that the channel is full.
#[test]
fn the_limit_is_told_of_a_full_channel_alone() {
    explore(Some(3), || {
        let world = World::new(2, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        world.send(3, 31);
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10))
        });
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        assert_eq!(world.poll(&mut consumer), Taken::Value(31));
        let are_refused = senders.map(|sender| sender.join().unwrap().is_err());
        // Both values were taken, so one part is over, and a sender finds its chunk.
        if are_refused == [true, true] {
            world.send(3, 32);
        }
        world.settle_whole(&mut consumer);
    });
}

/// The system refuses memory, and gives it at any moment after that. What was refused is not half there.
fn the_system_refuses(most: usize, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.memory().have(most);
        for number in 0..most as u64 {
            world.send(3, 30 + number);
        }
        assert_eq!(world.try_send(3, 39), Err(Refused::NoMemory));
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10))
        });
        for number in 0..most as u64 {
            assert_eq!(world.poll(&mut consumer), Taken::Value(30 + number));
        }
        world.memory().have(3);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Err(Refused::Closed));
        }
        world.settle_whole(&mut consumer);
    });
}

/// Shows W72.
#[test]
fn the_system_has_no_memory_at_first() {
    the_system_refuses(0, Some(2));
}

#[test]
fn the_system_has_memory_for_one_chunk() {
    the_system_refuses(1, Some(2));
}

#[test]
fn the_system_has_memory_for_two_chunks() {
    the_system_refuses(2, Some(2));
}
