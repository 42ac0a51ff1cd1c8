//! The end of a closed channel and senders that were promised room, and have not been polled since. Within one process: a sender
//! of another process is promised none, for it may be stopped, and would hold up the end.

use crate::adapter::Task;
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, TryRecvError};

#[test]
fn a_woken_sender_that_was_not_polled_holds_up_the_end() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let mut recv = Task::waiting(rx.recv());
    drop(woken);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
}

#[test]
fn a_reservation_that_has_gathered_room_holds_up_the_end() {
    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let gathering = Task::waiting(tx.reserve_many(3));
    assert_eq!(tx.capacity(), 0);
    rx.close();
    drop(one);
    let mut recv = Task::waiting(rx.recv());
    drop(gathering);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);

    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let mut gathering = Task::waiting(tx.reserve_many(3));
    rx.close();
    drop(one);
    let mut recv = Task::waiting(rx.recv());
    assert!(gathering.must_finish().is_err());
    drop(gathering);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!(rx.capacity(), 3);
}

#[test]
fn the_last_promised_sender_that_goes_wakes_a_closed_receiver() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut first = Task::waiting(tx.send(2));
    let second = Task::waiting(tx.send(3));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    rx.close();
    let mut recv = Task::waiting(rx.recv());
    assert_eq!(first.must_finish(), Err(SendError(2)));
    assert_eq!(recv.wakes(), 0);
    recv.must_wait();
    drop(second);
    assert_eq!(recv.wakes(), 1);
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!(rx.capacity(), 2);
}

#[test]
fn a_sender_that_was_promised_nothing_holds_up_no_end() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let _first = Task::waiting(tx.send(1));
    rx.close();
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_closed_channel_waits_for_the_promised_sender_alone() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut first = Task::waiting(tx.send(1));
    let _second = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(0));
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(first.must_finish(), Err(SendError(1)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn closing_again_promises_nothing_more() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let woken = Task::waiting(tx.send(2));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    rx.close();
    rx.close();
    drop(woken);
    assert_eq!(rx.capacity(), 2);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_forgotten_promised_sender_holds_up_the_end() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    std::mem::forget(woken);
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let mut recv = Task::waiting(rx.recv());
    recv.must_wait();
}
