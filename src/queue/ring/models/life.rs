//! The last strong handle: its drop ends the stream, after everything that was sent, and an upgrade comes either
//! before or too late.

use super::{Receiving, World, explore};
use crate::queue::ring::Consumer;
use crate::queue::{Consume, Taken};
use loom::thread;

/// The last handles of two processes are dropped at once.
/// Shows W49.
#[test]
fn two_processes_drop_at_once() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let droppers = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.queue().common().drop_strong(me, &*world))
        });
        for dropper in droppers {
            dropper.join().unwrap();
        }
        assert!(world.queue().common().has_ended(), "no sender was the last");
    });
}

/// One sends and drops, the other drops, while the receiver looks for the end.
fn sends_and_drops(same_process: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(2, 1, 1);
        let (one, two) = if same_process { (1, 1) } else { (1, 2) };
        assert!(world.queue().common().upgrade(one));
        if same_process {
            world.queue().common().add_strong(two)
        } else {
            assert!(world.queue().common().upgrade(two))
        }
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(one, 10);
                world.queue().common().drop_strong(one, &*world);
            })
        };
        let dropper = {
            let world = world.clone();
            thread::spawn(move || world.queue().common().drop_strong(two, &*world))
        };
        let early = world.poll(&mut consumer);
        if early != Taken::End {
            world.poll(&mut consumer);
        }
        sender.join().unwrap();
        dropper.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        world.settle();
    });
}

#[test]
fn sends_and_drops_in_one_process() {
    sends_and_drops(true, None);
}

/// Shows W48.
#[test]
fn sends_and_drops_in_two_processes() {
    sends_and_drops(false, Some(4));
}

/// A handle is upgraded while the last strong one goes: either its value is received, or it was too late.
/// Shows W47.
#[test]
fn upgrade_against_the_last_drop() {
    explore(Some(4), || {
        let world = World::new(2, 1, 1);
        assert!(world.queue().common().upgrade(1));
        let mut consumer = Consumer::new(&world.queue());
        let dropper = {
            let world = world.clone();
            thread::spawn(move || world.queue().common().drop_strong(1, &*world))
        };
        let upgrader = {
            let world = world.clone();
            thread::spawn(move || {
                if world.queue().common().upgrade(2) {
                    assert!(!world.queue().common().has_ended(), "ended under a living handle");
                    world.send(2, 20);
                    world.queue().common().drop_strong(2, &*world);
                }
            })
        };
        world.poll(&mut consumer);
        dropper.join().unwrap();
        upgrader.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        world.settle();
    });
}

/// The porter takes a dead process's handles away while the last living one goes: the stream ends, after all that
/// the dead one sent.
/// Shows W49.
#[test]
fn repair_against_the_last_drop() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let mut consumer = Consumer::new(&world.queue());
        let porter = {
            let world = world.clone();
            // The porter hears of the death after all that the process did: one thread stands for both.
            thread::spawn(move || {
                world.send(1, 10);
                world.queue().common().clear_strong(1, &*world);
            })
        };
        let dropper = {
            let world = world.clone();
            thread::spawn(move || world.queue().common().drop_strong(2, &*world))
        };
        world.poll(&mut consumer);
        porter.join().unwrap();
        dropper.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::End);
        world.settle();
    });
}
