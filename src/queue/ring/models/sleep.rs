//! Each end sleeps that has nothing to do, and no sleeper is left asleep: a lost wakeup is a deadlock, which fails the
//! model. The loops are those of [`crate::wait`], on the double of the futex.

use super::{Receiving, World, explore};
use crate::queue::ring::Consumer;
use crate::queue::{Consume, Taken};
use crate::wait::Stand;
use loom::thread;
use std::sync::Arc;

/// Receives, asleep in between, until the stream ends.
fn sleep_until_end(world: &World) {
    let mut consumer = Consumer::new(&world.queue());
    while world.receive_asleep(&mut consumer).is_some() {}
    assert_eq!(consumer.nonsense(), None);
    world.settle();
}

/// Senders that send `each` values and drop their handles, all asleep while there is no room.
fn stream(capacity: u32, line: u32, senders: &'static [u16], each: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, line, 1);
        for me in senders {
            assert!(world.queue().common().upgrade(*me));
        }
        for me in senders {
            let world = world.clone();
            let me = *me;
            thread::spawn(move || {
                for number in 0..each {
                    assert!(world.send_asleep(me, u64::from(me) * 10 + number));
                }
                world.queue().common().drop_strong(me, &*world);
            });
        }
        sleep_until_end(&world);
    });
}

#[test]
fn one_sender_and_the_receiver_asleep() {
    stream(1, 1, &[1], 2, Some(3));
}

#[test]
fn two_senders_and_the_receiver_asleep_capacity_1() {
    stream(1, 2, &[1, 2], 1, Some(2));
}

#[test]
fn two_senders_and_the_receiver_asleep_capacity_2() {
    stream(2, 2, &[1, 2], 1, Some(2));
}

/// The line has one common record: the second sender has that of its process.
#[test]
fn two_senders_and_a_line_of_one() {
    stream(1, 1, &[1, 2], 1, Some(2));
}

/// A full channel with waiters asleep in the line, or on their way there.
fn full_with_waiters(
    line: u32,
    waiters: &'static [u16],
    switches: Option<usize>,
    act: fn(&Arc<World>, &mut Consumer),
) {
    explore(switches, move || {
        let world = World::new(1, line, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let waiters: Vec<_> = waiters
            .iter()
            .map(|me| {
                let world = world.clone();
                thread::spawn(move || world.send_asleep(*me, u64::from(*me) * 10))
            })
            .collect();
        act(&world, &mut consumer);
        for waiter in waiters {
            waiter.join().unwrap();
        }
        world.drain(&mut consumer);
        world.settle();
    });
}

/// Room for one wakes one, whose value is received, which wakes the next.
#[test]
fn room_wakes_a_waiter() {
    full_with_waiters(1, &[1], None, |world, consumer| {
        assert_eq!(world.poll(consumer), Taken::Value(30));
    });
}

/// The first waiter stands in the line already. Room wakes it, and its value, once received, wakes the second one.
fn room_wakes_one_after_the_other(line: u32, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(1, line, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let mut first = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut first), None);
        let waiters = [(1, first), (2, Stand::Nowhere)].map(|(me, stand)| {
            let world = world.clone();
            thread::spawn(move || assert!(world.wait_from(me, stand, u64::from(me) * 10)))
        });
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        assert!(world.receive_asleep(&mut consumer).is_some());
        for waiter in waiters {
            waiter.join().unwrap();
        }
        world.drain(&mut consumer);
        world.settle();
    });
}

/// Shows W23.
#[test]
fn room_wakes_each_waiter_in_turn() {
    room_wakes_one_after_the_other(1, Some(2));
}

#[test]
fn close_wakes_all_waiters() {
    full_with_waiters(2, &[1, 2], Some(2), |world, _| world.queue().close(&**world));
}

#[test]
fn close_wakes_waiters_with_records_of_their_own() {
    full_with_waiters(1, &[1, 2], Some(2), |world, _| world.queue().close(&**world));
}

/// The first waiter gives up while room comes: the second one must not be left asleep.
fn a_cancelled_waiter(line: u32, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(1, line, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let mut first = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut first), None);
        let second = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(2, 20)))
        };
        let cancel = {
            let world = world.clone();
            thread::spawn(move || world.leave(1, &mut first))
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        cancel.join().unwrap();
        second.join().unwrap();
        world.drain(&mut consumer);
        world.settle();
    });
}

/// Shows W23.
#[test]
fn a_cancelled_waiter_hands_its_place_on() {
    a_cancelled_waiter(1, Some(2));
}

/// The first waiter dies while room comes.
/// Shows W1, W18.
#[test]
fn a_dead_waiter_hands_its_place_on() {
    explore(Some(2), || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let mut first = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut first), None);
        let second = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(2, 20)))
        };
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                world.kill(1, 0);
                world.queue().repair(1, &*world);
            })
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        porter.join().unwrap();
        second.join().unwrap();
        world.drain(&mut consumer);
        world.settle();
    });
}

