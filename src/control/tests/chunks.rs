//! An unbounded channel whose receiver moves on while its process looks at the queue.

use super::*;
use crate::{
    control::ChannelKind,
    queue::{
        Consume, Number,
        table::{self, Table, ViewCell},
    },
};

type Value = [u64; SIZE / 8];

fn send(table: Table<'_>, me: Number, count: u64, host: &Endpoint) {
    let producer = table::Producer { table, me, view: &ViewCell::new() };
    for _ in 0..count {
        let span = producer.claim(1).unwrap();
        producer.publish::<Value>(span, &[[0; 2]], host);
    }
}

#[test]
fn a_look_that_the_receiver_overtakes_finds_every_claim() {
    let terms = Terms { kind: ChannelKind::Unbounded, memory_limit: Some(4 << 20), ..terms() };
    let host = host(SIZE, ALIGN, &terms, None).unwrap();
    let table = host.table();
    let mut consumer = table::Consumer::new(&table);
    // The receiver ends a part of the stream with the first value behind it.
    let many = u64::from(table.view.geometry.positions) + 1;
    send(table, 2, many, &host);
    let _unpublished = table::Producer { table, me: 3, view: &ViewCell::new() }.claim(1).unwrap();
    send(table, 4, 1, &host);
    let mut values = Vec::<Value>::new();
    let took = consumer.receive_many(&table, many as usize, &mut values, &*host);
    assert_eq!(took, Took::Value(many as usize));
    // What a look saw that read head before.
    table.view.words.head.store(0, Ordering::Relaxed);
    assert!(table.unpublished_claimants().contains(&3));
}
