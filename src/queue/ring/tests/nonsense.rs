//! Any words at all in the segment, and senders that were away for longer than its words can tell: nothing panics or
//! hangs, and the stream ends where it cannot be right.

use super::*;
use crate::layout::Slot;
use crate::queue::tests::{Dice, for_each_seed};
use crate::sync::AtomicU64;

#[test]
fn nonsense_in_the_claim_word_ends_the_channel_without_a_hang() {
    let bench = Bench::new(3);
    let claim: &AtomicU64 = &bench.segment.view().words.claim;
    for nonsense in [!1, 3 << 32, 0, 0x8000_0000_0000_0000] {
        claim.store(nonsense, Ordering::Relaxed);
        let mut consumer = Consumer::new(&bench.queue());
        assert_eq!(bench.sender(1).claim(Rank::Newcomer, 3, &bench.world), Claimed::Closed, "{nonsense:x}");
        assert_eq!(bench.receive(&mut consumer), Taken::End, "{nonsense:x}");
        assert_eq!(consumer.nonsense(), Some(Nonsense::Claim), "{nonsense:x}");
    }
}

#[test]
fn a_claim_word_read_long_ago_is_not_nonsense() {
    // A sender is stopped behind its load of the claim word while more than 2^31 positions go by.
    let bench = Bench::new(3);
    let ring = bench.segment.view().words;
    ring.claim.store(0, Ordering::Relaxed);
    ring.receiver.head.store(1 << 40, Ordering::Relaxed);
    let old = words::Claim(0).with_tail((1 << 31) - 4);
    assert_eq!(bench.sender(1).claim_slow(old, Rank::Newcomer, 1, &bench.world), None, "try again");
    bench.send(1, 5);
    let mut consumer = Consumer::new(&bench.queue());
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
}

/// Runs every move on a segment in which each word may be wrong.
fn move_about(dice: &mut Dice) {
    let bench = Bench::new([1, 2, 3, 5][dice.roll() as usize % 4]);
    let mut consumer = Consumer::new(&bench.queue());
    for value in 0..dice.roll() % 7 {
        let sender = bench.sender(1 + (value % 2) as Number);
        if let Claimed::Granted(span) = sender.claim(Rank::Newcomer, 1, &bench.world) {
            sender.publish(span, &[value], &bench.world);
        }
        if dice.roll().is_multiple_of(2) {
            let _ = bench.receive(&mut consumer);
        }
    }
    let view = bench.segment.view();
    let ring = view.words;
    let words = [&*ring.claim, &ring.receiver.head, &ring.receiver.quarantined, &ring.read_mostly.line];
    let words =
        words.into_iter().chain(view.entries).chain(view.waiters).chain(view.occupied).chain(view.records);
    let words = words.chain((0..view.records.len()).map(|index| view.slots.at(index).stamp));
    let words: Vec<_> = words.chain([&ring.read_mostly.epoch, &*view.common.header.latch]).collect();
    let mut places = [None; 3];
    for _ in 0..6 {
        for word in &words {
            let right = word.load(Ordering::Relaxed);
            if dice.roll().is_multiple_of(4) {
                word.store(dice.nonsense(right), Ordering::Relaxed);
            }
        }
        if dice.roll().is_multiple_of(4) {
            bench.world.dead.borrow_mut().push(2);
        }
        for (me, place) in (1..).zip(&mut places) {
            let sender = bench.sender(me);
            let rank = if me == 1 { Rank::Newcomer } else { Rank::Waiter(dice.roll() as u32 >> 1) };
            if let Claimed::Granted(span) = sender.claim(rank, 2, &bench.world) {
                sender.publish(span, &vec![1u64; span.count as usize], &bench.world);
            }
            // A sender that is told to sleep has not hung.
            *place = place.or_else(|| bench.queue().enter(me, 1));
            let Some(here) = *place else { continue };
            let leaves = match sender.turn(here, Positions(1), Kind::Task, &bench.world) {
                Turn::Granted(span) => {
                    sender.publish(span, &[2u64], &bench.world);
                    true
                }
                Turn::Sleep(..) => dice.roll().is_multiple_of(2),
                Turn::Closed => true,
            };
            if leaves {
                bench.leave(place);
            }
        }
        let queue = bench.queue();
        let _ = (queue.len(), queue.free_capacity(), queue.claimants(), queue.common().strong_count());
        let _ = queue.unpublished_claimants();
        // As when a process closes the channel that has waiters, or seems to.
        let (promised, _) = bench.sender(1).promised();
        let count = promised.iter().map(|(_, count)| count).sum::<u32>();
        assert!(i64::from(count) <= queue.capacity(), "more than there is");
        bench.sender(1).reserve_promised(count).end(count as i32, &bench.world);
        let _ = bench.peek(&mut consumer);
        let _ = bench.receive(&mut consumer);
        let _ = bench.peek(&mut consumer);
        let mut values = Vec::<u64>::new();
        let _ = consumer.receive_many(&queue, 100, &mut values, &bench.world);
        queue.repair(2, &bench.world);
        // As the next receiver would begin.
        let _ = bench.receive(&mut Consumer::new(&queue));
    }
    bench.queue().close(&bench.world);
}

#[test]
fn whatever_stands_in_the_segment_nothing_panics_or_hangs() {
    for_each_seed(move_about);
}

#[test]
fn stamps_that_run_ahead_of_all_claims_do_not_hold_the_receiver() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 7);
    let (view, track) = (bench.segment.view(), bench.queue().track);
    let mut next = track.add(track.first() as u32, 1);
    let mut count = 0;
    let put = |_: Slot<'_>| {
        count += 1;
        assert!(count <= 3, "there are no more slots");
        let stamp = words::Stamp::published(next);
        view.slots.at(track.index(next)).stamp.store(stamp.0, Ordering::Relaxed);
        next = track.add(next, 1);
    };
    assert_eq!(consumer.receive_each::<u64>(&bench.queue(), usize::MAX, put, &bench.world), Taken::Value(3));
}
