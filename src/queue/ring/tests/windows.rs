//! Stops and deaths in windows between two writes that no model stops in: the steps before the window are made one by one,
//! then the others go on, and everything is whole.

use super::*;
use crate::queue::ring::account::Operation;

impl Bench {
    fn die(&self, number: Number) {
        self.world.dead.borrow_mut().push(number);
        self.queue().repair(number, &self.world);
    }
}

/// Shows W9.
#[test]
fn a_batch_that_ends_between_parts_sends_the_first_alone() {
    for dies in [false, true] {
        let bench = Bench::new(5);
        let mut consumer = Consumer::new(&bench.queue());
        assert!(bench.queue().common().upgrade(1) && bench.queue().common().upgrade(2));
        let part = bench.sender(1).claim(Rank::Newcomer, 2, &bench.world);
        let Claimed::Granted(span) = part else { panic!("{part:?}") };
        bench.sender(1).publish(span, &[1u64, 2], &bench.world);
        if dies {
            bench.die(1);
        }
        assert_eq!(bench.queue().free_capacity(), 3);
        bench.send(2, 3);
        for value in 1..=3 {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

/// Makes the first `steps` writes of a sender of process 1 that comes to the line, and goes no further.
fn comes_half_way(bench: &Bench, steps: usize) {
    let view = bench.queue().view;
    view.waiters[0].store(words::Waiter::coming(1, 1).0, Ordering::Relaxed);
    if steps > 1 {
        view.occupied[0].fetch_or(1, Ordering::Relaxed);
    }
    if steps > 2 {
        let line = words::Line(view.words.read_mostly.line.load(Ordering::Relaxed)).after_draw();
        view.words.read_mostly.line.store(line.with_waiting(1).0, Ordering::Relaxed);
    }
}

/// Shows W14, W15, W16.
#[test]
fn a_sender_that_stops_half_way_to_the_line_costs_one_record() {
    for steps in 1..=3 {
        let bench = Bench::new(1);
        bench.send(3, 0);
        comes_half_way(&bench, steps);
        assert_eq!(bench.queue().needs_before(Rank::Newcomer, 9), 0, "{steps}");
        let mut other = None;
        assert_eq!(bench.turn(2, &mut other), None);
        assert_eq!(other.map(|place| place.record), Some(1));
        let mut consumer = Consumer::new(&bench.queue());
        assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
        assert!(bench.turn(2, &mut other).is_some(), "{steps}");
    }
}

/// Shows W14, W15, W16.
#[test]
fn a_sender_that_dies_half_way_to_the_line_leaves_nothing() {
    for steps in 1..=3 {
        let bench = Bench::new(1);
        bench.send(3, 0);
        comes_half_way(&bench, steps);
        bench.die(1);
        let view = bench.queue().view;
        assert_eq!(view.waiters[0].load(Ordering::Relaxed) + view.occupied[0].load(Ordering::Relaxed), 0);
        assert!(words::Line(view.words.read_mostly.line.load(Ordering::Relaxed)).is_idle(), "{steps}");
    }
}

impl Bench {
    fn line(&self) -> words::Line {
        words::Line(self.queue().view.words.read_mostly.line.load(Ordering::Relaxed))
    }
}

/// Shows W24, W25.
#[test]
fn a_death_while_a_backlog_is_armed_leaves_nothing() {
    for is_marked in [false, true] {
        let bench = Bench::new(1);
        let queue = bench.queue();
        if is_marked {
            queue.arm_backlog(1);
        } else {
            queue.backlog_bell(1).register(Kind::Task, crate::queue::Fences::FULL);
        }
        assert_eq!(bench.line().is_idle(), !is_marked);
        bench.die(1);
        assert!(bench.line().is_idle());
        queue.backlog_bell(1).ring(|_| panic!("no sender sleeps there"));
    }
}

/// Shows W26.
#[test]
fn a_mark_that_a_ringer_left_is_taken_by_the_next_look() {
    let bench = Bench::new(1);
    let queue = bench.queue();
    queue.arm_backlog(1);
    // A ringer, which stops before it takes the mark away.
    queue.backlog_bell(1).ring(|_| ());
    assert!(!bench.line().is_idle());
    queue.freed(&bench.world);
    assert!(bench.line().is_idle());
}

/// Shows W60.
#[test]
fn a_receiver_stalled_at_the_last_void_position_passes_it() {
    for closes in [false, true] {
        // As many slots as values, so that three values lead back to the first slot.
        let bench = Bench::new(4);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(1);
        for value in 0..3 {
            bench.send(2, value);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        let queue = bench.queue();
        let claim = words::Claim(queue.view.words.claim.load(Ordering::Relaxed));
        bench.makes_the_tail_void();
        bench.sender(1).publish(stalled, &[9u64], &bench.world);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(9));
        // The receiver's own exchange, and no further.
        let over = claim.with_tail(queue.track.add(claim.tail(), 1));
        queue.view.words.claim.store(over.0, Ordering::Relaxed);
        // Others go on meanwhile.
        bench.send(2, 10);
        bench.send(3, 11);
        bench.send(2, 12);
        assert!(bench.is_full(1), "one place is used by nothing");
        if closes {
            queue.close(&bench.world);
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Value(10));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(11));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(12));
        if closes {
            assert_eq!(bench.receive(&mut consumer), Taken::End);
            assert_eq!(queue.free_capacity(), 4);
        } else {
            bench.is_whole(&mut consumer);
        }
    }
}

/// Shows W33.
#[test]
fn a_round_not_told_of_the_last_operation_ends_at_the_next_look() {
    let bench = Bench::new(5);
    let mut recovery = Recovery::default();
    let _dying = Operation::begin(bench.queue(), 1);
    let stopped = Operation::begin(bench.queue(), 2);
    bench.world.dead.borrow_mut().push(1);
    recovery.add(&bench.queue(), 1);
    assert_eq!(recovery.go_on(&bench.queue()), []);
    // Counted out, and stopped before it wakes the porter.
    stopped.end(0, &World::default());
    // The others take and give, and any look ends the grace period.
    assert_eq!(Permits(4).ask(&bench.sender(3), Rank::Newcomer, &bench.world), Claimed::Granted(()));
    bench.sender(3).give_back(4, &bench.world);
    assert_eq!(recovery.go_on(&bench.queue()), [1]);
    assert_eq!(bench.queue().free_capacity(), 5);
}

/// Shows W10.
#[test]
fn a_void_tail_behind_a_lone_stalled_send_holds_no_capacity() {
    let bench = Bench::new(4);
    let mut consumer = Consumer::new(&bench.queue());
    let late = bench.claim(1);
    for value in 0..2 {
        bench.send(3, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    let stalled = bench.claim(2);
    // It comes no further, because another one reserves first, or because it is stopped there.
    bench.makes_the_tail_void();
    bench.sender(1).publish(late, &[1u64], &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(bench.queue().free_capacity(), 3);
    bench.sender(2).publish(stalled, &[2u64], &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(2));
    bench.is_whole(&mut consumer);
}
