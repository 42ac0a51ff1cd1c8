//! What the unbounded channel alone does: it has room for everything.

use crate::adapter::{Task, block_on, finishes};
use crate::mpsc::error::{SendError, TryRecvError};
use crate::mpsc::unbounded_channel;

#[test]
fn an_unbounded_send_never_waits_however_much_is_queued() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    for value in 0..30_000 {
        assert_eq!(tx.send(value), Ok(()));
    }
    assert_eq!(rx.len(), 30_000);
    for value in 0..30_000 {
        assert_eq!(rx.try_recv(), Ok(value));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn an_unbounded_channel_grows_and_shrinks_again_and_again() {
    let (tx, mut rx) = unbounded_channel::<[u8; 1024]>();
    let (mut sent, mut taken) = (0_usize, 0_usize);
    for more in [1, 300, 7, 500, 2] {
        for _ in 0..more {
            tx.send([sent as u8; 1024]).unwrap();
            sent += 1;
        }
        while taken < sent - more / 2 {
            assert!(rx.try_recv() == Ok([taken as u8; 1024]));
            taken += 1;
        }
        assert_eq!(rx.len(), sent - taken);
    }
    drop(tx);
    while let Ok(value) = rx.try_recv() {
        assert!(value == [taken as u8; 1024]);
        taken += 1;
    }
    assert_eq!((taken, rx.try_recv()), (sent, Err(TryRecvError::Disconnected)));
}

#[test]
fn a_batch_of_an_unbounded_channel_may_be_all_that_is_queued() {
    let (tx, mut rx) = unbounded_channel::<[u8; 1024]>();
    for value in 0..500 {
        tx.send([value as u8; 1024]).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, usize::MAX)).must_finish(), 500);
    assert!((0..500).zip(&batch).all(|(value, found)| *found == [value as u8; 1024]));
    assert!(rx.is_empty());
}

#[test]
fn an_unbounded_send_is_refused_after_the_close_and_not_before() {
    finishes(|| {
        let (tx, mut rx) = unbounded_channel::<u64>();
        tx.send(1).unwrap();
        rx.close();
        assert_eq!(tx.send(2), Err(SendError(2)));
        assert_eq!((block_on(rx.recv()), block_on(rx.recv())), (Some(1), None));
        drop(rx);
        assert_eq!(tx.clone().send(3), Err(SendError(3)));
    });
}

#[test]
fn the_type_of_an_unbounded_channel_is_inferred_from_use() {
    let (tx, mut rx) = unbounded_channel();
    tx.send(7_u16).unwrap();
    assert_eq!(rx.try_recv(), Ok(7));
}
