//! Any words at all in the segment: nothing panics or hangs, and the stream ends where it cannot be right.

use super::*;
use crate::layout::Slot;
use crate::queue::table::words::{Claim, Stamp};
use crate::queue::tests::{Dice, for_each_seed};
use crate::sync::{AtomicU64, Ordering};

/// A channel through which some values have gone, with two queued.
fn bench() -> (Bench, Consumer) {
    let bench = Bench::new(3, 2);
    let mut consumer = Consumer::new(&bench.queue());
    for value in 0..5 {
        bench.send(1, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    bench.memory().be_lenient();
    (bench, consumer)
}

fn drain(bench: &Bench, consumer: &mut Consumer) -> Taken<u64> {
    loop {
        match bench.receive(consumer) {
            Taken::Value(_) => {}
            other => return other,
        }
    }
}

#[test]
fn a_claim_word_that_does_not_fit_head_ends_the_channel() {
    // Behind head; further than all chunks reach; where no position is.
    for tail in [0, 4, 5 + 7, Claim::LAST] {
        let (bench, mut consumer) = bench();
        let nonsense = Claim(0).with_tail(tail).with_owner(1);
        bench.segment.view().words.claim.store(nonsense.0, Ordering::Relaxed);
        assert_eq!(bench.queue().nonsense(), Some(Nonsense::Claim), "{tail}");
        assert_eq!(bench.queue().len(), 0, "{tail}");
        assert_eq!(bench.queue().claimants().1, [], "{tail}");
        assert_eq!(drain(&bench, &mut consumer), Taken::End, "{tail}");
        assert_eq!(consumer.nonsense(), Some(Nonsense::Claim), "{tail}");
        assert_eq!(bench.refused(1), Some(Refused::Closed), "{tail}");
    }
}

#[test]
fn a_sender_at_the_last_position_finds_the_channel_closed() {
    let (bench, _) = bench();
    let nonsense = Claim(0).with_tail(Claim::LAST);
    bench.segment.view().words.claim.store(nonsense.0, Ordering::Relaxed);
    assert_eq!(bench.refused(2), Some(Refused::Closed));
}

#[test]
fn a_process_that_has_not_looked_knows_no_part_of_the_stream() {
    for number in [0, 1, (1 << 40) - 2, (1 << 40) - 1, 1 << 40, Claim::LAST] {
        let cache = ChunkCache::new();
        assert_eq!(cache.chunk(number), None, "{number}");
        let most = TableGeometry::MAX_CHUNKS - 1;
        for chunk in [0, 1, most] {
            cache.note(number, chunk);
            assert_eq!(cache.chunk(number), Some(chunk), "{number}");
            assert_eq!((cache.chunk(number + 1), cache.chunk(number ^ 2)), (None, None), "{number}");
        }
    }
}

#[test]
fn a_head_that_the_receiver_did_not_write_ends_the_channel() {
    for head in [0, 4, 6, u64::MAX] {
        let (bench, mut consumer) = bench();
        bench.segment.view().words.head.store(head, Ordering::Relaxed);
        assert_eq!(bench.receive(&mut consumer), Taken::End, "{head}");
        assert_eq!(consumer.nonsense(), Some(Nonsense::Head), "{head}");
        assert!(bench.queue().is_closed());
    }
}

#[test]
fn a_receiver_that_takes_over_a_false_head_ends_the_channel() {
    for head in [Claim::LAST, u64::MAX] {
        let (bench, _) = bench();
        bench.segment.view().words.head.store(head, Ordering::Relaxed);
        let mut consumer = Consumer::new(&bench.queue());
        assert_eq!(consumer.nonsense(), Some(Nonsense::Head), "{head}");
        assert_eq!(bench.receive(&mut consumer), Taken::End, "{head}");
    }
}

#[test]
fn a_closed_channel_that_is_open_again_ends() {
    let (bench, mut consumer) = bench();
    bench.send(1, 5);
    assert!(consumer.close());
    bench.queue().close();
    let word: &AtomicU64 = &bench.segment.view().words.claim;
    word.store(Claim(word.load(Ordering::Relaxed)).with_closed(0).0, Ordering::Relaxed);
    assert_eq!(drain(&bench, &mut consumer), Taken::End);
    assert_eq!(consumer.nonsense(), Some(Nonsense::Open));
    assert!(!consumer.close());
}

#[test]
fn a_table_that_lacks_a_chunk_of_sent_values_ends_the_channel() {
    for nonsense in [0, u64::MAX, 1, 3] {
        let (bench, mut consumer) = bench();
        // The part where head comes next.
        bench.send(1, 5);
        bench.send(1, 6);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
        bench.segment.view().entries[0].store(nonsense, Ordering::Relaxed);
        assert_eq!(bench.receive(&mut consumer), Taken::End, "{nonsense:x}");
        assert_eq!(consumer.nonsense(), Some(Nonsense::Table), "{nonsense:x}");
        assert_eq!(bench.refused(2), Some(Refused::Closed), "{nonsense:x}");
    }
}

#[test]
fn a_table_that_names_a_chunk_that_there_is_not_offers_nothing() {
    let bench = Bench::new(3, 1);
    for (index, entry) in bench.segment.view().entries.iter().enumerate() {
        entry.store(Entry::offered(index, 0, 3 + index as u32).0, Ordering::Relaxed);
    }
    assert_eq!(bench.refused(1), Some(Refused::Limit));
    assert_eq!(bench.memory().calls(), 0);
}

#[test]
fn an_entry_written_over_when_its_part_is_over_loses_one_chunk() {
    let bench = Bench::new(4, 1);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 0);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    bench.segment.view().entries[0].store(u64::MAX, Ordering::Relaxed);
    for value in 1..30 {
        bench.send(1, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    assert_eq!(consumer.nonsense(), None);
}

#[test]
fn words_that_fit_are_no_nonsense() {
    let (bench, _) = bench();
    assert_eq!(bench.queue().nonsense(), None);
    bench.fill(1, 0);
    assert_eq!(bench.queue().nonsense(), None);
    bench.queue().close();
    assert_eq!(bench.queue().nonsense(), None);
}

/// Runs every move on a segment in which each word may be wrong.
fn move_about(dice: &mut Dice) {
    let (chunks, positions) = [(2, 1), (2, 2), (3, 1), (3, 2)][dice.roll() as usize % 4];
    let bench = Bench::new(chunks, positions);
    bench.memory().be_lenient();
    let mut consumer = Consumer::new(&bench.queue());
    let view = bench.segment.view();
    let places = (0..chunks).flat_map(|chunk| (0..positions as usize).map(move |index| (chunk, index)));
    let in_chunks =
        places.flat_map(|(chunk, index)| [view.record(chunk, index), view.slot(chunk, index as u64).stamp]);
    let single = [&*view.words.claim, &*view.words.head, &*view.common.header.latch];
    let words: Vec<&AtomicU64> = single.into_iter().chain(view.entries).chain(in_chunks).collect();
    for round in 0..12 {
        for word in &words {
            let right = word.load(Ordering::Relaxed);
            if round > 2 && dice.roll().is_multiple_of(6) {
                word.store(dice.nonsense(right), Ordering::Relaxed);
            }
        }
        if dice.roll().is_multiple_of(4) {
            bench.world.dead.borrow_mut().push(2);
        }
        bench.memory().have((dice.roll() % 4) as usize);
        for me in 1..=3 {
            if let Ok(span) = bench.sender(me).claim(1 + dice.roll() as u32 % 3)
                && dice.roll().is_multiple_of(2)
            {
                bench.publish(me, span, &vec![7; span.count as usize]);
            }
        }
        let queue = bench.queue();
        let _ = (queue.len(), queue.claimants(), queue.unpublished_claimants(), queue.nonsense());
        let _ = bench.peek(&mut consumer);
        let _ = bench.receive(&mut consumer);
        let _ = bench.receive_many(&mut consumer, 4);
        if dice.roll().is_multiple_of(5) {
            consumer = Consumer::new(&queue);
        }
    }
    bench.queue().close();
    consumer.drop_all(&bench.queue(), &bench.world);
}

#[test]
fn no_words_at_all_make_a_move_panic_or_hang() {
    for_each_seed(move_about);
}

#[test]
fn stamps_ahead_of_all_claims_do_not_hold_the_receiver() {
    let bench = Bench::new(3, 2);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 7);
    bench.memory().be_lenient();
    let table = bench.queue();
    let mut next = 1;
    let put = |_: Slot<'_>| {
        assert!(next <= 2, "there is no chunk behind this one");
        let stamp = &table.view.slot(0, next).stamp;
        stamp.store(Stamp::published(next).0, Ordering::Relaxed);
        next += 1;
    };
    assert_eq!(consumer.receive_each::<u64>(&table, usize::MAX, put, &bench.world), Taken::Value(2));
}
