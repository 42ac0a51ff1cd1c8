//! The end of the stream: a close while senders send, and the last handle. Every acknowledged value is received, then the end comes,
//! and nothing after it.

use super::{Receiving, World, explore};
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Taken};
use crate::sync::{AtomicU32, Ordering};
use loom::thread;
use std::sync::Arc;

fn close_while_sending((chunks, positions): (u32, u32), each: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..each {
                    let _ = world.try_send(me, u64::from(me) * 10 + number);
                }
            })
        });
        world.poll(&mut consumer);
        world.queue().close();
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(world.drain(&mut consumer), Taken::End);
        assert_eq!(world.try_send(1, 19), Err(Refused::Closed));
        assert_eq!(world.poll(&mut consumer), Taken::End);
        assert_eq!(consumer.nonsense(), None);
        world.settle();
    });
}

/// Shows W89.
#[test]
fn close_while_sending_in_one_chunk() {
    close_while_sending((2, 2), 1, Some(2));
}

#[test]
fn close_while_sending_over_borders() {
    close_while_sending((3, 1), 2, Some(1));
}

/// The receiver closes while a send is stalled, which is then published or dies.
#[test]
fn close_while_a_send_is_stalled() {
    for dies in [false, true] {
        explore(Some(2), move || {
            let world = World::new(3, 1);
            let mut consumer = Consumer::new(&world.queue());
            let stalled = world.claim_one(1);
            world.send(2, 20);
            let late = {
                let world = world.clone();
                thread::spawn(move || if dies { world.kill(1) } else { world.publish(1, stalled, 10) })
            };
            let sender = {
                let world = world.clone();
                thread::spawn(move || world.try_send(2, 21))
            };
            world.poll(&mut consumer);
            world.queue().close();
            world.poll(&mut consumer);
            world.poll(&mut consumer);
            late.join().unwrap();
            let _ = sender.join().unwrap();
            assert_eq!(world.drain(&mut consumer), Taken::End);
            assert_eq!(consumer.nonsense(), None);
            world.settle();
        });
    }
}

/// The receiver closes and gives all memory back, as its drop does. What a sender that is stopped in the middle of a send writes
/// later is lost, and no other sender comes to a chunk.
/// Shows W90.
#[test]
fn dropped_while_sending() {
    explore(Some(2), || {
        let world = World::new(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        world.send(3, 31);
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.claim(1, 1).is_ok())
        };
        world.poll(&mut consumer);
        world.queue().close();
        consumer.drop_all(&world.queue(), &*world);
        sender.join().unwrap();
        assert_eq!(world.try_send(2, 20), Err(Refused::Closed));
        // It may still have made a chunk memory, and touched a record.
        assert!(world.memory().count() <= 2);
    });
}

/// A thread that finds the channel closed sees what the receiver did before it closed.
#[test]
fn closed_tells_of_what_came_before() {
    explore(None, || {
        let world = World::new(2, 1);
        let before = Arc::new(AtomicU32::new(0));
        let senders = [true, false].map(|asks| {
            let (world, before) = (world.clone(), before.clone());
            thread::spawn(move || {
                let is_closed =
                    if asks { world.queue().is_closed() } else { world.claim(1, 1) == Err(Refused::Closed) };
                assert!(!is_closed || before.load(Ordering::Relaxed) == 1);
            })
        });
        before.store(1, Ordering::Relaxed);
        world.queue().close();
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// One sends over a border and drops its handle, another one drops too, while the receiver looks for the end.
#[test]
fn the_last_handles_are_dropped() {
    explore(Some(3), || {
        let world = World::new(2, 1);
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(1, 10);
                world.send(1, 11);
                world.queue().common().drop_strong(1, &*world);
            })
        };
        let dropper = {
            let world = world.clone();
            thread::spawn(move || world.queue().common().drop_strong(2, &*world))
        };
        if world.poll(&mut consumer) != Taken::End {
            world.poll(&mut consumer);
        }
        sender.join().unwrap();
        dropper.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        assert_eq!(consumer.nonsense(), None);
        world.settle();
    });
}
