//! The moves one after another in one thread: what each leaves, with senders that stop or die between two steps.

use super::*;
use crate::layout::{RingGeometry, Typed};
use crate::queue::tests::World;
use crate::queue::{Consume, Kind, Nonsense, Number, Sleeper, Taken, Wake};

mod nonsense;
mod peek;
mod permits;
mod waiting;
mod windows;

struct Bench {
    segment: Typed,
    caches: [SenderCache; 4],
    world: World,
}

impl Bench {
    fn new(capacity: u32) -> Bench {
        Bench::of_size(capacity, 8)
    }

    /// With values of so many bytes.
    fn of_size(capacity: u32, payload: u32) -> Bench {
        let segment = Typed::new(RingGeometry { capacity, payload, line: 2, members: 3, entries: 2 });
        Ring::new(segment.view()).format();
        Bench { segment, caches: std::array::from_fn(|_| SenderCache::new()), world: World::default() }
    }

    fn queue(&self) -> Ring<'_> {
        Ring::new(self.segment.view())
    }

    fn sender(&self, me: Number) -> Producer<'_> {
        Producer { queue: self.queue(), me, cache: &self.caches[usize::from(me)] }
    }

    /// One turn of a sender that waits: its span, or None if it is to sleep.
    fn turn(&self, me: Number, place: &mut Option<Place>) -> Option<Span> {
        let here = *place.get_or_insert_with(|| self.queue().enter(me, 1).expect("a record"));
        match self.sender(me).turn(here, Positions(1), Kind::Thread, &self.world) {
            Turn::Sleep(..) => None,
            Turn::Granted(span) => {
                self.leave(place);
                Some(span)
            }
            Turn::Closed => panic!("closed"),
        }
    }

    fn leave(&self, place: &mut Option<Place>) {
        if let Some(place) = place.take() {
            self.queue().vacate(place);
            self.queue().look_if_waiting(&self.world);
        }
    }

    fn claim(&self, me: Number) -> Span {
        match self.sender(me).claim(Rank::Newcomer, 1, &self.world) {
            Claimed::Granted(span) => span,
            other => panic!("{other:?}"),
        }
    }

    fn send(&self, me: Number, value: u64) {
        self.sender(me).publish(self.claim(me), &[value], &self.world);
    }

    fn is_full(&self, me: Number) -> bool {
        self.sender(me).claim(Rank::Newcomer, 1, &self.world) == Claimed::Full
    }

    fn receive(&self, consumer: &mut Consumer) -> Taken<u64> {
        consumer.receive(&self.queue(), Consumer::copy, &self.world)
    }

    fn peek(&self, consumer: &mut Consumer) -> Taken<u64> {
        consumer.peek(&self.queue(), &self.world).map(|found| Consumer::copy(&self.queue(), found))
    }

    /// The tail stands on the first stalled slot: a sender makes that position void, and comes no further.
    fn makes_the_tail_void(&self) {
        let view = self.segment.view();
        let tail = words::Claim(view.words.claim.load(Ordering::Relaxed)).tail();
        let entry = words::Entry(view.entries[0].load(Ordering::Relaxed));
        view.entries[0].store(entry.with_last(tail).0, Ordering::Relaxed);
    }

    /// Traffic goes through, with nothing left of senders that were stalled.
    fn is_whole(&self, consumer: &mut Consumer) {
        // Void positions are passed as traffic goes on.
        for value in 0..10 {
            self.send(3, value);
            assert_eq!(self.receive(consumer), Taken::Value(value));
        }
        assert!(!consumer.has_stalled());
        assert_eq!(self.queue().free_capacity() as i64, self.queue().capacity());
        assert_eq!(self.world.borne.get(), 0);
    }
}

