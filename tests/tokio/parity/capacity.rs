//! The arithmetic of `capacity` and `max_capacity`.

use crate::adapter::Task;
use crate::mpsc::channel;
use crate::mpsc::error::{TryRecvError, TrySendError};

#[test]
fn capacity_goes_down_with_each_send_and_up_with_each_receipt() {
    let (tx, mut rx) = channel::<u64>(3);
    for sent in 1..=3 {
        tx.try_send(0).unwrap();
        assert_eq!((tx.capacity(), rx.capacity(), rx.len()), (3 - sent, 3 - sent, sent));
    }
    for taken in 1..=3 {
        rx.try_recv().unwrap();
        assert_eq!((tx.capacity(), rx.capacity(), rx.len()), (taken, taken, 3 - taken));
    }
}

#[test]
fn a_batch_gives_its_whole_room_back() {
    let (tx, mut rx) = channel::<u64>(5);
    for _ in 0..5 {
        tx.try_send(0).unwrap();
    }
    let mut batch = Vec::new();
    Task::new(rx.recv_many(&mut batch, 3)).must_finish();
    assert_eq!((tx.capacity(), rx.len()), (3, 2));
}

#[test]
fn refused_sends_and_empty_receives_change_no_number() {
    let (tx, mut rx) = channel::<u64>(1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(tx.capacity(), 1);
    tx.try_send(1).unwrap();
    for _ in 0..10 {
        assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    }
    assert_eq!((tx.capacity(), rx.len()), (0, 1));
}

#[test]
fn max_capacity_never_changes() {
    let (tx, mut rx) = channel::<u64>(3);
    tx.try_send(1).unwrap();
    assert_eq!((tx.max_capacity(), rx.max_capacity()), (3, 3));
    rx.close();
    assert_eq!((tx.max_capacity(), rx.max_capacity()), (3, 3));
    drop(rx);
    assert_eq!(tx.max_capacity(), 3);
    let (tx, rx) = channel::<u64>(7);
    drop(tx);
    assert_eq!((rx.max_capacity(), rx.capacity()), (7, 7));
}

#[test]
fn all_handles_give_the_same_numbers() {
    let (tx, rx) = channel::<u64>(4);
    let other = tx.clone();
    other.try_send(1).unwrap();
    assert_eq!((tx.capacity(), other.capacity(), rx.capacity()), (3, 3, 3));
    assert_eq!((tx.max_capacity(), other.max_capacity(), rx.max_capacity()), (4, 4, 4));
}

#[test]
fn capacity_is_zero_while_a_sender_waits_on_an_empty_queue() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let mut a = Task::waiting(tx.send(3));
    let mut b = Task::waiting(tx.send(4));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert_eq!((tx.capacity(), rx.len(), rx.is_empty()), (0, 0, true));
    a.must_finish().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (0, 1));
    b.must_finish().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (0, 2));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(3), Ok(4)));
    assert_eq!(tx.capacity(), 2);
}

#[test]
fn room_left_over_by_the_line_is_free_again() {
    let (tx, mut rx) = channel::<u64>(3);
    for _ in 0..3 {
        tx.try_send(0).unwrap();
    }
    let mut only = Task::waiting(tx.send(1));
    for _ in 0..3 {
        rx.try_recv().unwrap();
    }
    assert_eq!(tx.capacity(), 2);
    assert_eq!(tx.try_send(2), Ok(()));
    only.must_finish().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (1, 2));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(1)));
}

#[test]
fn the_arithmetic_is_the_same_after_a_close() {
    let (tx, mut rx) = channel::<u64>(5);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    rx.close();
    assert_eq!((tx.capacity(), rx.capacity(), rx.len()), (3, 3, 2));
    rx.try_recv().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (4, 1));
    rx.try_recv().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (5, 0));
}
