//! Handles whose copy of head is very old: the epoch tells them.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Taken};
use loom::thread;

/// The receiver crosses into a new epoch while a sender of another process goes on and one with an old copy comes
/// back. What the old copy says of the 32 bits is a head far ahead of the true one.
#[test]
fn an_old_copy_is_not_trusted() {
    explore(Some(3), || {
        // The last position before an epoch ends.
        let world = World::at(1, 1, 1, (5 << 29) - 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(1, 10);
        world.remember(2, (5 << 29) + 1, 0);
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10 + 1))
        });
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Claimed::Closed);
        }
        world.settle_whole(&mut consumer);
    });
}

/// A sender is stopped while it makes its copy of head, and nearly 2^32 positions go by: it must not bring together a
/// head from before and an epoch from after.
/// Shows W54, W55, W56, W57, W58, W59.
#[test]
fn a_copy_is_not_made_of_old_and_new() {
    explore(Some(3), || {
        let before = (1 << 32) + (5 << 29) + 1;
        let world = World::at(1, 1, 1, before);
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        // Up to the last position before an epoch ends. After two more, the 32 bits of the tail are those of `before`.
        if world.skip_to(before + (1 << 32) - 2) {
            let mut consumer = Consumer::new(&world.queue());
            if let Claimed::Granted(_) = world.try_send(1, 10) {
                assert!(matches!(world.poll(&mut consumer), Taken::Value(_)));
                world.try_send(1, 11);
            }
        }
        sender.join().unwrap();
    });
}

/// As the first one, for a sender that comes back with a permit.
#[test]
fn an_old_copy_is_not_trusted_with_a_permit() {
    explore(Some(3), || {
        // Two positions before an epoch ends.
        let world = World::at(2, 1, 1, (5 << 28) - 1);
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.reserve(2, 1), Claimed::Granted(()));
        world.send(1, 10);
        world.remember(2, (5 << 29) + 1, 0);
        let holder = {
            let world = world.clone();
            thread::spawn(move || world.send_reserved(2, 20))
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, 11))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        holder.join().unwrap();
        assert_ne!(sender.join().unwrap(), Claimed::Closed);
        world.settle_whole(&mut consumer);
    });
}
