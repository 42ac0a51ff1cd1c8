//! Chunks that become memory and come again: the limit, a system that refuses, what is given back, a receiver that takes over.

use super::*;
use crate::sync::Ordering;

#[test]
fn the_limit_is_told_with_all_chunks_full_and_sending_goes_on() {
    for (chunks, positions) in [(2, 1), (2, 4), (3, 2), (5, 1)] {
        let bench = Bench::new(chunks, positions);
        let mut consumer = Consumer::new(&bench.queue());
        let all = u64::from(chunks * positions);
        assert_eq!(bench.fill(1, 0), (all, Refused::Limit));
        assert_eq!(bench.memory().count(), chunks as usize);
        // The first chunk is in use until the first value behind it has been taken.
        for value in 0..u64::from(positions) {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
            assert_eq!(bench.refused(2), Some(Refused::Limit));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Value(u64::from(positions)));
        assert_eq!(bench.fill(2, all), (u64::from(positions), Refused::Limit));
        for value in u64::from(positions) + 1..all + u64::from(positions) {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn nothing_is_memory_before_a_value_is_sent() {
    let bench = Bench::new(4, 2);
    let mut consumer = Consumer::new(&bench.queue());
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(bench.peek(&mut consumer), Taken::Empty);
    assert_eq!((bench.queue().len(), bench.queue().claimants().1), (0, vec![]));
    assert_eq!(bench.memory().count(), 0);
    bench.send(1, 0);
    assert_eq!(bench.memory().count(), 1);
}

/// Shows W72.
#[test]
fn a_sender_without_memory_is_refused_and_goes_on_with_some() {
    let bench = Bench::new(4, 2);
    let mut consumer = Consumer::new(&bench.queue());
    bench.memory().have(0);
    assert_eq!(bench.fill(1, 0), (0, Refused::NoMemory));
    bench.memory().have(1);
    assert_eq!(bench.fill(2, 0), (2, Refused::NoMemory));
    assert_eq!(bench.fill(1, 0), (0, Refused::NoMemory));
    bench.memory().have(2);
    assert_eq!(bench.fill(1, 2), (2, Refused::NoMemory));
    for value in 0..4 {
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    bench.memory().have(4);
    bench.is_whole(&mut consumer);
}

#[test]
fn what_is_given_back_is_there_for_a_sender_that_was_refused() {
    let bench = Bench::new(4, 1);
    let mut consumer = Consumer::new(&bench.queue());
    bench.memory().have(2);
    assert_eq!(bench.fill(1, 0), (2, Refused::NoMemory));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    assert_eq!(bench.refused(1), Some(Refused::NoMemory), "the margin is in use");
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    // Not behind the chunk that a sender could not make memory: there it would be out of reach.
    assert_eq!(bench.memory().count(), 1);
    for value in 2..50 {
        bench.send(2, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        assert!(bench.memory().count() <= 2);
    }
}

#[test]
fn a_closed_channel_is_closed_also_when_memory_is_refused() {
    let bench = Bench::new(2, 1);
    bench.memory().have(0);
    assert_eq!(bench.refused(1), Some(Refused::NoMemory));
    bench.queue().close();
    assert_eq!(bench.refused(1), Some(Refused::Closed));
}

#[test]
fn an_empty_queue_keeps_few_chunks_and_a_stream_asks_for_none() {
    let bench = Bench::new(40, 2);
    let mut consumer = Consumer::new(&bench.queue());
    let (count, refused) = bench.fill(1, 0);
    assert_eq!((count, refused, bench.memory().count()), (80, Refused::Limit, 40));
    for value in 0..count {
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    // The last part, which is not over, and those that stand ready behind it.
    assert!(bench.memory().count() <= 4, "{}", bench.memory().count());
    for value in 0..200 {
        bench.send(1, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    let calls = bench.memory().calls();
    for value in 0..200 {
        bench.send(1, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    assert_eq!(bench.memory().calls(), calls, "a sender asks the system");
    assert!(bench.memory().count() <= 4);
}

/// Shows W80.
#[test]
fn a_late_call_for_memory_costs_one_chunk_until_that_is_used() {
    let bench = Bench::new(6, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let pass = |consumer: &mut Consumer, values: core::ops::Range<u64>| {
        for value in values {
            bench.send(1, value);
            assert_eq!(bench.receive(consumer), Taken::Value(value));
        }
    };
    pass(&mut consumer, 0..30);
    let before = bench.memory().count();
    let stray = (0..6).find(|chunk| !bench.memory().is_real(*chunk)).expect("one is on offer");
    // A sender was stopped before it asked for a chunk, which is on offer elsewhere by now.
    bench.memory().make_real(stray).unwrap();
    assert_eq!(bench.memory().count(), before + 1);
    pass(&mut consumer, 30..60);
    assert_eq!(bench.memory().count(), before, "it was put to use, and another one given back");
}

/// Shows W91.
#[test]
fn a_receiver_that_takes_over_finds_every_chunk() {
    for (chunks, positions) in [(2, 1), (2, 2), (3, 2), (5, 1)] {
        for step in 0..3 * u64::from(chunks * positions) {
            for queued in 0..u64::from(positions) + 1 {
                // The same stream with one receiver, and with a second one from here on.
                let [one, two] = [false, true].map(|takes_over| {
                    let bench = Bench::new(chunks, positions);
                    let mut consumer = Consumer::new(&bench.queue());
                    for value in 0..step {
                        bench.send(1, value);
                        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
                    }
                    let mut sent = 0;
                    // Number 2 claims, and is proved dead.
                    while sent < queued && bench.refused(2).is_none() {
                        sent += 1;
                    }
                    bench.world.dead.borrow_mut().push(2);
                    if takes_over {
                        consumer = Consumer::new(&bench.queue());
                    }
                    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
                    let filled = bench.fill(1, 0);
                    let taken = (0..filled.0)
                        .filter(|value| bench.receive(&mut consumer) == Taken::Value(*value))
                        .count();
                    let memory = bench.memory().count();
                    bench.is_whole(&mut consumer);
                    (filled, taken, memory)
                });
                assert_eq!(one, two, "{chunks} chunks of {positions}, after {step} and {queued}");
            }
        }
    }
}

#[test]
fn a_receiver_that_takes_over_each_time_loses_nothing() {
    for (chunks, positions) in [(2, 1), (3, 2)] {
        let bench = Bench::new(chunks, positions);
        for value in 0..60 {
            bench.send(1, value);
            let mut consumer = Consumer::new(&bench.queue());
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        bench.is_whole(&mut Consumer::new(&bench.queue()));
    }
}

/// Shows W90.
#[test]
fn a_dropped_receiver_gives_all_memory_back() {
    for taken in 0..6 {
        let bench = Bench::new(6, 1);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(2);
        (0..5).for_each(|value| bench.send(1, value));
        for value in 0..taken.min(5) {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        bench.queue().close();
        consumer.drop_all(&bench.queue(), &bench.world);
        assert_eq!(bench.memory().count(), 0, "{taken}");
        assert_eq!((bench.queue().len(), bench.queue().claimants().1), (0, vec![]), "{taken}");
        assert_eq!(bench.queue().nonsense(), None);
        let _ = stalled;
    }
}

#[test]
fn a_process_looks_at_the_table_once_for_a_chunk() {
    let bench = Bench::new(3, 4);
    bench.send(1, 0);
    // Nothing that stands in the table now matters to the process that has looked.
    bench.segment.view().entries[0].store(u64::MAX, Ordering::Relaxed);
    (1..4).for_each(|value| bench.send(1, value));
    bench.send(1, 4);
    assert_eq!(bench.queue().tail(), 5);
}
