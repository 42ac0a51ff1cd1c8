//! The receiver sleeps when there is nothing, and is never left asleep: a lost wakeup is a deadlock, which fails the model. The loop
//! is that of [`crate::wait`], on the double of the futex.

use super::{Receiving, World, explore};
use crate::queue::table::Consumer;
use crate::queue::{Consume, Fences, Kind, Sleeper, Taken, Wake};
use crate::wait::Park;
use loom::thread;

/// Receives, asleep in between, until the stream ends.
fn sleep_until_end(world: &World) {
    let mut consumer = Consumer::new(&world.queue());
    while world.receive_asleep(&mut consumer).is_some() {}
    assert_eq!(consumer.nonsense(), None);
    world.settle();
}

/// Senders that send `each` values and drop their handles.
fn stream((chunks, positions): (u32, u32), senders: &'static [u16], each: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(chunks, positions);
        for me in senders {
            assert!(world.queue().common().upgrade(*me));
        }
        for me in senders {
            let world = world.clone();
            let me = *me;
            thread::spawn(move || {
                for number in 0..each {
                    world.send(me, u64::from(me) * 10 + number);
                }
                world.queue().common().drop_strong(me, &*world);
            });
        }
        sleep_until_end(&world);
    });
}

#[test]
fn one_sender_and_the_receiver_asleep() {
    stream((3, 1), &[1], 2, Some(2));
}

#[test]
fn two_senders_and_the_receiver_asleep() {
    stream((2, 2), &[1, 2], 1, Some(1));
}

/// A value is sent, and no handle is dropped that would wake the receiver instead.
#[test]
fn a_value_wakes_the_receiver() {
    explore(Some(3), || {
        let world = World::new(2, 1);
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.send(1, 10))
        };
        assert_eq!(world.receive_asleep(&mut consumer), Some(10));
        sender.join().unwrap();
        world.settle();
    });
}

/// The receiver has registered when the send begins, so the light fence of the send has nothing to do. The receiver may notice that it
/// was rung before it is woken. Then it registers again, and finds the value that it was rung for.
#[test]
fn a_rung_receiver_finds_what_a_light_fence_follows() {
    explore(Some(4), || {
        let world = World::with_light_fences(2, 1);
        let mut consumer = Consumer::new(&world.queue());
        let bell = &world.common_view().header.receiver_bell;
        let key = bell.register(Kind::Thread, Fences::FULL);
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.send(1, 10))
        };
        if world.poll(&mut consumer) == Taken::Empty {
            let parker = world.outside().futexes.parker(world.common_view(), &[], 0);
            assert!(parker.park(bell, key));
            assert_eq!(world.receive_asleep(&mut consumer), Some(10));
        }
        sender.join().unwrap();
        world.settle();
    });
}

/// A send stalls at head and its process dies: the porter's repair wakes the receiver.
#[test]
fn a_death_wakes_the_receiver() {
    explore(None, || {
        let world = World::new(2, 1);
        assert!(world.queue().common().upgrade(1));
        let _ = world.claim_one(1);
        let porter = {
            let world = world.clone();
            thread::spawn(move || world.bury(1))
        };
        sleep_until_end(&world);
        porter.join().unwrap();
    });
}

/// Of two sends at head that never come, each death has the receiver look, and nothing else does.
#[test]
fn two_deaths_wake_the_receiver() {
    explore(Some(2), || {
        let world = World::new(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        let _ = world.claim_one(1);
        let _ = world.claim_one(2);
        world.queue().close();
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                world.kill(2);
                world.queue().notify_after_recovery(&*world);
                world.kill(1);
                world.queue().notify_after_recovery(&*world);
            })
        };
        assert_eq!(world.receive_asleep(&mut consumer), None);
        porter.join().unwrap();
        world.settle();
    });
}

/// A process that has every sleeper look, whatever their bells say, has the receiver look too.
#[test]
fn a_shaken_bell_has_the_receiver_look() {
    explore(None, || {
        let world = World::new(2, 1);
        let mut consumer = Consumer::new(&world.queue());
        let _ = world.claim_one(1);
        world.queue().close();
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                world.kill(1);
                assert_eq!(world.queue().bump_all().count(), 1);
                world.wake(Sleeper::Receiver, Kind::Thread);
            })
        };
        assert_eq!(world.receive_asleep(&mut consumer), None);
        porter.join().unwrap();
        world.settle();
    });
}

/// A position behind a stalled one is published first.
#[test]
fn a_stalled_send_wakes_the_receiver() {
    explore(Some(2), || {
        let world = World::new(3, 1);
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let stalled = world.claim_one(1);
        let late = {
            let world = world.clone();
            thread::spawn(move || {
                world.publish(1, stalled, 10);
                world.queue().common().drop_strong(1, &*world);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(2, 20);
                world.queue().common().drop_strong(2, &*world);
            })
        };
        sleep_until_end(&world);
        late.join().unwrap();
        sender.join().unwrap();
    });
}

/// A send that was passed is published while the receiver sleeps, and nothing else wakes it.
/// Shows W84.
#[test]
fn a_late_value_wakes_the_receiver() {
    explore(None, || {
        let world = World::new(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let late = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, stalled, 10))
        };
        assert_eq!(world.receive_asleep(&mut consumer), Some(10));
        late.join().unwrap();
        world.settle();
    });
}
