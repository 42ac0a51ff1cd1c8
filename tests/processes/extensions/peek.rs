//! `peek` and the capacity of a bounded channel. What peeking does on both kinds is in `both/`.

use shmpsc::{
    channel,
    error::{TryRecvError, TrySendError},
};

use crate::holding;

#[test]
fn a_peek_makes_no_room() {
    let (tx, mut rx) = holding(2, 2);
    assert_eq!((rx.try_peek(), rx.capacity(), tx.capacity()), (Ok(0), 0, 0));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    assert_eq!((rx.try_recv(), rx.capacity()), (Ok(0), 1));
    assert_eq!((rx.try_peek(), rx.capacity()), (Ok(1), 1));
}

#[test]
fn a_peeked_value_is_dropped_with_the_receiver_and_frees_room() {
    let (tx, mut rx) = holding(3, 3);
    assert_eq!(rx.try_peek(), Ok(0));
    drop(rx);
    assert_eq!((tx.len(), tx.capacity()), (0, 3));
}

#[test]
fn values_without_a_size_can_be_peeked() {
    let (tx, mut rx) = channel::<()>(1);
    assert_eq!(rx.try_peek(), Err(TryRecvError::Empty));
    tx.try_send(()).unwrap();
    assert_eq!((rx.try_peek(), tx.try_send(())), (Ok(()), Err(TrySendError::Full(()))));
    assert_eq!((rx.try_recv(), rx.try_peek()), (Ok(()), Err(TryRecvError::Empty)));
}
