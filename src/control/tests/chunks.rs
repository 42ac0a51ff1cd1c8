//! An unbounded channel whose receiver moves on while another thread looks at the queue.

use super::*;
use crate::{
    control::ChannelKind,
    queue::{
        Consume, Number,
        table::{self, ChunkCache, Table},
    },
    sync::AtomicU32,
};

type Value = [u64; SIZE / 8];
/// So large that a chunk has room for one.
type Large = [[u64; 512]; 15];

fn send(table: Table<'_>, me: Number, count: u64, host: &Endpoint) {
    let producer = table::Producer { table, me, cache: &ChunkCache::new() };
    for _ in 0..count {
        let span = producer.claim(1).unwrap();
        producer.publish::<Value>(span, &[[0; 2]], host);
    }
}

fn send_large(table: Table<'_>, me: Number, host: &Endpoint) {
    let producer = table::Producer { table, me, cache: &ChunkCache::new() };
    let span = producer.claim(1).unwrap();
    producer.publish::<Large>(span, &[[[0; 512]; 15]], host);
}

fn unbounded(size: usize, limit: u64) -> Arc<Endpoint> {
    let terms = Terms { kind: ChannelKind::Unbounded, memory_limit: Some(limit), ..terms() };
    host(size, ALIGN, &terms, None).unwrap()
}

#[test]
fn a_look_that_the_receiver_overtakes_finds_every_claim() {
    let host = unbounded(SIZE, 4 << 20);
    let table = host.table();
    let mut consumer = table::Consumer::new(&table);
    // The receiver ends a part of the stream with the first value behind it.
    let many = u64::from(table.view.geometry.positions) + 1;
    send(table, 2, many, &host);
    let _unpublished = table::Producer { table, me: 3, cache: &ChunkCache::new() }.claim(1).unwrap();
    send(table, 4, 1, &host);
    let mut values = Vec::<Value>::new();
    let took = consumer.receive_many(&table, many as usize, &mut values, &*host);
    assert_eq!(took, Taken::Value(many as usize));
    // What a look saw that read head before.
    table.view.words.head.store(0, Ordering::Relaxed);
    assert!(table.unpublished_claimants().contains(&3));
}

/// The queue has so little memory that it is used anew within the time of a look.
#[test]
fn a_queue_that_moves_on_is_never_told_to_be_empty() {
    let host = unbounded(size_of::<Large>(), 256 << 10);
    let table = host.table();
    let mut consumer = table::Consumer::new(&table);
    let is_over = AtomicU32::new(0);
    std::thread::scope(|scope| {
        send_large(table, 1, &host);
        let looks = scope.spawn(|| {
            while is_over.load(Ordering::Relaxed) == 0 {
                assert_ne!(table.len(), 0);
            }
        });
        for _ in 0..20_000 {
            send_large(table, 1, &host);
            let Taken::Value(found) = consumer.take(&table, &*host) else { panic!("it was sent") };
            consumer.release(&table, found, &*host);
            if looks.is_finished() {
                break;
            }
        }
        is_over.store(1, Ordering::Relaxed);
    });
}
