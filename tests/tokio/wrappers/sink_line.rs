//! A polled sender in the line of those who wait for room.

use std::sync::Arc;

use super::acts::{granted, polled, waits, waits_for};
use crate::adapter::Task;
use crate::mpsc::error::TrySendError;

#[test]
fn it_waits_for_room_and_is_woken_once_when_there_is() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let wakes = waits_for(&mut sender);
    assert_eq!(wakes.count(), 0);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(wakes.count(), 1);
    granted(&mut sender);
    sender.send_item(1).unwrap();
    assert_eq!((wakes.count(), rx.try_recv()), (1, Ok(1)));
}

#[test]
fn it_wakes_the_waker_of_its_last_poll() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let (old, new) = (waits_for(&mut sender), waits_for(&mut sender));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn all_senders_stand_in_one_line_in_order_of_arrival() {
    let (mut first, tx, mut rx) = polled(1);
    let mut third = first.clone();
    tx.try_send(0).unwrap();
    waits(&mut first);
    let mut second = Task::waiting(tx.send(2));
    waits(&mut third);
    let mut fourth = Task::waiting(tx.send(4));

    assert_eq!(rx.try_recv(), Ok(0));
    third.close();
    second.must_wait();
    granted(&mut first);
    second.must_wait();
    first.send_item(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    fourth.must_wait();
    second.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
    fourth.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(4));
}

#[test]
fn it_keeps_its_place_however_often_it_is_polled() {
    let (mut first, tx, mut rx) = polled(1);
    let mut second = first.clone();
    tx.try_send(0).unwrap();
    waits(&mut first);
    waits(&mut second);
    for _ in 0..5 {
        waits(&mut first);
    }
    assert_eq!(rx.try_recv(), Ok(0));
    waits(&mut second);
    granted(&mut first);
    waits(&mut second);
}

#[test]
fn a_newcomer_overtakes_nobody_who_was_promised_room() {
    let (mut newcomer, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let mut woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(woken.is_woken());
    waits(&mut newcomer);
    woken.must_finish().unwrap();
    waits(&mut newcomer);
    assert_eq!(rx.try_recv(), Ok(1));
    granted(&mut newcomer);
}

#[test]
fn room_promised_to_it_is_kept_until_it_is_polled() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    waits(&mut sender);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((tx.capacity(), tx.try_send(9)), (0, Err(TrySendError::Full(9))));
    let mut newcomer = Task::waiting(tx.send(2));
    granted(&mut sender);
    newcomer.must_wait();
    sender.send_item(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    newcomer.must_finish().unwrap();
}

#[test]
fn dropping_one_that_waits_moves_the_others_up() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    waits(&mut sender);
    let mut next = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(!next.is_woken());
    drop(sender);
    assert!(next.is_woken());
    next.must_finish().unwrap();
    assert_eq!(tx.strong_count(), 1);
}

#[test]
fn dropping_one_with_a_reservation_gives_the_room_to_the_next() {
    let (mut sender, tx, rx) = polled(1);
    granted(&mut sender);
    let mut next = Task::waiting(tx.send(1));
    drop(sender);
    assert!(next.is_woken());
    next.must_finish().unwrap();
    assert_eq!((rx.len(), tx.strong_count()), (1, 1));
}

#[test]
fn it_keeps_no_waker_once_it_has_done_with_waiting() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let dropped = waits_for(&mut sender.clone());
    assert_eq!(Arc::strong_count(&dropped), 1);
    let aborted = waits_for(&mut sender);
    assert!(sender.abort_send());
    assert_eq!(Arc::strong_count(&aborted), 1);
    let served = waits_for(&mut sender);
    assert_eq!(rx.try_recv(), Ok(0));
    granted(&mut sender);
    assert_eq!(Arc::strong_count(&served), 1);
    sender.send_item(1).unwrap();
    let closed = waits_for(&mut sender);
    sender.close();
    assert_eq!(Arc::strong_count(&closed), 1);
}
