//! Close while senders send: every acknowledged value is received, then the end comes, and nothing after it.

use super::{World, explore};
use crate::queue::{Claimed, Consumer, Took};
use crate::sync::{AtomicU32, Ordering};
use loom::thread;
use std::sync::Arc;

fn close_while_sending(capacity: u32, each: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..each {
                    world.try_send(me, u64::from(me) * 10 + number);
                }
            })
        });
        world.poll(&mut consumer);
        world.queue().close(&*world);
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(world.drain(&mut consumer), Took::End);
        assert_eq!(world.try_send(1, 19), Claimed::Closed);
        assert_eq!(world.poll(&mut consumer), Took::End);
        assert_eq!(consumer.nonsense(), None);
        world.settle();
    });
}

#[test]
fn close_while_sending_capacity_1() {
    close_while_sending(1, 1, Some(3));
}

#[test]
fn close_while_sending_capacity_2() {
    close_while_sending(2, 1, Some(3));
}

#[test]
fn close_while_sending_two_each() {
    close_while_sending(2, 2, Some(2));
}

/// The receiver closes while a send is stalled, which is then published or dies.
#[test]
fn close_while_a_send_is_stalled() {
    for dies in [false, true] {
        explore(Some(3), move || {
            let world = World::new(2, 1, 1);
            let mut consumer = Consumer::new(&world.queue());
            let stalled = world.claim_one(1);
            world.send(2, 20);
            let late = {
                let world = world.clone();
                thread::spawn(move || if dies { world.kill(1, 1) } else { world.publish(1, stalled, 10) })
            };
            let sender = {
                let world = world.clone();
                thread::spawn(move || world.try_send(2, 21))
            };
            world.poll(&mut consumer);
            world.queue().close(&*world);
            world.poll(&mut consumer);
            world.poll(&mut consumer);
            late.join().unwrap();
            sender.join().unwrap();
            assert_eq!(world.drain(&mut consumer), Took::End);
            assert_eq!(consumer.nonsense(), None);
            world.settle();
        });
    }
}

/// Who finds the channel closed sees what the receiver did before it closed.
#[test]
fn closed_tells_of_what_came_before() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let before = Arc::new(AtomicU32::new(0));
        let senders = [true, false].map(|asks| {
            let (world, before) = (world.clone(), before.clone());
            thread::spawn(move || {
                let is_closed =
                    if asks { world.queue().is_closed() } else { world.claim(1, 1) == Claimed::Closed };
                assert!(!is_closed || before.load(Ordering::Relaxed) == 1);
            })
        });
        before.store(1, Ordering::Relaxed);
        world.queue().close(&*world);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}
