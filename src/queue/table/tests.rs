//! The moves one after another in one thread: what each leaves, with senders that stop or die between two steps.

use super::double::MemoryDouble;
use super::*;
use crate::layout::{TableGeometry, TypedTable};
use crate::queue::table::send::Span;
use crate::queue::tests::World;
use crate::queue::{Consume, Nonsense, Number, Taken};

mod chunks;
mod nonsense;
mod peek;
mod stalled;
mod windows;

struct Bench {
    segment: TypedTable<MemoryDouble>,
    caches: [ChunkCache; 4],
    world: World,
}

impl Bench {
    /// An empty channel with so many chunks, of so many positions each.
    fn new(chunks: u32, positions: u32) -> Bench {
        let each = 8 * (1 + 2) * positions;
        let chunk_size = each.next_multiple_of(128);
        let geometry = TableGeometry { payload: 8, members: 3, chunks, positions, chunk_size };
        let segment = TypedTable::new(geometry, |words| MemoryDouble::new(geometry, words));
        Bench { segment, caches: std::array::from_fn(|_| ChunkCache::new()), world: World::default() }
    }

    fn queue(&self) -> Table<'_> {
        Table::new(self.segment.view(), self.segment.memory())
    }

    /// What the system knows of the chunks.
    fn memory(&self) -> &MemoryDouble {
        self.segment.memory()
    }

    fn sender(&self, me: Number) -> Producer<'_> {
        Producer { table: self.queue(), me, cache: &self.caches[usize::from(me)] }
    }

    fn claim(&self, me: Number) -> Span {
        self.sender(me).claim(1).expect("there is memory")
    }

    fn publish(&self, me: Number, span: Span, values: &[u64]) {
        self.sender(me).publish(span, values, &self.world);
    }

    fn send(&self, me: Number, value: u64) {
        self.publish(me, self.claim(me), &[value]);
    }

    fn refused(&self, me: Number) -> Option<Refused> {
        self.sender(me).claim(1).err()
    }

    /// Sends until it is refused. Returns how many values that were, and why.
    fn fill(&self, me: Number, first: u64) -> (u64, Refused) {
        let mut count = 0;
        loop {
            match self.sender(me).claim(1) {
                Ok(span) => self.publish(me, span, &[first + count]),
                Err(refused) => return (count, refused),
            }
            count += 1;
        }
    }

    fn receive(&self, consumer: &mut Consumer) -> Taken<u64> {
        consumer.receive(&self.queue(), Consumer::copy, &self.world)
    }

    fn receive_many(&self, consumer: &mut Consumer, limit: usize) -> (Taken<usize>, Vec<u64>) {
        let mut values = Vec::new();
        let took = consumer.receive_many(&self.queue(), limit, &mut values, &self.world);
        (took, values)
    }

    fn peek(&self, consumer: &mut Consumer) -> Taken<u64> {
        consumer.peek(&self.queue(), &self.world).map(|found| Consumer::copy(&self.queue(), found))
    }

    /// Values go through all chunks, with nothing left of senders that were stalled, and all chunks can be filled.
    fn is_whole(&self, consumer: &mut Consumer) {
        let geometry = self.segment.view().geometry;
        let all = u64::from(geometry.chunks * geometry.positions);
        for value in 0..2 * all {
            self.send(3, value);
            assert_eq!(self.receive(consumer), Taken::Value(value));
        }
        assert!(!consumer.has_stalled());
        assert_eq!(self.world.borne.get(), 0);
        let (count, refused) = self.fill(3, 0);
        assert_eq!(refused, Refused::Limit);
        assert!(count + u64::from(geometry.positions) >= all, "a chunk is lost: {count} of {all}");
        for value in 0..count {
            assert_eq!(self.receive(consumer), Taken::Value(value));
        }
        assert_eq!(self.receive(consumer), Taken::Empty);
    }
}

#[test]
fn values_come_out_in_order_over_many_chunks() {
    for (chunks, positions) in [(2, 1), (2, 2), (3, 1), (3, 4), (7, 2)] {
        let bench = Bench::new(chunks, positions);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..20 {
            let count = 1 + round % u64::from((chunks - 1) * positions);
            for value in 0..count {
                bench.send(1 + (value % 2) as Number, round * 100 + value);
            }
            assert_eq!(bench.queue().len(), count as usize);
            for value in 0..count {
                assert_eq!(bench.receive(&mut consumer), Taken::Value(round * 100 + value));
            }
            assert_eq!(bench.receive(&mut consumer), Taken::Empty);
        }
        bench.is_whole(&mut consumer);
    }
}

#[test]
fn a_batch_ends_with_its_chunk_and_the_next_takes_the_rest() {
    let bench = Bench::new(3, 4);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 0);
    let first = bench.sender(2).claim(9).unwrap();
    assert_eq!((first.first, first.count), (1, 3));
    let second = bench.sender(2).claim(2).unwrap();
    assert_eq!((second.first, second.count), (4, 2));
    bench.publish(2, first, &[1, 2, 3]);
    bench.publish(2, second, &[4, 5]);
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(6), (0..6).collect()));
}

