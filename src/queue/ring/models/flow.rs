//! Values from senders to the receiver, with room for them or not. No side sleeps, closes or dies.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Taken};
use loom::thread;

/// Two senders of two processes send one value each, the receiver looks twice meanwhile.
fn two_senders(capacity: u32, lap: u64, prefilled: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::at(capacity, 1, 2, lap);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..prefilled {
            world.send(3, 30 + number);
        }
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10))
        });
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Claimed::Closed);
        }
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_senders_capacity_1() {
    two_senders(1, 1, 0, Some(3));
}

#[test]
fn two_senders_capacity_2() {
    two_senders(2, 1, 0, Some(3));
}

#[test]
fn two_senders_full_capacity_2() {
    two_senders(2, 1, 2, None);
}

#[test]
fn two_senders_capacity_3() {
    two_senders(3, 1, 1, Some(2));
}

/// The positions' 32 bits wrap in the middle.
#[test]
fn two_senders_wrap_of_positions() {
    two_senders(1, u64::from(u32::MAX), 1, Some(2));
}

/// A sender goes on for more than a lap.
fn one_sender_laps(capacity: u32, sends: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..sends {
                    assert_ne!(world.try_send(1, 10 + number), Claimed::Closed);
                }
            })
        };
        for _ in 0..sends {
            world.poll(&mut consumer);
        }
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn one_sender_laps_capacity_1() {
    one_sender_laps(1, 3, None);
}

#[test]
fn one_sender_laps_capacity_2() {
    one_sender_laps(2, 4, Some(3));
}

/// Two threads of one process share its copy of head, the slots have been used before.
fn two_threads_of_one_process(capacity: u32) {
    explore(Some(3), move || {
        let world = World::with_light_fences(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..u64::from(capacity) {
            world.send(1, 10 + number);
        }
        let senders = [20, 30].map(|number| {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, number))
        });
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Claimed::Closed);
        }
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_threads_of_one_process_capacity_1() {
    two_threads_of_one_process(1);
}

#[test]
fn two_threads_of_one_process_capacity_2() {
    two_threads_of_one_process(2);
}

/// A batch takes what is free, its values come in order, the receiver takes batches too. At two switches, half a million runs, it takes
/// longer than any other model: `SHMPSC_LOOM_SWITCHES=2 .ci/loom flow::batches`.
#[test]
fn batches() {
    explore(Some(1), || {
        let world = World::with_light_fences(3, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let batch = {
            let world = world.clone();
            thread::spawn(move || match world.claim(1, 3) {
                Claimed::Granted(span) => world.publish(1, span, 10),
                other => panic!("{other:?}"),
            })
        };
        let single = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll_many(&mut consumer);
        world.poll_many(&mut consumer);
        batch.join().unwrap();
        single.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// A value sent because another one was seen to be sent comes after it.
#[test]
fn causes_come_first() {
    explore(None, || {
        let world = World::with_light_fences(3, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let first = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(1, 10);
                world.kill(3, 0); // a flag that the second sender waits for
            })
        };
        let second = {
            let world = world.clone();
            thread::spawn(move || {
                if crate::queue::Peers::is_dead(&*world, 3) {
                    world.send(2, 20);
                }
            })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        assert!(world.received().is_sorted());
        world.settle_whole(&mut consumer);
    });
}