/// Two senders of a process have all records that it can get, and a third one sleeps in its backlog, or is on its way there.
fn with_a_backlog(capacity: u32, switches: usize, act: fn(&Arc<World>, &mut Consumer, [Stand; 2])) {
    explore(Some(switches), move || {
        let world = World::new(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..u64::from(capacity) {
            world.send(3, 30 + number);
        }
        let mut stands = [Stand::Nowhere; 2];
        for stand in &mut stands {
            assert_eq!(world.turn(1, stand), None);
        }
        let third = {
            let world = world.clone();
            thread::spawn(move || world.wait_from(1, Stand::Nowhere, 10))
        };
        act(&world, &mut consumer, stands);
        third.join().unwrap();
        world.drain(&mut consumer);
        world.settle();
    });
}

/// Those before it are held for ever, and the capacity covers them and the third.
#[test]
fn room_beyond_the_line_wakes_the_backlog() {
    with_a_backlog(3, 2, |world, consumer, _| {
        for number in 30..33 {
            assert_eq!(world.poll(consumer), Taken::Value(number));
        }
    });
}

#[test]
fn a_sender_that_leaves_brings_the_next_to_the_line() {
    with_a_backlog(1, 1, |world, consumer, [mut first, mut second]| {
        let leaver = {
            let world = world.clone();
            thread::spawn(move || {
                world.leave(1, &mut first);
                world.leave(1, &mut second);
            })
        };
        assert_eq!(world.poll(consumer), Taken::Value(30));
        leaver.join().unwrap();
    });
}

/// Shows W63.
#[test]
fn close_wakes_the_backlog() {
    with_a_backlog(1, 2, |world, _, _| world.queue().close(&**world));
}

/// The mark of a backlog is taken away by one look while another backlog arms.
#[test]
fn two_backlogs_are_both_woken() {
    explore(Some(1), || {
        let world = World::new(4, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 30..34 {
            world.send(3, number);
        }
        // Number 1 has the common record and its own, number 2 its own.
        for me in [1, 1, 2] {
            assert_eq!(world.turn(me, &mut Stand::default()), None);
        }
        let backlogs = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.wait_from(me, Stand::Nowhere, u64::from(me) * 10))
        });
        let mut left = 4;
        while left > 0 {
            left -= u32::from(matches!(world.poll(&mut consumer), Taken::Value(_)));
        }
        // Three are held and one of the backlogs has the fourth place; its value makes room for the other one.
        while world.received().len() < 6 {
            assert!(world.receive_asleep(&mut consumer).is_some());
        }
        backlogs.into_iter().for_each(|backlog| assert!(backlog.join().unwrap()));
        world.settle();
    });
}

/// A send stalls at head and its process dies: the porter's repair wakes the receiver.
/// Shows W1.
#[test]
fn a_death_wakes_the_receiver() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        assert!(world.queue().common().upgrade(1));
        let _ = world.claim_one(1);
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                world.kill(1, 1);
                world.queue().repair(1, &*world);
            })
        };
        sleep_until_end(&world);
        porter.join().unwrap();
    });
}

/// A position behind a stalled one is published first.
/// Shows W13.
#[test]
fn a_stalled_send_wakes_the_receiver() {
    explore(Some(2), || {
        let world = World::new(2, 1, 1);
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
                assert!(world.send_asleep(2, 20));
                world.queue().common().drop_strong(2, &*world);
            })
        };
        sleep_until_end(&world);
        late.join().unwrap();
        sender.join().unwrap();
    });
}

/// The receiver sleeps with a send in quarantine, and the only other sender waits for room that the void
/// positions hold.
/// Shows W11.
#[test]
fn a_voiding_sender_wakes_the_receiver() {
    explore(Some(2), || {
        let world = World::new(2, 1, 1);
        for me in [1, 2] {
            assert!(world.queue().common().upgrade(me));
        }
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 21..23 {
                    assert!(world.send_asleep(2, number));
                }
                world.queue().common().drop_strong(2, &*world);
            })
        };
        while !world.received().contains(&22) {
            world.receive_asleep(&mut consumer);
        }
        sender.join().unwrap();
        world.publish(1, stalled, 10);
        world.queue().common().drop_strong(1, &*world);
        assert_eq!(world.drain(&mut consumer), Taken::End);
        world.settle();
    });
}

/// A process is killed between adding to a bell and waking: the next one to ring still finds it asleep.
/// Shows W2, W4.
#[test]
fn a_waker_dies_while_it_rings() {
    explore(Some(3), || {
        let world = World::new(1, 1, 1);
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let bell = &world.queue().view.common.header.receiver_bell;
                // Unwinding stands for the kill: nothing after the addition happens.
                let kill = |_| std::panic::resume_unwind(Box::new(()));
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bell.ring(kill)));
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.send(2, 20))
        };
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.receive_asleep(&mut consumer), Some(20));
        dying.join().unwrap();
        sender.join().unwrap();
        world.settle();
    });
}
