//! Stops and deaths in windows between two writes: the steps before the window are made one by one, then the others go on, and
//! everything is whole.

use super::words::Record;
use super::*;
use crate::sync::Ordering;

impl Bench {
    fn die(&self, number: Number) {
        self.world.dead.borrow_mut().push(number);
        self.queue().repair(number, &self.world);
    }

    fn entry(&self, number: u64) -> (Entry, u32) {
        self.queue().entry(number).expect("it is posted")
    }
}

/// Where a sender that makes a chunk memory is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Grown {
    /// The entry says *growing*, the system was not asked.
    Said,
    /// The chunk is memory, the entry does not say so.
    Made,
    /// The entry says *ready*, nothing is claimed there.
    Ready,
}

const GROWN: [Grown; 3] = [Grown::Said, Grown::Made, Grown::Ready];

/// Makes the first steps of a sender that comes to this part of the stream, and goes no further.
fn grows_half_way(bench: &Bench, number: u64, how: Grown) {
    let (entry, chunk) = bench.entry(number);
    assert!(bench.queue().exchange_entry(number, entry, entry.growing()));
    if how != Grown::Said {
        bench.memory().make_real(chunk).unwrap();
    }
    if how == Grown::Ready {
        assert!(bench.queue().exchange_entry(number, entry.growing(), entry.growing().grown()));
    }
}

/// Shows W70, W71, W73.
#[test]
fn a_chunk_that_was_half_made_memory_is_made_by_the_next_sender() {
    for how in GROWN {
        for before in 0..5 {
            let bench = Bench::new(3, 1);
            let mut consumer = Consumer::new(&bench.queue());
            for value in 0..before {
                bench.send(2, value);
                assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
            }
            let (entry, _) = bench.entry(before);
            if !entry.is_offered() {
                continue; // The receiver has put memory there.
            }
            assert!(bench.queue().common().upgrade(3));
            grows_half_way(&bench, before, how);
            bench.die(1);
            bench.send(2, 77);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(77), "{how:?}");
            bench.is_whole(&mut consumer);
        }
    }
}

/// Shows W70, W71.
#[test]
fn the_receiver_puts_no_memory_behind_a_chunk_that_is_growing() {
    let bench = Bench::new(4, 1);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(2, 0);
    bench.send(2, 1);
    grows_half_way(&bench, 2, Grown::Said);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    // The chunk that came free went back to the system.
    assert_eq!(bench.memory().count(), 1);
    assert!(bench.entry(3).0.is_offered());
    bench.is_whole(&mut consumer);
}

/// Shows W71, W79.
#[test]
fn a_late_ready_of_a_sender_changes_no_entry_of_another_part() {
    for how in [Grown::Said, Grown::Made] {
        let bench = Bench::new(3, 1);
        let mut consumer = Consumer::new(&bench.queue());
        let (entry, chunk) = bench.entry(0);
        grows_half_way(&bench, 0, how);
        for value in 0..20 {
            bench.send(2, value);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
            // It goes on with what it read.
            if how == Grown::Said {
                bench.memory().make_real(chunk).unwrap();
            }
            assert!(!bench.queue().exchange_entry(0, entry.growing(), entry.growing().grown()));
            assert!(!bench.queue().exchange_entry(0, entry, entry.growing()));
        }
        bench.is_whole(&mut consumer);
    }
}

/// Shows W74.
#[test]
fn a_record_without_the_claim_behind_it_is_true() {
    for dies in [false, true] {
        let bench = Bench::new(3, 1);
        let mut consumer = Consumer::new(&bench.queue());
        assert!(bench.queue().common().upgrade(3));
        let held = bench.claim(1);
        // Number 2 has recorded number 1, and was stopped before its claim.
        let record = Record::new(held.first, 1);
        bench.segment.view().record(0, 0).store(record.0, Ordering::Relaxed);
        if dies {
            bench.die(2);
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.send(3, 30);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(30));
        assert_eq!(bench.world.borne.get(), 1, "number 1 lives, so its position is not dropped");
        bench.publish(1, held, &[10]);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(10));
        bench.is_whole(&mut consumer);
    }
}

/// Shows W82.
#[test]
fn an_old_record_in_a_chunk_used_again_is_written_over() {
    let bench = Bench::new(2, 1);
    let mut consumer = Consumer::new(&bench.queue());
    for value in 0..4 {
        bench.send(2, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    // A sender whose claim word is old writes the record of position 0 when position 4 stands there.
    let held = bench.claim(1);
    let chunk = bench.entry(4).1;
    bench.segment.view().record(chunk, 0).store(Record::new(0, 2).0, Ordering::Relaxed);
    bench.world.dead.borrow_mut().push(2);
    assert_eq!(bench.queue().claimants().1, [1]);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty, "number 1 lives");
    bench.publish(1, held, &[4]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(4));
    bench.world.dead.borrow_mut().clear();
    bench.is_whole(&mut consumer);
}

/// Shows W82.
#[test]
fn a_sender_whose_claim_word_is_old_records_nothing() {
    let bench = Bench::new(2, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let old = bench.sender(1).table.claim().with_tail(1).with_owner(2);
    for value in 0..4 {
        bench.send(1 + (value % 2) as Number, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    // The part of the stream is over, and the claim word has moved on.
    assert!(!bench.sender(3).record(old));
    assert_eq!(bench.memory().strays(), 0, "it touched what is no memory");
}

/// Shows W78.
#[test]
fn of_a_batch_cut_off_between_two_chunks_the_first_part_is_sent() {
    for dies in [false, true] {
        let bench = Bench::new(4, 2);
        let mut consumer = Consumer::new(&bench.queue());
        let common = bench.queue().common();
        assert!(common.upgrade(1) && common.upgrade(2));
        let part = bench.sender(1).claim(4).unwrap();
        assert_eq!(part.count, 2);
        bench.publish(1, part, &[1, 2]);
        if dies {
            bench.die(1);
        }
        bench.send(2, 3);
        for value in 1..=3 {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_death_has_the_receiver_look() {
    let bench = Bench::new(2, 1);
    let common = bench.queue().common();
    assert!(common.upgrade(1) && common.upgrade(2));
    let _ = bench.claim(1);
    bench
        .segment
        .view()
        .common
        .header
        .receiver_bell
        .register(crate::queue::Kind::Thread, crate::queue::Fences::FULL);
    bench.die(1);
    assert_eq!(*bench.world.woken.borrow(), [crate::queue::Sleeper::Receiver]);
    assert_eq!(common.strong_count(), 1);
}