/// Shows W107.
#[test]
fn the_owner_of_a_position_is_known_without_the_receiver() {
    // The positions go over the end of a lap.
    let bench = Bench::new(5);
    let mut consumer = Consumer::new(&bench.queue());
    let claimants = || {
        let (tail, numbers) = bench.queue().claimants();
        assert_eq!(tail, bench.queue().tail());
        numbers
    };
    bench.send(3, 0);
    bench.send(1, 1);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(claimants(), []);
    for (number, who) in [(2, [2].as_slice()), (2, &[2]), (1, &[1, 2]), (2, &[1, 2])] {
        let _ = bench.claim(number);
        assert_eq!(claimants(), who);
    }
    // A claim that is passed tells no more than itself.
    bench.world.dead.borrow_mut().extend([1, 2]);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(claimants(), []);
}

#[test]
fn the_owner_of_what_is_not_published_is_known() {
    let bench = Bench::new(5);
    let mut consumer = Consumer::new(&bench.queue());
    for lap in 0..7 {
        bench.send(1, lap);
        bench.send(2, lap);
        assert_eq!(bench.queue().unpublished_claimants(), []);
        let stopped = bench.claim(2);
        assert_eq!(bench.queue().unpublished_claimants(), [2]);
        bench.send(3, lap);
        assert_eq!(bench.queue().unpublished_claimants(), [2]);
        let last = bench.claim(1);
        assert_eq!(bench.queue().unpublished_claimants(), [1, 2]);
        bench.sender(2).publish(stopped, &[lap], &bench.world);
        bench.sender(1).publish(last, &[lap], &bench.world);
        (0..5).for_each(|_| assert_eq!(bench.receive(&mut consumer), Taken::Value(lap)));
    }
}

#[test]
fn values_come_out_in_order_over_many_laps() {
    for capacity in [1, 2, 3, 5] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..20 {
            for i in 0..u64::from(capacity) {
                bench.send(1 + (i % 2) as Number, round * 100 + i);
            }
            assert!(bench.is_full(1) && bench.is_full(2));
            assert_eq!(bench.queue().len(), capacity as usize);
            for i in 0..u64::from(capacity) {
                assert_eq!(bench.receive(&mut consumer), Taken::Value(round * 100 + i));
            }
            assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        }
    }
}

/// So large that the slots are not rounded up to a power of two.
type Large = [u64; 64];

#[test]
fn a_stall_of_large_values_costs_its_place_alone() {
    for capacity in [2, 3, 5] {
        let bench = Bench::of_size(capacity, size_of::<Large>() as u32);
        assert_eq!(bench.segment.view().geometry.slots(), capacity);
        let mut consumer = Consumer::new(&bench.queue());
        let mut receive = || {
            consumer.receive(
                &bench.queue(),
                |queue, found| Consumer::copy::<Large>(queue, found),
                &bench.world,
            )
        };
        let stalled = bench.claim(1);
        for lap in 0..20 {
            let values = || (1..u64::from(capacity)).map(|value| [100 * lap + value; 64]);
            for value in values() {
                bench.sender(2).publish(bench.claim(2), &[value], &bench.world);
            }
            assert!(bench.is_full(2));
            for value in values() {
                assert_eq!(receive(), Taken::Value(value));
            }
            assert_eq!(receive(), Taken::Empty);
        }
        bench.sender(1).publish(stalled, &[[7u64; 64]], &bench.world);
        assert_eq!(receive(), Taken::Value([7; 64]));
        assert_eq!(bench.queue().free_capacity(), capacity as usize);
    }
}

#[test]
fn a_stall_costs_its_place_alone_in_more_slots_than_values() {
    let bench = Bench::new(5);
    assert_eq!(bench.segment.view().geometry.slots(), 8);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = [bench.claim(1), bench.claim(1)];
    for lap in 0..40 {
        for free in (1..4).rev() {
            assert_eq!(bench.queue().free_capacity(), free);
            bench.send(2, lap);
        }
        assert!(bench.is_full(2), "two places are the stalled senders'");
        for _ in 0..3 {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(lap));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    }
    for span in stalled {
        bench.sender(1).publish(span, &[9u64], &bench.world);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(9));
    }
    bench.is_whole(&mut consumer);
}

