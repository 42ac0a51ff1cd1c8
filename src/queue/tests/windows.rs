//! Stops and deaths in windows between two writes that no model stops in: the steps before the window are made one by one,
//! then the others go on, and everything is whole.

use super::*;
use crate::queue::account::Operation;

impl Bench {
    fn die(&self, number: Number) {
        self.world.dead.borrow_mut().push(number);
        self.queue().repair(number, &self.world);
    }

    /// One turn of who waits to send. Whether it must sleep.
    fn must_wait(&self, me: Number, stand: &mut Stand) -> bool {
        let turn = self.sender(me).turn(stand, Positions(1), Kind::Thread, &mut |_| {}, &self.world);
        matches!(turn, Turn::Sleep(..))
    }

    fn is_marked(&self) -> bool {
        words::Line(self.queue().view.header.seldom.line.load(Ordering::Relaxed)).overflow() == 1
    }

    fn has_woken_overflow(&self) -> bool {
        self.world.woken.borrow_mut().drain(..).any(|sleeper| sleeper == Sleeper::Overflow)
    }
}

#[test]
fn of_a_batch_that_ends_between_two_parts_the_first_part_is_sent_and_nothing_else_is_held() {
    for dies in [false, true] {
        let bench = Bench::new(5);
        let mut consumer = Consumer::new(&bench.queue());
        assert!(bench.queue().upgrade(1) && bench.queue().upgrade(2));
        let part = bench.sender(1).claim(Place::Newcomer, 2, &bench.world);
        let Claimed::Granted(span) = part else { panic!("{part:?}") };
        bench.sender(1).publish(span, &[1, 2], &bench.world);
        if dies {
            bench.die(1);
        }
        assert_eq!(bench.queue().free_capacity(), 3);
        bench.send(2, 3);
        for value in 1..=3 {
            assert_eq!(bench.receive(&mut consumer), Took::Value(value));
        }
        assert_eq!(bench.receive(&mut consumer), Took::Empty);
        bench.is_whole(&mut consumer);
    }
}

/// A channel of one place that is full, with a full line: numbers 1 and 2 wait there.
fn full_line() -> (Bench, [Stand; 2]) {
    let bench = Bench::new(1);
    bench.send(3, 0);
    let mut stands = [Stand::Nowhere; 2];
    for (me, stand) in (1..).zip(&mut stands) {
        assert!(bench.must_wait(me, stand));
    }
    (bench, stands)
}

#[test]
fn an_overflow_bell_that_was_set_by_one_that_made_no_mark_keeps_nobody_from_sleeping_or_waking() {
    let (bench, mut stands) = full_line();
    // Number 3 goes no further: no mark.
    bench.queue().view.header.overflow_bell.register(Kind::Thread);
    bench.world.woken.borrow_mut().clear();
    bench.sender(1).leave(&mut stands[0], &bench.world);
    assert!(!bench.has_woken_overflow(), "nobody is marked to sleep there");
    assert!(bench.must_wait(1, &mut stands[0]));
    let mut next = Stand::Nowhere;
    assert!(bench.must_wait(3, &mut next));
    assert_eq!((next, bench.is_marked()), (Stand::Overflow, true));
    // It stands at the front now.
    bench.die(2);
    assert!(bench.has_woken_overflow());
    assert!(!bench.is_marked());
    assert!(bench.must_wait(3, &mut next));
    assert!(matches!(next, Stand::InLine(_)));
}

#[test]
fn a_mark_that_a_ringer_left_is_taken_away_by_the_next_look() {
    let (bench, mut stands) = full_line();
    let mut sleeper = Stand::Nowhere;
    assert!(bench.must_wait(3, &mut sleeper));
    // Whoever freed a place rang, and went no further: the mark stands, and the bell is silent.
    bench.queue().view.header.overflow_bell.ring(|_| ());
    assert!(bench.is_marked());
    // Rung, it finds the line full again and lies down anew.
    assert!(bench.must_wait(3, &mut sleeper));
    bench.world.woken.borrow_mut().clear();
    bench.sender(2).leave(&mut stands[1], &bench.world);
    bench.die(1);
    assert!(bench.has_woken_overflow());
    assert!(!bench.is_marked());
    assert!(bench.must_wait(3, &mut sleeper));
    assert!(matches!(sleeper, Stand::InLine(_)));
}

#[test]
fn a_receiver_that_moved_the_claim_word_over_the_last_void_position_passes_it_when_it_goes_on() {
    for closes in [false, true] {
        let bench = Bench::new(3);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(1);
        for value in 0..2 {
            bench.send(2, value);
            assert_eq!(bench.receive(&mut consumer), Took::Value(value));
        }
        let queue = bench.queue();
        let claim = words::Claim(queue.view.header.claim.load(Ordering::Relaxed));
        bench.makes_the_tail_void();
        bench.sender(1).publish(stalled, &[9], &bench.world);
        assert_eq!(bench.receive(&mut consumer), Took::Value(9));
        // The receiver's own exchange, and no further.
        let over = claim.with_tail(queue.track.add(claim.tail(), 1));
        queue.view.header.claim.store(over.0, Ordering::Relaxed);
        // Others go on meanwhile.
        bench.send(2, 10);
        bench.send(3, 11);
        assert!(bench.is_full(1), "one place is used by nothing");
        if closes {
            queue.close(&bench.world);
        }
        assert_eq!(bench.receive(&mut consumer), Took::Value(10));
        assert_eq!(bench.receive(&mut consumer), Took::Value(11));
        if closes {
            assert_eq!(bench.receive(&mut consumer), Took::End);
            assert_eq!(queue.free_capacity(), 3);
        } else {
            bench.is_whole(&mut consumer);
        }
    }
}

#[test]
fn a_round_that_was_not_told_of_the_last_operation_ends_at_the_next_look() {
    let bench = Bench::new(5);
    let mut recovery = Recovery::default();
    let _dying = Operation::begin(bench.queue(), 1);
    let stopped = Operation::begin(bench.queue(), 2);
    bench.world.dead.borrow_mut().push(1);
    recovery.add(&bench.queue(), 1);
    assert_eq!(recovery.go_on(&bench.queue()), []);
    // Counted out, and stopped before it tells anybody.
    stopped.end(0, &World::default());
    // The others take and give, and any look ends the round.
    assert_eq!(Permits(4).ask(&bench.sender(3), Place::Newcomer, &bench.world), Claimed::Granted(()));
    bench.sender(3).give_back(4, &bench.world);
    assert_eq!(recovery.go_on(&bench.queue()), [1]);
    assert_eq!(bench.queue().free_capacity(), 5);
}
