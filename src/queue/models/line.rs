//! The line of waiting senders: nobody overtakes, places that are left are handed on, a full line overflows.
//! Here nobody sleeps, so nothing can be said of wakeups.

use super::{World, explore};
use crate::queue::words::Cell;
use crate::queue::{Claimed, Consumer, Place, Stand, Took};
use crate::sync::Ordering;
use loom::thread;

/// Somebody who comes when a waiter is in the line takes nothing before it.
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
        assert_eq!(world.drain(&mut consumer), Took::Empty);
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
        assert_eq!(world.drain(&mut consumer), Took::Empty);
        world.settle();
    });
}

/// Two enter at once, both places count, and with room for both both take.
fn two_enter(line: u32) {
    explore(None, move || {
        let world = World::new(2, line, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        world.send(3, 31);
        let waiters = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || {
                let mut stand = Stand::Nowhere;
                let ticket = world.queue().enter(me, 1);
                if let Some(ticket) = ticket {
                    stand = Stand::InLine(ticket);
                }
                (ticket, stand)
            })
        });
        let mut stands = Vec::new();
        let mut tickets = Vec::new();
        for (me, waiter) in (1..).zip(waiters) {
            let (ticket, stand) = waiter.join().unwrap();
            tickets.extend(ticket);
            stands.push((me, stand));
        }
        assert_eq!(tickets.len(), 2.min(line as usize));
        tickets.dedup();
        assert_eq!(tickets.len(), 2.min(line as usize), "one place for two");
        assert_eq!(world.claim(3, 1), Claimed::Full);
        world.drain(&mut consumer);
        assert_eq!(world.claim(3, 1), if line == 1 { world.claim(3, 1) } else { Claimed::Full });
        for (me, stand) in &mut stands {
            world.sender(*me).leave(stand, &*world);
        }
        assert_eq!(world.queue().free_capacity(), 2);
        world.settle();
    });
}

#[test]
fn two_enter_a_line_of_two() {
    two_enter(2);
}

/// The ring of cells goes round: a place is left and taken again at once.
#[test]
fn a_cell_is_used_again() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let mut stand = Stand::Nowhere;
        assert_eq!(world.turn(1, &mut stand), None);
        let leaver = {
            let world = world.clone();
            thread::spawn(move || world.sender(1).leave(&mut stand, &*world))
        };
        let comer = {
            let world = world.clone();
            thread::spawn(move || world.queue().enter(2, 1))
        };
        let also = world.queue().enter(3, 1);
        leaver.join().unwrap();
        let ticket = comer.join().unwrap();
        assert!(ticket.is_none() || also.is_none(), "one cell for two");
        let is_full = world.claim(1, 1);
        assert_eq!(is_full, Claimed::Full);
        world.drain(&mut consumer);
        if let Some(ticket) = ticket.or(also) {
            assert_eq!(world.claim(1, 1), Claimed::Full, "the waiter's");
            world.queue().leave(ticket, &*world);
        }
        assert_eq!(world.queue().free_capacity(), 1);
        world.send(1, 10);
        world.drain(&mut consumer);
        world.settle();
    });
}

/// A process dies in the line, even before it could move the line's end: its place is handed on.
#[test]
fn a_dead_waiter_is_one_cell() {
    for is_counted in [false, true] {
        explore(Some(3), move || {
            let world = World::new(1, 2, 1);
            let mut consumer = Consumer::new(&world.queue());
            world.send(3, 30);
            let queue = world.queue();
            if is_counted {
                queue.enter(1, 1).expect("a place");
            } else {
                // As far as the exchange of the cell.
                let cells = queue.view.cells;
                cells[0].store(Cell::wait(2, 1, 1).0, Ordering::Release);
            }
            let comer = {
                let world = world.clone();
                thread::spawn(move || {
                    let mut stand = Stand::Nowhere;
                    let span = world.turn(2, &mut stand);
                    if let Some(span) = span {
                        world.publish(2, span, 20);
                    }
                    stand
                })
            };
            queue.repair(1, &*world);
            world.poll(&mut consumer);
            let mut stand = comer.join().unwrap();
            if stand != Stand::Nowhere {
                let span = world.turn(2, &mut stand).expect("its turn");
                world.publish(2, span, 20);
            }
            world.drain(&mut consumer);
            assert_eq!(world.received(), [30, 20]);
            assert_eq!(world.queue().free_capacity(), 1);
            world.settle();
        });
    }
}

/// Somebody wants to enter where the line ended a while ago, when its cell has gone round: it must not take a place
/// that is behind the front, nor that of somebody who stands there now.
fn an_old_end_of_the_line(act: fn(&World), stays: bool) {
    explore(Some(3), move || {
        let world = World::new(1, 1, 1);
        world.send(3, 30);
        let late = {
            let world = world.clone();
            thread::spawn(move || world.queue().enter(1, 1))
        };
        let other = {
            let world = world.clone();
            thread::spawn(move || act(&world))
        };
        let mut mine = world.queue().enter(3, 1);
        if !stays && let Some(ticket) = mine.take() {
            world.queue().leave(ticket, &*world);
        }
        other.join().unwrap();
        let late = late.join().unwrap();
        let places = i64::from(mine.is_some()) + i64::from(late.is_some());
        assert_eq!(world.queue().needs_before(Place::Newcomer, 9), places, "a place is lost");
    });
}

fn enter_and_leave(world: &World) {
    if let Some(ticket) = world.queue().enter(2, 1) {
        world.queue().leave(ticket, world);
    }
}

fn enter_and_die(world: &World) {
    let _ = world.queue().enter(2, 1);
    world.queue().repair(2, world);
}

#[test]
fn an_old_end_of_the_line_where_one_left() {
    an_old_end_of_the_line(enter_and_leave, true);
}

#[test]
fn an_old_end_of_the_line_where_two_left() {
    an_old_end_of_the_line(enter_and_leave, false);
}

#[test]
fn an_old_end_of_the_line_where_one_died() {
    an_old_end_of_the_line(enter_and_die, true);
}
