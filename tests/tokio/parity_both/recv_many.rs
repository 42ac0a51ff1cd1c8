//! `recv_many` and `poll_recv_many`.

use std::task::{Context, Poll, Waker};

use super::{Sends, channel};
use crate::adapter::{Task, Wakes, finishes};
use crate::mpsc::error::TryRecvError;

#[test]
fn recv_many_takes_what_is_there_and_does_not_wait_for_more() {
    let (tx, mut rx) = channel::<u64>(8);
    for value in 0..3 {
        tx.send_now(value).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 100)).must_finish(), 3);
    assert_eq!(batch, [0, 1, 2]);
}

#[test]
fn recv_many_takes_no_more_than_its_limit() {
    let (tx, mut rx) = channel::<u64>(8);
    for value in 0..5 {
        tx.send_now(value).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 2)).must_finish(), 2);
    assert_eq!(Task::new(rx.recv_many(&mut batch, 1)).must_finish(), 1);
    assert_eq!(batch, [0, 1, 2]);
    assert_eq!((rx.len(), rx.try_recv()), (2, Ok(3)));
}

#[test]
fn recv_many_appends_and_keeps_what_the_vector_held() {
    let (tx, mut rx) = channel::<u64>(2);
    let mut batch = vec![90, 91];
    tx.send_now(1).unwrap();
    tx.send_now(2).unwrap();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 10)).must_finish(), 2);
    assert_eq!(batch, [90, 91, 1, 2]);
}

#[test]
fn recv_many_grows_a_vector_that_is_too_small() {
    let (tx, mut rx) = channel::<u64>(100);
    for value in 0..100 {
        tx.send_now(value).unwrap();
    }
    let mut batch = Vec::with_capacity(1);
    assert_eq!(Task::new(rx.recv_many(&mut batch, 100)).must_finish(), 100);
    assert_eq!(batch, (0..100).collect::<Vec<_>>());
}

#[test]
fn recv_many_allots_room_for_what_came_and_not_for_its_limit() {
    let (tx, mut rx) = channel::<u64>(4);
    tx.send_now(1).unwrap();
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, usize::MAX)).must_finish(), 1);
    assert!(batch.capacity() < 100);
}

#[test]
fn recv_many_leaves_a_large_enough_vector_where_it_is() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut batch = Vec::with_capacity(4);
    let place = batch.as_ptr();
    for value in 0..4 {
        tx.send_now(value).unwrap();
    }
    assert_eq!(Task::new(rx.recv_many(&mut batch, 4)).must_finish(), 4);
    assert_eq!(batch.as_ptr(), place);
}

#[test]
fn recv_many_waits_for_the_first_value() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut batch = Vec::new();
    let mut many = Task::waiting(rx.recv_many(&mut batch, 3));
    tx.send_now(1).unwrap();
    assert!(many.is_woken());
    tx.send_now(2).unwrap();
    assert_eq!(many.must_finish(), 2);
    drop(many);
    assert_eq!(batch, [1, 2]);
}

#[test]
fn a_limit_of_zero_gives_zero_at_once_and_takes_nothing() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut batch = vec![9];
    assert_eq!(Task::new(rx.recv_many(&mut batch, 0)).must_finish(), 0);
    tx.send_now(1).unwrap();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 0)).must_finish(), 0);
    assert_eq!(rx.len(), 1);
    drop(tx);
    assert_eq!(Task::new(rx.recv_many(&mut batch, 0)).must_finish(), 0);
    assert_eq!(batch, [9]);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_cancelled_recv_many_takes_nothing() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut batch = Vec::new();
    let many = Task::waiting(rx.recv_many(&mut batch, 3));
    tx.send_now(1).unwrap();
    drop(many);
    assert!(batch.is_empty());
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn recv_many_gives_the_rest_and_then_zero_without_senders() {
    let (tx, mut rx) = channel::<u64>(4);
    tx.send_now(1).unwrap();
    tx.send_now(2).unwrap();
    drop(tx);
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 10)).must_finish(), 2);
    for _ in 0..3 {
        assert_eq!(Task::new(rx.recv_many(&mut batch, 10)).must_finish(), 0);
    }
    assert_eq!(batch, [1, 2]);
}

#[test]
fn recv_many_into_a_filled_vector_is_zero_at_the_end() {
    let (_tx, mut rx) = channel::<u64>(4);
    rx.close();
    let mut batch = vec![7, 8];
    assert_eq!(Task::new(rx.recv_many(&mut batch, 3)).must_finish(), 0);
    assert_eq!(batch, [7, 8]);
}

#[test]
fn recv_many_drains_a_closed_channel() {
    let (tx, mut rx) = channel::<u64>(4);
    for value in 0..3 {
        tx.send_now(value).unwrap();
    }
    rx.close();
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 2)).must_finish(), 2);
    assert_eq!(Task::new(rx.recv_many(&mut batch, 2)).must_finish(), 1);
    assert_eq!(Task::new(rx.recv_many(&mut batch, 2)).must_finish(), 0);
    assert_eq!(batch, [0, 1, 2]);
}

#[test]
fn a_waiting_recv_many_is_woken_by_the_last_sender_leaving() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut batch = Vec::new();
    let mut many = Task::waiting(rx.recv_many(&mut batch, 3));
    drop(tx);
    assert!(many.is_woken());
    assert_eq!(many.must_finish(), 0);
}

#[test]
fn recv_many_counts_values_of_size_zero() {
    let (tx, mut rx) = channel::<()>(4);
    for _ in 0..4 {
        tx.send_now(()).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 3)).must_finish(), 3);
    assert_eq!((batch.len(), rx.len()), (3, 1));
}

#[test]
fn poll_recv_many_is_recv_many_without_the_future() {
    let (tx, mut rx) = channel::<u64>(4);
    let wakes = Wakes::new();
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let mut batch = vec![9];
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 2), Poll::Pending);
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 0), Poll::Ready(0));
    for value in 0..3 {
        tx.send_now(value).unwrap();
    }
    assert!(wakes.count() > 0);
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 2), Poll::Ready(2));
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 2), Poll::Ready(1));
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 2), Poll::Pending);
    drop(tx);
    assert_eq!(rx.poll_recv_many(&mut cx, &mut batch, 2), Poll::Ready(0));
    assert_eq!(batch, [9, 0, 1, 2]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn all_ways_to_receive_take_from_one_queue() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(8);
        for value in 0..8 {
            tx.send_now(value).unwrap();
        }
        let mut batch = Vec::new();
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(Task::new(rx.recv()).must_finish(), Some(1));
        assert_eq!(Task::new(rx.recv_many(&mut batch, 2)).must_finish(), 2);
        assert_eq!(rx.blocking_recv(), Some(4));
        assert_eq!(rx.blocking_recv_many(&mut batch, 2), 2);
        assert_eq!(rx.poll_recv(&mut Context::from_waker(Waker::noop())), Poll::Ready(Some(7)));
        assert_eq!(batch, [2, 3, 5, 6]);
    });
}
