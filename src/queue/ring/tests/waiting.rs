//! Senders that wait: the order of the line, what a waiter costs the others, and the mark of the line.

use super::*;
use crate::queue::ring::words::{Line, Waiter};

#[test]
fn waiters_are_rung_in_order_and_newcomers_do_not_overtake() {
    let bench = Bench::new(1);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 0);
    let (mut first, mut second) = (None, None);
    let turn = |me, place: &mut Option<Place>| bench.turn(me, place);
    assert!(turn(1, &mut first).is_none() && turn(2, &mut second).is_none());
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    assert_eq!(*bench.world.woken.borrow(), [Sleeper::Waiter { record: 0, owner: 1 }]);
    assert!(bench.is_full(3), "the place is the first waiter's");
    assert!(turn(2, &mut second).is_none());
    let span = turn(1, &mut first).expect("its turn");
    bench.sender(1).publish(span, &[1u64], &bench.world);
    bench.world.woken.borrow_mut().clear();
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(*bench.world.woken.borrow(), [Sleeper::Waiter { record: 1, owner: 2 }]);
    // Cancelling hands the place on.
    bench.leave(&mut second);
    assert!(!bench.is_full(3));
}

/// Shows W27.
#[test]
fn waiters_beyond_the_common_records_have_one_each_process() {
    let bench = Bench::new(1);
    bench.send(1, 0);
    let records: Vec<_> =
        (0..5).map(|_| bench.queue().enter(1, 1).map(|place| (place.record, place.ticket))).collect();
    // Two common ones, then that of number 1.
    assert_eq!(records, [Some((0, 0)), Some((1, 1)), Some((3, 2)), None, None]);
    assert_eq!(bench.queue().enter(2, 1).map(|place| (place.record, place.ticket)), Some((4, 3)));
    assert_eq!(bench.queue().needs_before(Rank::Newcomer, 9), 4);
    assert_eq!(bench.queue().needs_before(Rank::Waiter(2), 9), 2);
    bench.world.dead.borrow_mut().push(1);
    bench.queue().repair(1, &bench.world);
    assert_eq!(bench.queue().needs_before(Rank::Newcomer, 9), 1);
    assert_eq!(bench.queue().enter(3, 1).map(|place| place.record), Some(0), "the first free one");
}

/// Shows W17.
#[test]
fn a_waiter_that_never_moves_costs_the_others_its_need_alone() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    (0..3).for_each(|value| bench.send(2, value));
    let mut held = None;
    assert_eq!(bench.turn(1, &mut held), None);
    // As many come and go behind it as could ever have been told apart by the records.
    for _ in 0..5000 {
        let mut other = None;
        assert_eq!(bench.turn(2, &mut other), None);
        bench.leave(&mut other);
    }
    for value in 0..3 {
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    assert_eq!(bench.queue().free_capacity(), 2);
    bench.send(3, 7);
    bench.send(3, 8);
    assert!(bench.is_full(3), "the last place is the waiter's");
    assert!(bench.turn(1, &mut held).is_some());
}

#[test]
fn of_many_waiters_exactly_the_oldest_that_are_covered_are_rung() {
    let segment = Typed::new(RingGeometry { capacity: 200, payload: 8, line: 300, members: 3, entries: 1 });
    let (queue, world) = (Ring::new(segment.view()), World::default());
    queue.format();
    // So that the records are not in the order of the tickets.
    let mut places: Vec<_> = (0..300).map(|_| queue.enter(1, 1).expect("a record")).collect();
    for place in places.drain(..).step_by(3) {
        queue.vacate(place);
    }
    let mut places: Vec<_> = queue
        .view
        .waiters
        .iter()
        .enumerate()
        .map(|(record, word)| (Waiter(word.load(Ordering::Relaxed)), record))
        .filter(|(waiter, _)| waiter.waits())
        .map(|(waiter, record)| (waiter.ticket(), record))
        .collect();
    places.extend(
        (0..100).map(|_| queue.enter(1, 1).map(|place| (place.ticket, place.record)).expect("a record")),
    );
    places.sort_unstable();
    places.iter().for_each(|(_, record)| {
        queue.view.bells[*record].register(Kind::Thread, Fences::FULL);
    });
    queue.freed(&world);
    let rung: Vec<_> =
        places.iter().map(|(_, record)| Sleeper::Waiter { record: *record, owner: 1 }).collect();
    assert_eq!(*world.woken.borrow(), rung[..200]);
}

/// Shows W28.
#[test]
fn the_line_says_idle_once_no_waiter_is_left() {
    let bench = Bench::new(1);
    let line = || Line(bench.queue().view.words.read_mostly.line.load(Ordering::Relaxed));
    let mut places: Vec<_> = (0..3).map(|_| bench.queue().enter(1, 1)).collect();
    bench.queue().arm_backlog(1);
    while let Some(mut place) = places.pop() {
        assert!(!line().is_idle());
        bench.leave(&mut place);
    }
    assert_eq!(*bench.world.woken.borrow(), [Sleeper::Backlog { owner: 1 }]);
    bench.queue().freed(&bench.world);
    assert!(line().is_idle());
}

#[test]
fn a_waiter_counts_though_billions_of_tickets_were_drawn_since() {
    let bench = Bench::new(4);
    let queue = bench.queue();
    let ranking = Ranking::default();
    let with_memory = Ring { ranking: Some(&ranking), ..queue };
    let old = queue.enter(1, 1).unwrap();
    for drawn in [1 << 20, 1 << 30, 1 << 31, (1 << 32) - (1 << 20) - 8] {
        let word = &queue.view.words.read_mostly.line;
        word.store(Line(0).with_waiting(1).with_drawn(drawn).0, Ordering::Relaxed);
        let young = queue.enter(1, 2).unwrap();
        for queue in [queue, with_memory] {
            assert_eq!(queue.needs_before(Rank::Newcomer, 9), 3, "{drawn}");
            assert_eq!(queue.needs_before(Rank::Waiter(young.ticket), 9), 1, "{drawn}");
            assert_eq!(queue.needs_before(Rank::Waiter(old.ticket), 9), 0, "{drawn}");
        }
        queue.vacate(young);
    }
}
