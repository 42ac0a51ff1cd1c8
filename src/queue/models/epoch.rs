//! Handles whose copy of head is very old: the epoch tells them.

use super::{World, explore};
use crate::queue::{Claimed, Consumer};
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
