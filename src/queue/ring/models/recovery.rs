//! What dead processes held in permits comes back, exactly, wherever they died, while the living go on; and a sender that waits
//! for the end of a living one's operation is told of it.

use super::{Receiving, World, explore};
use crate::queue::Consume;
use crate::queue::Number;
use crate::queue::ring::account::Operation;
use crate::queue::ring::words::Claim;
use crate::queue::ring::{Claimed, Consumer, Permits, Rank, Request};
use crate::sync::Ordering;
use loom::thread;

/// Where a process dies.
#[derive(Clone, Copy)]
enum Dies {
    /// With a permit, in the middle of nothing.
    Holding,
    /// Counted, and nothing taken.
    BeforeTaking,
    /// It has taken one and not written it down.
    AfterTaking,
    /// It has given one back and not written it down.
    AfterGiving,
}

fn dies(world: &World, me: Number, how: Dies) {
    // Past the book, which knows only what the living hold.
    let holds = || Permits(1).ask(&world.sender(me), Rank::Newcomer, world) == Claimed::Granted(());
    if matches!(how, Dies::Holding | Dies::AfterGiving) && !holds() {
        return;
    }
    let change = match how {
        Dies::Holding => return,
        Dies::BeforeTaking => 0,
        Dies::AfterTaking => 1,
        Dies::AfterGiving => -1,
    };
    let mut operation = Operation::begin(world.queue(), me);
    loop {
        let claim = operation.claim();
        let reserved = claim.reserved().wrapping_add_signed(change);
        if change == 0 || i64::from(reserved) > world.queue().capacity() {
            break;
        }
        let word = &world.queue().view.words.claim;
        let changed = claim.with_reserved(reserved).0;
        if word.compare_exchange(claim.0, changed, Ordering::Release, Ordering::Relaxed).is_ok() {
            break;
        }
    }
}

fn die(world: &World, me: Number, how: Dies) {
    dies(world, me, how);
    world.kill(me, 0);
    world.tell_recovery();
}

fn takes_and_gives(world: &World, me: Number) -> u32 {
    if world.reserve(me, 1) == Claimed::Granted(()) {
        world.give_back(me, 1);
    }
    0
}

fn takes(world: &World, me: Number) -> u32 {
    u32::from(world.reserve(me, 1) == Claimed::Granted(()))
}

fn takes_and_sends(world: &World, me: Number) -> u32 {
    if world.reserve(me, 1) == Claimed::Granted(()) {
        world.send_reserved(me, u64::from(me) * 10);
    }
    0
}

fn give_all_back(world: &World, me: Number, held: u32) {
    if held > 0 {
        world.give_back(me, held);
    }
}

/// One dies and is recovered while another one goes on.
fn one_dies(capacity: u32, how: Dies, act: fn(&World, Number) -> u32, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                die(&world, 1, how);
                world.recover(vec![1]);
            })
        };
        let held = act(&world, 2);
        dying.join().unwrap();
        assert_eq!(world.reserved(), held, "of the living");
        give_all_back(&world, 2, held);
        world.settle_whole(&mut consumer);
    });
}

/// Shows W32.
#[test]
fn one_dies_with_a_permit() {
    one_dies(2, Dies::Holding, takes_and_gives, None);
}

/// Shows W29, W38.
#[test]
fn one_dies_before_taking() {
    one_dies(1, Dies::BeforeTaking, takes_and_gives, Some(3));
}

/// Shows W31.
#[test]
fn one_dies_after_taking() {
    one_dies(2, Dies::AfterTaking, takes_and_gives, Some(3));
}

/// Shows W31.
#[test]
fn one_dies_after_taking_and_another_takes() {
    one_dies(2, Dies::AfterTaking, takes, None);
}

/// Shows W39.
#[test]
fn one_dies_after_giving() {
    one_dies(2, Dies::AfterGiving, takes_and_gives, Some(3));
}

/// Shows W34.
#[test]
fn one_dies_after_taking_and_another_sends_on_a_permit() {
    one_dies(2, Dies::AfterTaking, takes_and_sends, Some(4));
}

/// Two senders die in the middle of an operation, the second perhaps during the grace period for the first. A third goes on.
fn two_die(first: Dies, second: Dies, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(3, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                die(&world, 1, first);
                world.recover(vec![1, 2]);
            })
        };
        let also = {
            let world = world.clone();
            thread::spawn(move || die(&world, 2, second))
        };
        let held = takes(&world, 3);
        dying.join().unwrap();
        also.join().unwrap();
        assert_eq!(world.reserved(), held, "of the living");
        give_all_back(&world, 3, held);
        world.settle_whole(&mut consumer);
    });
}

/// Shows W29.
#[test]
fn two_die_in_the_middle() {
    two_die(Dies::AfterTaking, Dies::AfterTaking, Some(2));
}

/// Shows W32, W43.
#[test]
fn one_leaves_with_a_permit_during_a_round() {
    two_die(Dies::AfterTaking, Dies::Holding, Some(2));
}

/// Shows W42.
#[test]
fn one_dies_in_the_middle_after_one_with_a_permit() {
    two_die(Dies::Holding, Dies::AfterGiving, Some(2));
}

/// One grace period after the other: the accounts of the living go on from what the first one left.
/// Shows W30.
#[test]
fn two_rounds() {
    explore(Some(2), || {
        let world = World::new(3, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.reserve(3, 1), Claimed::Granted(()));
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                for number in [1, 2] {
                    die(&world, number, Dies::AfterTaking);
                    world.recover(vec![number]);
                }
            })
        };
        world.give_back(3, 1);
        let held = takes(&world, 3);
        dying.join().unwrap();
        assert_eq!(world.reserved(), held, "of the living");
        give_all_back(&world, 3, held);
        world.settle_whole(&mut consumer);
    });
}

/// The dead process held the last room, and a sender waits for it.
#[test]
fn what_the_dead_held_wakes_a_waiter() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        dies(&world, 1, Dies::AfterTaking);
        world.kill(1, 0);
        let waiter = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(2, 20)))
        };
        world.recover(vec![1]);
        waiter.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// The dead one held the last permit of a closed channel, whose receiver sleeps.
/// Shows W41.
#[test]
fn what_the_dead_held_wakes_a_closed_receiver() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        dies(&world, 1, Dies::Holding);
        world.kill(1, 0);
        world.queue().close(&*world);
        let porter = {
            let world = world.clone();
            thread::spawn(move || world.recover(vec![1]))
        };
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.receive_asleep(&mut consumer), None);
        porter.join().unwrap();
        assert_eq!(Claim(world.queue().view.words.claim.load(Ordering::Relaxed)).reserved(), 0);
    });
}
