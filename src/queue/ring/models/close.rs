//! Close while senders send: every acknowledged value is received, then the end comes, and nothing after it.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Taken};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::Stand;
use loom::thread;
use std::sync::{Arc, Mutex};

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
        assert_eq!(world.drain(&mut consumer), Taken::End);
        assert_eq!(world.try_send(1, 19), Claimed::Closed);
        assert_eq!(world.poll(&mut consumer), Taken::End);
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
            assert_eq!(world.drain(&mut consumer), Taken::End);
            assert_eq!(consumer.nonsense(), None);
            world.settle();
        });
    }
}

/// A sender that finds the channel closed sees what the receiver did before it closed.
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

/// How a sender that was promised room goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// It takes its turns until it is granted or refused.
    On,
    /// It gives up.
    Away,
}

/// Explores a close beside promised senders. `count` senders of the receiver's process wait for room, and behind them one of
/// another process, which is stopped. Room comes for `room` of them, and the receiver closes. The end does not come before the
/// senders that this room covers have left, and then it comes.
fn close_with_promised(common: u32, count: usize, room: u32, goes: Goes, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(room, common, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..room {
            world.send(3, 30 + u64::from(number));
        }
        let stands: Vec<_> =
            (0..count).map(|_| world.backlog(1).come(&world.sender(1), 1, &*world)).collect();
        let _stopped = world.backlog(2).come(&world.sender(2), 1, &*world);
        for number in 0..room {
            assert_eq!(world.poll(&mut consumer), Taken::Value(30 + u64::from(number)));
        }
        // Not of the checker, which would let the receiver see an old value: a sender that has left owes it no order.
        let left = Arc::new(Mutex::new(0));
        let waiting = {
            let (world, left) = (world.clone(), left.clone());
            thread::spawn(move || {
                for (number, mut stand) in (10..).zip(stands) {
                    *left.lock().unwrap() += 1;
                    match goes {
                        Goes::On => drop(world.wait_from(1, stand, number)),
                        Goes::Away => world.leave(1, &mut stand),
                    }
                }
            })
        };
        world.close(1);
        let expected = room.min(count as u32);
        while world.receive_asleep(&mut consumer).is_some() {}
        assert!(*left.lock().unwrap() >= expected, "the end came before a promised sender had gone");
        waiting.join().unwrap();
        assert_eq!(world.reserved(), 0);
        assert_eq!(world.poll(&mut consumer), Taken::End);
        assert_eq!(consumer.nonsense(), None);
        world.settle();
        assert_eq!(world.queue().free_capacity(), room as usize, "capacity lost");
    });
}

#[test]
fn a_promised_sender_gives_up() {
    close_with_promised(2, 1, 1, Goes::Away, Some(4));
}

/// Shows W66.
#[test]
fn a_promised_sender_goes_on() {
    close_with_promised(2, 1, 1, Goes::On, Some(3));
}

#[test]
fn two_promised_senders_give_up() {
    close_with_promised(3, 2, 2, Goes::Away, Some(3));
}

#[test]
fn a_promised_sender_in_the_backlog_gives_up() {
    close_with_promised(1, 3, 4, Goes::Away, Some(1));
}

#[test]
fn a_promised_sender_in_the_backlog_goes_on() {
    close_with_promised(1, 3, 4, Goes::On, Some(1));
}

#[test]
fn one_sender_is_promised_and_another_is_not() {
    close_with_promised(3, 2, 1, Goes::Away, Some(3));
}

/// The model can fail: without promises the end comes at once.
#[test]
#[should_panic(expected = "the end came before a promised sender had gone")]
fn an_end_that_waits_for_nobody_is_noticed() {
    explore(Some(1), || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let mut stand = world.backlog(1).come(&world.sender(1), 1, &*world);
        assert!(matches!(stand, Stand::InLine(_)));
        world.queue().close(&*world);
        assert_ne!(world.poll(&mut consumer), Taken::End, "the end came before a promised sender had gone");
        world.leave(1, &mut stand);
    });
}
