//! Late looks for a receiver, in a channel of either kind whose light side is no fence at all. A receiver and its waker can miss each
//! other there. Once time has passed, the receiver looks again, or another thread for it.

use super::outside::Woken;
use super::receiving::Receiving;
use crate::queue::{Consume, Fences, Kind, Taken};
use loom::thread;
use std::sync::Arc;

/// The number that is sent.
pub(in crate::queue) const SENT: u64 = 10;

/// One value is sent by `send` while the receiver's thread falls asleep, and then time passes.
pub(in crate::queue) fn a_thread_receives<W>(world: Arc<W>, send: impl FnOnce(&W) + Send + 'static)
where
    W: Receiving + Send + Sync + 'static,
{
    let mut consumer = W::Consumer::new(&world.queue());
    let sender = {
        let world = world.clone();
        thread::spawn(move || {
            send(&world);
            world.outside().futexes.pass_time();
        })
    };
    assert_eq!(world.receive_asleep(&mut consumer), Some(SENT));
    sender.join().unwrap();
    world.settle();
}

/// One value is sent by `send` while the receiver's task falls asleep. The porter looks for it by `look_late`, after the sender is done.
pub(in crate::queue) fn a_task_receives<W>(
    world: Arc<W>,
    send: impl FnOnce(&W) + Send + 'static,
    look_late: impl FnOnce(&W, &Woken),
) where
    W: Receiving + Send + Sync + 'static,
{
    let mut consumer = W::Consumer::new(&world.queue());
    let sender = {
        let world = world.clone();
        thread::spawn(move || send(&world))
    };
    let bell = &world.common_view().header.receiver_bell;
    let key = bell.register(Kind::Task, Fences::FULL);
    let took = world.poll(&mut consumer);
    sender.join().unwrap();
    if took == Taken::Empty && bell.is_quiet(key) {
        let woken = Woken::default();
        look_late(&world, &woken);
        assert!(woken.is_woken(), "left asleep");
    }
}
