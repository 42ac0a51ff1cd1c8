//! Permits on a channel that is closed around them.

use crate::adapter::{Blocked, Task, finishes};
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, TryRecvError};

#[test]
fn a_permit_taken_before_the_close_still_sends() {
    let (tx, mut rx) = channel::<u64>(3);
    let plain = tx.try_reserve().unwrap();
    let owned = tx.clone().try_reserve_owned().unwrap();
    let mut many = tx.try_reserve_many(1).unwrap();
    rx.close();
    plain.send(1);
    drop(owned.send(2));
    many.next().unwrap().send(3);
    assert_eq!((rx.try_recv(), rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2), Ok(3)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_closed_channel_has_not_ended_while_a_permit_is_out() {
    let (tx, mut rx) = channel::<u64>(2);
    let permit = tx.try_reserve().unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let mut recv = Task::waiting(rx.recv());
    permit.send(1);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), Some(1));
    drop(recv);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn only_the_last_permit_given_back_wakes_a_closed_receiver() {
    let (tx, mut rx) = channel::<u64>(3);
    let plain = tx.try_reserve().unwrap();
    let owned = tx.clone().try_reserve_owned().unwrap();
    let many = tx.try_reserve_many(1).unwrap();
    rx.close();
    let mut recv = Task::waiting(rx.recv());
    drop(plain);
    drop(many);
    assert_eq!(recv.wakes(), 0);
    recv.must_wait();
    drop(owned.release());
    assert_eq!(recv.wakes(), 1);
    assert_eq!(recv.must_finish(), None);
}

#[test]
fn each_kind_of_permit_given_back_wakes_a_closed_receiver() {
    let (tx, mut rx) = channel::<u64>(1);
    let permit = tx.try_reserve().unwrap();
    rx.close();
    let recv = Task::waiting(rx.recv());
    drop(permit);
    assert_eq!(recv.wakes(), 1);

    let (tx, mut rx) = channel::<u64>(1);
    let permit = tx.clone().try_reserve_owned().unwrap();
    rx.close();
    let recv = Task::waiting(rx.recv());
    drop(permit);
    assert_eq!(recv.wakes(), 1);

    let (tx, mut rx) = channel::<u64>(2);
    let permits = tx.try_reserve_many(2).unwrap();
    rx.close();
    let recv = Task::waiting(rx.recv());
    drop(permits);
    assert_eq!(recv.wakes(), 1);
}

#[test]
fn a_forgotten_permit_keeps_a_closed_channel_from_ending() {
    let (tx, mut rx) = channel::<u64>(1);
    std::mem::forget(tx.try_reserve().unwrap());
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    Task::waiting(rx.recv());
}

#[test]
fn capacity_after_a_close_counts_permits_as_before() {
    let (tx, mut rx) = channel::<u64>(5);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let permit = tx.try_reserve().unwrap();
    rx.close();
    assert_eq!(tx.capacity(), 2);
    rx.try_recv().unwrap();
    rx.try_recv().unwrap();
    assert_eq!(tx.capacity(), 4);
    drop(permit);
    assert_eq!(tx.capacity(), 5);
}

#[test]
fn capacity_after_the_receiver_left_counts_permits_still() {
    let (tx, rx) = channel::<u64>(5);
    tx.try_send(1).unwrap();
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    assert_eq!(tx.capacity(), 4);
    drop(permit);
    assert_eq!(tx.capacity(), 5);
}

#[test]
fn a_permits_send_after_the_receiver_left_keeps_its_room() {
    let (tx, rx) = channel::<u64>(5);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    permit.send(1);
    assert_eq!(tx.capacity(), 4);
    assert!(tx.is_closed());
}

#[test]
fn a_failed_or_cancelled_reserve_lets_a_closed_channel_end() {
    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let gathering = Task::waiting(tx.reserve_many(3));
    assert_eq!(tx.capacity(), 0);
    rx.close();
    let mut recv = Task::waiting(rx.recv());
    drop(gathering);
    drop(one);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);

    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let mut gathering = Task::waiting(tx.reserve_many(3));
    rx.close();
    let mut recv = Task::waiting(rx.recv());
    assert!(gathering.must_finish().is_err());
    drop(one);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!(rx.capacity(), 3);
}

#[test]
fn close_fails_reservations_that_wait_and_one_that_was_woken() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut woken = Task::waiting(tx.reserve());
    let mut many = Task::waiting(tx.reserve_many(1));
    let mut owned = Task::waiting(tx.clone().reserve_owned());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(woken.is_woken() && !many.is_woken() && !owned.is_woken());
    rx.close();
    assert!(many.is_woken() && owned.is_woken());
    assert_eq!(woken.must_finish().unwrap_err(), SendError(()));
    assert_eq!(many.must_finish().unwrap_err(), SendError(()));
    assert_eq!(owned.must_finish().unwrap_err(), SendError(()));
    assert_eq!((rx.capacity(), rx.sender_strong_count()), (1, 1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_batch_too_waits_for_the_last_permit_of_a_closed_channel() {
    let (tx, mut rx) = channel::<u64>(2);
    let (kept, given_back) = (tx.try_reserve().unwrap(), tx.try_reserve().unwrap());
    rx.close();
    assert!(rx.is_closed() && rx.is_empty());
    let mut batch = Vec::new();
    let mut many = Task::waiting(rx.recv_many(&mut batch, 2));
    kept.send(1);
    assert!(many.is_woken());
    assert_eq!(many.must_finish(), 1);
    drop(many);
    let mut many = Task::waiting(rx.recv_many(&mut batch, 2));
    drop(given_back);
    assert!(many.is_woken());
    assert_eq!(many.must_finish(), 0);
}

#[test]
fn a_thread_too_waits_for_the_last_permit_of_a_closed_channel() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(2);
        let (kept, given_back) = (tx.try_reserve().unwrap(), tx.try_reserve().unwrap());
        rx.close();
        let receiving = Blocked::asleep_in(move || (rx.blocking_recv(), rx));
        kept.send(1);
        let (value, mut rx) = receiving.returned();
        assert_eq!(value, Some(1));
        let receiving = Blocked::asleep_in(move || rx.blocking_recv());
        drop(given_back);
        assert_eq!(receiving.returned(), None);
    });
}
