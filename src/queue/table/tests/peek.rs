//! Peeking at the next value while other sends are stalled, published late, or dead.

use super::*;

#[test]
fn a_peeked_value_keeps_its_place_and_is_the_next_received() {
    for (chunks, positions) in [(2, 1), (3, 2)] {
        let bench = Bench::new(chunks, positions);
        let mut consumer = Consumer::new(&bench.queue());
        for value in 0..20 {
            assert_eq!(bench.peek(&mut consumer), Taken::Empty);
            bench.send(2, value);
            for _ in 0..2 {
                assert_eq!(bench.peek(&mut consumer), Taken::Value(value));
                assert_eq!(bench.queue().len(), 1);
            }
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_late_value_published_after_a_peek_comes_after_it() {
    let bench = Bench::new(4, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 20);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
    bench.publish(1, stalled, &[999]);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(20));
    assert_eq!(bench.peek(&mut consumer), Taken::Value(999));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(999));
    assert_eq!(bench.peek(&mut consumer), Taken::Empty);
    bench.is_whole(&mut consumer);
}

#[test]
fn a_peeked_late_value_stays_next_whatever_an_older_stall_does() {
    for dies in [false, true] {
        let bench = Bench::new(5, 1);
        let mut consumer = Consumer::new(&bench.queue());
        let (older, newer) = (bench.claim(1), bench.claim(2));
        bench.send(3, 30);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(30));
        bench.publish(2, newer, &[20]);
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        if dies {
            bench.world.dead.borrow_mut().push(1);
        } else {
            bench.publish(1, older, &[10]);
        }
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(20));
        let next = if dies { Taken::Empty } else { Taken::Value(10) };
        assert_eq!(bench.receive(&mut consumer), next);
        bench.world.dead.borrow_mut().clear();
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_batch_begins_with_what_was_peeked() {
    let bench = Bench::new(5, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 20);
    bench.send(2, 21);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
    bench.publish(1, stalled, &[10]);
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(3), vec![20, 10, 21]));
    bench.is_whole(&mut consumer);
}

#[test]
fn the_stream_ends_after_the_peeked_value_and_the_late_one() {
    let bench = Bench::new(4, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(5));
    bench.queue().close();
    assert_eq!(bench.peek(&mut consumer), Taken::Value(5));
    bench.publish(1, stalled, &[6]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(6));
    assert_eq!(bench.peek(&mut consumer), Taken::End);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}