#[test]
fn many_are_received_over_borders_up_to_the_limit() {
    let bench = Bench::new(5, 2);
    let mut consumer = Consumer::new(&bench.queue());
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Empty, vec![]));
    for value in 0..9 {
        bench.send(1 + (value % 3) as Number, value);
    }
    assert_eq!(bench.receive_many(&mut consumer, 0), (Taken::Value(0), vec![]));
    assert_eq!(bench.receive_many(&mut consumer, 5), (Taken::Value(5), (0..5).collect()));
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(4), (5..9).collect()));
    bench.queue().close();
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::End, vec![]));
}

#[test]
fn many_are_received_round_a_stalled_send_with_its_late_value() {
    let bench = Bench::new(6, 2);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(2, 0);
    let stalled = bench.claim(1);
    (1..5).for_each(|value| bench.send(2, value));
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(1), vec![0]));
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(4), vec![1, 2, 3, 4]));
    bench.send(2, 5);
    bench.publish(1, stalled, &[99]);
    assert_eq!(bench.receive_many(&mut consumer, 9), (Taken::Value(2), vec![99, 5]));
    bench.is_whole(&mut consumer);
}

#[test]
fn the_count_is_what_was_sent_and_not_taken() {
    let bench = Bench::new(3, 2);
    let mut consumer = Consumer::new(&bench.queue());
    assert_eq!(bench.queue().len(), 0);
    for round in 0..4 {
        (0..3).for_each(|value| bench.send(1, value));
        for left in (0..3).rev() {
            assert_eq!(bench.queue().len(), left + 1, "{round}");
            assert!(matches!(bench.receive(&mut consumer), Taken::Value(_)));
            assert_eq!(bench.queue().len(), left);
        }
    }
}

#[test]
fn closed_fails_senders_and_ends_after_the_last_value() {
    let bench = Bench::new(3, 1);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(1, 7);
    bench.send(1, 8);
    assert!(!bench.queue().is_closed());
    bench.queue().close();
    assert!(bench.queue().is_closed());
    assert_eq!(bench.refused(1), Some(Refused::Closed));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(7));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(8));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}

#[test]
fn the_last_handle_ends_the_stream_after_the_last_value() {
    let bench = Bench::new(3, 1);
    let mut consumer = Consumer::new(&bench.queue());
    let common = bench.queue().common();
    assert!(common.upgrade(1) && common.upgrade(2));
    bench.send(2, 9);
    bench.send(2, 10);
    common.drop_strong(1, &bench.world);
    assert!(!common.has_ended());
    common.drop_strong(2, &bench.world);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(9));
    assert_eq!(bench.receive(&mut consumer), Taken::Value(10));
    assert_eq!(bench.receive(&mut consumer), Taken::End);
    assert_eq!(consumer.nonsense(), None);
}

#[test]
fn the_owners_of_what_is_in_the_queue_are_known() {
    let bench = Bench::new(4, 2);
    let mut consumer = Consumer::new(&bench.queue());
    let claimants = || {
        let (tail, numbers) = bench.queue().claimants();
        assert_eq!(tail, bench.queue().tail());
        numbers
    };
    assert_eq!(claimants(), []);
    bench.send(3, 0);
    bench.send(1, 1);
    assert_eq!(claimants(), [1, 3]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(0));
    assert_eq!(claimants(), [1]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(claimants(), []);
    // Over borders, with many of one process in a row.
    for (number, who) in [(2, [2].as_slice()), (2, &[2]), (2, &[2]), (1, &[1, 2]), (2, &[1, 2])] {
        let _ = bench.claim(number);
        assert_eq!(claimants(), who);
    }
    // Positions that are passed count no more.
    bench.world.dead.borrow_mut().extend([1, 2]);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    assert_eq!(claimants(), []);
}

#[test]
fn the_owners_of_what_is_not_published_are_known() {
    let bench = Bench::new(5, 2);
    let mut consumer = Consumer::new(&bench.queue());
    for round in 0..7 {
        bench.send(1, round);
        bench.send(2, round);
        assert_eq!(bench.queue().unpublished_claimants(), []);
        let stopped = bench.claim(2);
        assert_eq!(bench.queue().unpublished_claimants(), [2]);
        bench.send(3, round);
        assert_eq!(bench.queue().unpublished_claimants(), [2]);
        let last = bench.claim(1);
        assert_eq!(bench.queue().unpublished_claimants(), [1, 2]);
        bench.publish(2, stopped, &[round]);
        assert_eq!(bench.queue().unpublished_claimants(), [1]);
        bench.publish(1, last, &[round]);
        assert_eq!(bench.queue().unpublished_claimants(), []);
        (0..5).for_each(|_| assert_eq!(bench.receive(&mut consumer), Taken::Value(round)));
    }
}