#[test]
fn a_batch_takes_only_what_is_free() {
    let bench = Bench::new(5);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 0);
    let Claimed::Granted(span) = bench.sender(2).claim(Rank::Newcomer, 9, &bench.world) else { panic!() };
    assert_eq!(span.count, 4);
    bench.sender(2).publish(span, &[1u64, 2, 3, 4], &bench.world);
    let mut values = Vec::<u64>::new();
    let took = consumer.receive_many(&bench.queue(), 9, &mut values, &bench.world);
    assert_eq!((took, values), (Taken::Value(5), vec![0, 1, 2, 3, 4]));
}

#[test]
fn closed_fails_senders_and_ends_after_the_last_value() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 7);
    bench.queue().close(&bench.world);
    assert_eq!(bench.sender(1).claim(Rank::Newcomer, 1, &bench.world), Claimed::Closed);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(7));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}

#[test]
fn the_last_handle_of_all_processes_ends_the_stream() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    let queue = bench.queue();
    assert!(queue.common().upgrade(1) && queue.common().upgrade(2));
    queue.common().add_strong(2);
    assert_eq!(queue.common().strong_count(), 3);
    bench.send(2, 9);
    queue.common().drop_strong(1, &bench.world);
    queue.common().drop_strong(2, &bench.world);
    assert!(!queue.common().has_ended());
    queue.common().drop_strong(2, &bench.world);
    assert!(queue.common().has_ended());
    assert!(!queue.common().upgrade(1), "ended is for ever");
    assert_eq!(bench.receive(&mut consumer), Taken::Value(9));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}

#[test]
fn a_dead_senders_position_is_skipped_and_its_capacity_is_back() {
    for capacity in [1, 2, 3] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..7 {
            let _ = bench.claim(1);
            assert_eq!(bench.receive(&mut consumer), Taken::Empty, "alone at head: wait");
            bench.world.dead.borrow_mut().push(1);
            assert_eq!(bench.receive(&mut consumer), Taken::Empty, "skipped");
            bench.world.dead.borrow_mut().clear();
            for i in 0..u64::from(capacity) {
                bench.send(2, round + i);
            }
            assert!(bench.is_full(2));
            for i in 0..u64::from(capacity) {
                assert_eq!(bench.receive(&mut consumer), Taken::Value(round + i));
            }
        }
    }
}

/// Shows W7.
#[test]
fn a_value_published_before_the_death_is_not_lost() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 1);
    let _ = bench.claim(1);
    bench.send(2, 2);
    bench.world.dead.borrow_mut().push(1);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(2), "the unpublished one between is skipped");
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
}

#[test]
fn nobody_waits_for_a_stalled_sender_and_its_value_comes_late() {
    for capacity in [2, 3, 4] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(1);
        for value in 0..50 {
            bench.send(2, value);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        assert!(consumer.has_stalled());
        // It keeps one place of capacity, and the others lose no more.
        for value in 1..u64::from(capacity) {
            bench.send(2, value);
        }
        assert!(bench.is_full(2));
        bench.sender(1).publish(stalled, &[999u64], &bench.world);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(999), "late values go first");
        for value in 1..u64::from(capacity) {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn the_stream_does_not_end_while_a_live_send_is_stalled() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    bench.queue().close(&bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.sender(1).publish(stalled, &[6u64], &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(6));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}

/// Shows W10.
#[test]
fn the_stream_ends_with_the_whole_capacity_free() {
    let bench = Bench::new(4);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    for value in 0..3 {
        bench.send(2, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    bench.makes_the_tail_void();
    // Before it claims over it.
    bench.queue().close(&bench.world);
    bench.sender(1).publish(stalled, &[9u64], &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(9));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(bench.queue().free_capacity(), 4);
}

/// Shows W12.
#[test]
fn a_stalled_sender_that_dies_gives_its_place_back() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    let _ = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    bench.world.dead.borrow_mut().push(1);
    bench.queue().close(&bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(bench.world.borne.get(), 0);
}
