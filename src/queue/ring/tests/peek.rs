//! Peeking at the next value while other sends are stalled, published late, or dead.

use super::*;

/// Shows W61.
#[test]
fn a_peeked_value_keeps_its_place_and_is_the_next_received() {
    for capacity in [1, 2, 3] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..7 {
            assert_eq!(bench.peek(&mut consumer), Taken::Empty);
            for i in 0..u64::from(capacity) {
                bench.send(2, round + i);
            }
            for i in 0..u64::from(capacity) {
                for _ in 0..2 {
                    assert_eq!(bench.peek(&mut consumer), Taken::Value(round + i));
                    assert_eq!(bench.queue().len(), capacity as usize - i as usize);
                    assert_eq!(bench.queue().free_capacity(), i as usize);
                }
                assert_eq!(bench.receive(&mut consumer), Taken::Value(round + i));
            }
        }
    }
}

#[test]
fn a_late_value_published_after_a_peek_comes_after_it() {
    for capacity in [2, 3, 4] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        let stalled = bench.claim(1);
        for value in 0..20 {
            bench.send(2, value);
            let free = bench.queue().free_capacity();
            assert_eq!(bench.peek(&mut consumer), Taken::Value(value));
            assert_eq!((bench.queue().len(), bench.queue().free_capacity()), (1, free));
            assert_eq!(bench.receive(&mut consumer), Taken::Value(value));
        }
        bench.send(2, 20);
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        bench.sender(1).publish(stalled, &[999u64], &bench.world);
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(20));
        assert_eq!(bench.peek(&mut consumer), Taken::Value(999));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(999));
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_peeked_late_value_stays_next_whatever_an_older_stall_does() {
    for dies in [false, true] {
        let bench = Bench::new(3);
        let mut consumer = Consumer::new(&bench.queue());
        let (older, newer) = (bench.claim(1), bench.claim(2));
        bench.send(3, 30);
        assert_eq!(bench.receive(&mut consumer), Taken::Value(30));
        bench.sender(2).publish(newer, &[20u64], &bench.world);
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        if dies {
            bench.world.dead.borrow_mut().push(1);
        } else {
            bench.sender(1).publish(older, &[10u64], &bench.world);
        }
        // Also a sender whose turn it is on the slot of the peeked value leaves it alone.
        bench.send(3, 31);
        assert_eq!(bench.peek(&mut consumer), Taken::Value(20));
        assert_eq!(bench.receive(&mut consumer), Taken::Value(20));
        if !dies {
            assert_eq!(bench.receive(&mut consumer), Taken::Value(10));
        }
        assert_eq!(bench.receive(&mut consumer), Taken::Value(31));
        assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_batch_begins_with_the_peeked_value() {
    let bench = Bench::new(4);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 5);
    bench.send(2, 6);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(5));
    bench.sender(1).publish(stalled, &[9u64], &bench.world);
    let mut values = Vec::<u64>::new();
    let took = consumer.receive_many(&bench.queue(), 9, &mut values, &bench.world);
    assert_eq!((took, values), (Taken::Value(3), vec![5, 9, 6]));
}

#[test]
fn the_stream_ends_after_the_peeked_value_and_the_late_one() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    let stalled = bench.claim(1);
    bench.send(2, 5);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(5));
    bench.queue().close(&bench.world);
    assert_eq!(bench.peek(&mut consumer), Taken::Value(5));
    bench.sender(1).publish(stalled, &[6u64], &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(5));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(6));
    assert_eq!(bench.peek(&mut consumer), Taken::End);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}
