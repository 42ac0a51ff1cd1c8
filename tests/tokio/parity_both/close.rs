//! How a channel ends: by `close`, by the receiver leaving, by the last sender leaving.

use super::{Sends, channel};
use crate::adapter::{Task, finishes};
use crate::mpsc::error::{SendError, TryRecvError};

#[test]
fn close_keeps_what_is_queued_for_the_receiver() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        for value in 0..3 {
            tx.send_now(value).unwrap();
        }
        rx.close();
        assert_eq!(rx.len(), 3);
        assert_eq!(Task::new(rx.recv()).must_finish(), Some(0));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(rx.blocking_recv(), Some(2));
        assert_eq!(Task::new(rx.recv()).must_finish(), None);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(rx.blocking_recv(), None);
    });
}

#[test]
fn close_of_an_empty_channel_ends_it_though_senders_live() {
    let (tx, mut rx) = channel::<u64>(1);
    rx.close();
    assert_eq!(Task::new(rx.recv()).must_finish(), None);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(tx.strong_count(), 1);
}

#[test]
fn close_twice_is_close_once() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.send_now(1).unwrap();
    rx.close();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn close_after_the_last_sender_left_changes_nothing() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.send_now(1).unwrap();
    drop(tx);
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn dropping_the_receiver_before_the_senders_harms_neither() {
    let (tx, rx) = channel::<u64>(4);
    let other = tx.clone();
    tx.send_now(1).unwrap();
    drop(rx);
    assert_eq!(other.send_now(2), Err(SendError(2)));
    drop(tx);
    assert!(other.is_closed());
    assert_eq!(other.strong_count(), 1);
}

#[test]
fn a_sender_is_closed_only_by_the_receiver() {
    let (tx, mut rx) = channel::<u64>(1);
    let other = tx.clone();
    drop(other);
    assert!(!tx.is_closed());
    tx.send_now(1).unwrap();
    assert!(!tx.is_closed());
    rx.close();
    assert!(tx.is_closed());
    drop(rx);
    assert!(tx.is_closed());
}

#[test]
fn dropping_the_receiver_closes_its_senders() {
    let (tx, rx) = channel::<u64>(1);
    let other = tx.clone();
    drop(rx);
    assert!(tx.is_closed() && other.is_closed() && other.clone().is_closed());
}

#[test]
fn a_receiver_is_closed_by_close_or_by_the_last_sender_leaving() {
    let (tx, mut rx) = channel::<u64>(1);
    assert!(!rx.is_closed());
    rx.close();
    assert!(rx.is_closed());
    drop(tx);
    assert!(rx.is_closed());

    let (tx, rx) = channel::<u64>(1);
    let other = tx.clone();
    drop(tx);
    assert!(!rx.is_closed());
    drop(other);
    assert!(rx.is_closed());
}

#[test]
fn a_receiver_can_be_closed_with_values_still_queued() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.send_now(1).unwrap();
    drop(tx);
    assert!(rx.is_closed() && !rx.is_empty());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(rx.is_closed() && rx.is_empty());
}

#[test]
fn a_recv_waiting_while_the_channel_is_closed_around_it_ends() {
    use std::task::{Context, Poll, Waker};
    let (_tx, mut rx) = channel::<u64>(1);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(rx.poll_recv(&mut cx), Poll::Pending);
    rx.close();
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(None));
}

#[test]
fn close_while_others_send_loses_no_accepted_value() {
    finishes(|| {
        for round in 0..50 {
            let (tx, mut rx) = channel::<u64>(3);
            let sending: Vec<_> = (0..3)
                .map(|_| {
                    let tx = tx.clone();
                    std::thread::spawn(move || {
                        (0..).take_while(|&value| tx.send_in_thread(value).is_ok()).count()
                    })
                })
                .collect();
            let mut received = 0;
            for _ in 0..round {
                rx.blocking_recv().unwrap();
                received += 1;
            }
            rx.close();
            while rx.blocking_recv().is_some() {
                received += 1;
            }
            let sent: usize = sending.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(received, sent);
            assert_eq!((rx.len(), tx.is_closed()), (0, true));
        }
    });
}
