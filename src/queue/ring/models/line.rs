//! The line of waiting senders: no sender overtakes, records that are left are used again, marks stay as long as they are
//! needed. No thread sleeps here, so nothing can be said of wakeups.

use super::{Receiving, World, explore};
use crate::queue::ring::words::{Line, Waiter};
use crate::queue::ring::{Claimed, Consumer, Place, Rank};
use crate::queue::{Consume, Taken};
use crate::sync::{Ordering, killed_at_write};
use crate::wait::Stand;
use loom::thread;

/// A sender that comes when a waiter is in the line takes nothing before it.
fn newcomer_behind_a_waiter(capacity: u32, polls: usize) {
    explore(Some(3), move || {
        let world = World::new(capacity, 2, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..u64::from(capacity) {
            world.send(3, 30 + number);
        }
        let mut stand = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut stand), None);
        let waiter = {
            let world = world.clone();
            thread::spawn(move || {
                let span = world.turn(1, &mut stand)?;
                world.publish(1, span, 10);
                Some(span.first)
            })
        };
        let newcomer = {
            let world = world.clone();
            thread::spawn(move || match world.claim(2, 1) {
                Claimed::Granted(span) => {
                    world.publish(2, span, 20);
                    Some(span.first)
                }
                _ => None,
            })
        };
        for _ in 0..polls {
            world.poll(&mut consumer);
        }
        let track = world.queue().track;
        match (waiter.join().unwrap(), newcomer.join().unwrap()) {
            (Some(first), Some(second)) => assert!(track.distance(first, second) > 0, "overtaken"),
            (None, Some(_)) => assert!(polls > 1, "overtaken"),
            _ => {}
        }
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        world.settle();
    });
}

#[test]
fn newcomer_behind_a_waiter_capacity_1() {
    newcomer_behind_a_waiter(1, 1);
}

#[test]
fn newcomer_behind_a_waiter_capacity_2() {
    newcomer_behind_a_waiter(2, 1);
}

/// A sender that saw another one's value, or knows otherwise that a waiter stands in the line, stays behind it.
#[test]
fn who_knows_of_a_waiter_stays_behind() {
    explore(Some(3), || {
        let world = World::new(1, 2, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let waiter = {
            let world = world.clone();
            thread::spawn(move || {
                let mut stand = Stand::Nowhere;
                match world.turn(1, &mut stand) {
                    Some(span) => {
                        world.publish(1, span, 10);
                        false
                    }
                    None => {
                        world.kill(3, 0); // a flag: from now on it waits
                        true
                    }
                }
            })
        };
        let newcomer = {
            let world = world.clone();
            thread::spawn(move || {
                let is_behind = crate::queue::Peers::is_dead(&*world, 3);
                (is_behind, matches!(world.try_send(2, 20), Claimed::Granted(_)))
            })
        };
        world.poll(&mut consumer);
        let waits = waiter.join().unwrap();
        let (is_behind, has_sent) = newcomer.join().unwrap();
        assert!(!(waits && is_behind && has_sent), "overtaken");
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        world.settle();
    });
}

/// Leaves the line, without a backlog.
fn leave(world: &World, place: Place) {
    world.queue().vacate(place);
    world.queue().look_if_waiting(world);
}

fn line(world: &World) -> Line {
    Line(world.queue().view.words.read_mostly.line.load(Ordering::Acquire))
}

/// Two come at once: each has a record and a ticket of its own, and both count.
fn two_come(common: u32) {
    explore(None, move || {
        let world = World::new(2, common, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        world.send(3, 31);
        let waiters = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.queue().enter(me, 1).expect("a record"))
        });
        let [first, second] = waiters.map(|waiter| waiter.join().unwrap());
        assert_ne!(first.record, second.record);
        assert_ne!(first.ticket, second.ticket);
        assert_eq!(world.claim(3, 1), Claimed::Full);
        world.drain(&mut consumer);
        assert_eq!(world.claim(3, 1), Claimed::Full);
        assert_eq!(world.queue().needs_before(Rank::Newcomer, 9), 2);
        [first, second].into_iter().for_each(|place| leave(&world, place));
        assert_eq!(world.queue().free_capacity(), 2);
        assert!(line(&world).is_idle());
        world.settle();
    });
}

