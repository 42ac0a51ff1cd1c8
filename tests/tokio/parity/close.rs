//! What the end of a channel does to those who wait for room, and to its capacity.

use crate::adapter::{Blocked, Task, finishes};
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, TryRecvError, TrySendError};

#[test]
fn close_refuses_every_way_to_send_though_there_is_room() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        rx.close();
        assert_eq!(tx.capacity(), 4);
        assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));
        assert_eq!(Task::new(tx.send(2)).must_finish(), Err(SendError(2)));
        assert_eq!(tx.blocking_send(3), Err(SendError(3)));
    });
}

#[test]
fn close_fails_everybody_in_the_line_and_gives_the_values_back() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let line: Vec<_> = (1..=40).map(|value| Task::waiting(tx.send(value))).collect();
    rx.close();
    for (value, mut task) in (1..).zip(line) {
        assert_eq!(task.wakes(), 1);
        assert_eq!(task.must_finish(), Err(SendError(value)));
    }
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(rx.capacity(), 1);
}

#[test]
fn dropping_the_receiver_fails_everybody_in_the_line() {
    let (tx, rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut first = Task::waiting(tx.send(1));
    let mut second = Task::waiting(tx.send(2));
    drop(rx);
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert_eq!(first.must_finish(), Err(SendError(1)));
    assert_eq!(second.must_finish(), Err(SendError(2)));
}

#[test]
fn close_fails_a_woken_but_unpolled_sender_and_frees_its_room() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(woken.is_woken());
    rx.close();
    assert_eq!(woken.must_finish(), Err(SendError(1)));
    assert_eq!(rx.capacity(), 1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn dropping_the_receiver_drops_queued_values_and_frees_room() {
    let (tx, rx) = channel::<u64>(4);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(tx.capacity(), 2);
    drop(rx);
    assert_eq!(tx.capacity(), 4);
    assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
}

#[test]
fn a_thread_blocked_in_a_send_learns_of_the_close() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let other = tx.clone();
        let blocked = Blocked::asleep_in(move || other.blocking_send(2));
        rx.close();
        assert_eq!(blocked.returned(), Err(SendError(2)));
        assert_eq!((rx.blocking_recv(), rx.blocking_recv()), (Some(1), None));
    });
}
