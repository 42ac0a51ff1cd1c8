//! Senders that are stopped between claim and publish, or dead there.

use super::*;
use crate::queue::table::stalled::MOST;

#[test]
fn a_dead_senders_position_is_skipped_and_its_chunk_comes_again() {
    for (chunks, positions) in [(2, 1), (2, 2), (4, 1)] {
        let bench = Bench::new(chunks, positions);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..20 {
            let _ = bench.claim(1);
            assert_eq!(bench.receive(&mut consumer), Taken::Empty, "alone at head: wait");
            bench.world.dead.borrow_mut().push(1);
            assert_eq!(bench.receive(&mut consumer), Taken::Empty, "skipped");
            bench.world.dead.borrow_mut().clear();
            bench.send(2, round);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(round));
        }
        bench.is_whole(&mut consumer);
    }
}

/// Shows W76.
#[test]
fn a_value_published_before_the_death_is_not_lost() {
    let bench = Bench::new(4, 1);
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
fn the_owner_is_told_by_a_record_in_another_chunk() {
    for dead in [1, 2] {
        let bench = Bench::new(4, 2);
        let mut consumer = Consumer::new(&bench.queue());
        // Number 1 has the first three positions, so the record that tells it stands in the second chunk.
        let first = bench.sender(1).claim(2).unwrap();
        let second = bench.sender(1).claim(1).unwrap();
        let last = bench.claim(2);
        bench.world.dead.borrow_mut().push(dead);
        if dead == 1 {
            bench.publish(2, last, &[4]);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(4));
        } else {
            bench.publish(1, first, &[1, 2]);
            bench.publish(1, second, &[3]);
            (1..4).for_each(|value| assert_eq!(bench.receive(&mut consumer), Taken::Value(value)));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        assert!(!consumer.has_stalled());
        assert_eq!(bench.queue().len(), 0);
    }
}

#[test]
fn no_sender_waits_for_a_stalled_one_and_its_value_comes_late() {
    for (chunks, positions) in [(3, 1), (3, 2), (5, 1)] {
        let bench = Bench::new(chunks, positions);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(1);
        // The table comes round many times.
        for value in 0..50 {
            bench.send(2, value);
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        assert!(consumer.has_stalled());
        assert_eq!(bench.world.borne.get(), 1);
        bench.send(2, 50);
        bench.publish(1, stalled, &[999]);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(999), "late values go first");
        assert_eq!(bench.receive(&mut consumer), Taken::Value(50));
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

/// Shows W83.
#[test]
fn a_stalled_send_keeps_one_chunk_and_no_more() {
    let bench = Bench::new(4, 2);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = [bench.claim(1), bench.claim(1)];
    for value in 0..20 {
        bench.send(2, value);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    // 22 positions are claimed, of which the last part is full and not over.
    assert_eq!(bench.fill(2, 0).1, Refused::Limit);
    let filled = bench.queue().len() as u64;
    assert_eq!(filled, 2 * 2, "one is kept, one is the last part that is not over");
    for value in 0..filled {
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    // The chunk is kept until the last of those in it has come to its end.
    bench.publish(1, stalled[1], &[91]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(91));
    assert!(bench.memory().is_real(0));
    bench.world.dead.borrow_mut().push(1);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(bench.world.borne.get(), 0);
    bench.is_whole(&mut consumer);
}

/// Shows W83.
#[test]
fn with_all_chunks_kept_the_limit_is_told_until_one_comes_free() {
    let bench = Bench::new(3, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = [bench.claim(1), bench.claim(1)];
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    assert_eq!(bench.refused(2), Some(Refused::Limit));
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.publish(1, stalled[0], &[1]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    bench.send(2, 6);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(6));
    bench.publish(1, stalled[1], &[2]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(2));
    bench.is_whole(&mut consumer);
}

/// Shows W83.
#[test]
fn with_as_many_stalled_as_are_noted_the_receiver_waits_for_one() {
    let bench = Bench::new(3, 8192);
    let mut consumer = Consumer::new(&bench.queue());
    let count = MOST as u32 + 1;
    let stalled = bench.sender(1).claim(count).unwrap();
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(bench.world.borne.get(), MOST as i32);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.publish(1, stalled, &(0..u64::from(count)).collect::<Vec<_>>());
    // The late ones first, oldest first, then what stands at head.
    for value in (0..u64::from(count)).chain([5]) {
        assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
    }
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(bench.world.borne.get(), 0);
}

#[test]
fn the_stream_does_not_end_while_a_live_send_is_stalled() {
    let bench = Bench::new(3, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    bench.queue().close();
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.publish(1, stalled, &[6]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(6));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(consumer.nonsense(), None);
}

#[test]
fn a_stalled_sender_that_dies_lets_the_stream_end() {
    let bench = Bench::new(3, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let _ = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    bench.world.dead.borrow_mut().push(1);
    bench.queue().close();
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(bench.world.borne.get(), 0);
}