#[test]
fn two_come_to_common_records() {
    two_come(2);
}

#[test]
fn two_come_where_one_record_is_common() {
    two_come(1);
}

/// A record is left and taken again at once, by one of two that come. Its bit stays set for the one that has it.
#[test]
fn a_record_is_used_again() {
    explore(Some(3), || {
        let world = World::new(1, 1, 1);
        let first = world.queue().enter(1, 1).expect("a record");
        let comer = {
            let world = world.clone();
            thread::spawn(move || world.queue().enter(2, 1).expect("a record"))
        };
        let leaver = {
            let world = world.clone();
            thread::spawn(move || leave(&world, first))
        };
        let also = world.queue().enter(3, 1).expect("a record");
        leaver.join().unwrap();
        let place = comer.join().unwrap();
        assert_ne!(place.record, also.record, "one record for two");
        assert_eq!(world.queue().needs_before(Rank::Newcomer, 9), 2, "a waiter does not count");
        [place, also].into_iter().for_each(|place| leave(&world, place));
        assert!(line(&world).is_idle());
    });
}

/// A sender comes while two look along the line and find no waiter: its mark stays.
#[test]
fn a_look_that_finds_no_waiter_takes_no_mark_away() {
    explore(Some(2), || {
        let world = World::new(1, 2, 1);
        let first = world.queue().enter(1, 1).expect("a record");
        let looks = [(); 2].map(|()| {
            let world = world.clone();
            thread::spawn(move || world.queue().freed(&*world))
        });
        let comer = {
            let world = world.clone();
            thread::spawn(move || world.queue().enter(2, 1).expect("a record"))
        };
        world.queue().vacate(first);
        looks.into_iter().for_each(|look| look.join().unwrap());
        let place = comer.join().unwrap();
        assert_eq!(line(&world).waiting(), 1, "the mark is lost");
        leave(&world, place);
        assert!(line(&world).is_idle());
    });
}

/// A process dies on its way to the line or in it, before any one of its writes: its record is free again.
/// Shows W17, W20.
#[test]
fn a_dead_waiter_is_one_record() {
    for write in 0..=4 {
        explore(Some(2), move || {
            let world = World::new(1, 1, 1);
            let mut consumer = Consumer::new(&world.queue());
            world.send(3, 30);
            let dying = {
                let world = world.clone();
                thread::spawn(move || {
                    killed_at_write(write, || {
                        world.queue().enter(1, 1);
                    });
                    world.queue().repair(1, &*world);
                })
            };
            let comer = {
                let world = world.clone();
                thread::spawn(move || {
                    let mut stand = Stand::Nowhere;
                    if let Some(span) = world.turn(2, &mut stand) {
                        world.publish(2, span, 20);
                    }
                    stand
                })
            };
            world.poll(&mut consumer);
            dying.join().unwrap();
            let mut stand = comer.join().unwrap();
            if stand != Stand::Nowhere {
                let span = world.turn(2, &mut stand).expect("its turn");
                world.publish(2, span, 20);
            }
            world.drain(&mut consumer);
            assert_eq!(world.received(), [30, 20]);
            assert_eq!(world.queue().free_capacity(), 1);
            let free = |word: &crate::sync::AtomicU64| word.load(Ordering::Relaxed) == Waiter::FREE.0;
            assert!(world.queue().view.waiters.iter().all(free));
            world.settle();
        });
    }
}

/// Two come and one of them leaves while a third looks twice, and remembers what it saw: it misses no waiter that it can
/// know of.
#[test]
fn what_a_process_remembers_misses_no_waiter() {
    explore(Some(3), || {
        let world = World::with_rankings(4, 4);
        let first = world.queue().enter(1, 1).expect("a record");
        let comers = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || {
                let place = world.queue().enter(me, 1).expect("a record");
                if me == 1 {
                    world.queue().vacate(first);
                }
                place
            })
        });
        let needs = || world.sender(3).queue.needs_before(Rank::Newcomer, 9);
        assert!(needs() <= 3);
        assert!(needs() <= 3);
        for comer in comers {
            comer.join().unwrap();
        }
        assert_eq!(needs(), 2);
    });
}
