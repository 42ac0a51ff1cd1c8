//! Reservations in the line: gathering, not being overtaken, handing on.

use crate::adapter::Task;
use crate::mpsc::channel;
use crate::mpsc::error::TrySendError;

#[test]
fn sends_and_reservations_wait_in_one_line() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut reserve = Task::waiting(tx.reserve());
    let mut send = Task::waiting(tx.send(2));
    let mut owned = Task::waiting(tx.clone().reserve_owned());
    assert_eq!(rx.try_recv(), Ok(0));
    send.must_wait();
    owned.must_wait();
    reserve.must_finish().unwrap().send(1);
    assert_eq!(rx.try_recv(), Ok(1));
    owned.must_wait();
    send.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
    owned.must_finish().unwrap().send(3);
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn a_permit_given_back_goes_straight_to_the_first_in_line() {
    let (tx, _rx) = channel::<u64>(1);
    let permit = tx.try_reserve().unwrap();
    let mut waiting = Task::waiting(tx.reserve());
    drop(permit);
    assert!(waiting.is_woken());
    assert_eq!((tx.capacity(), tx.try_send(9)), (0, Err(TrySendError::Full(9))));
    assert!(waiting.must_finish().is_ok());
}

#[test]
fn a_large_request_gathers_room_and_lets_no_other_past() {
    let (tx, mut rx) = channel::<u64>(3);
    for value in 0..3 {
        tx.try_send(value).unwrap();
    }
    let mut large = Task::waiting(tx.reserve_many(3));
    let mut small = Task::waiting(tx.send(9));
    for value in 0..2 {
        assert_eq!(rx.try_recv(), Ok(value));
        large.must_wait();
        small.must_wait();
        assert_eq!((tx.capacity(), tx.try_send(8)), (0, Err(TrySendError::Full(8))));
    }
    assert_eq!(rx.try_recv(), Ok(2));
    assert!(large.is_woken() && !small.is_woken());
    let mut permits = large.must_finish().unwrap();
    assert_eq!((permits.len(), rx.len(), rx.capacity()), (3, 0, 0));
    permits.next().unwrap().send(5);
    drop(permits);
    assert!(small.is_woken());
    small.must_finish().unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(5), Ok(9)));
    assert_eq!(rx.capacity(), 3);
}

#[test]
fn a_request_for_all_takes_the_free_room_while_it_waits() {
    let (tx, rx) = channel::<u64>(3);
    let permit = tx.try_reserve().unwrap();
    let mut all = Task::waiting(tx.reserve_many(3));
    assert_eq!((tx.capacity(), rx.len()), (0, 0));
    drop(permit);
    assert_eq!(all.must_finish().unwrap().len(), 3);
}

#[test]
fn a_cancelled_large_request_hands_on_what_it_had_gathered() {
    let (tx, mut rx) = channel::<u64>(3);
    for value in 0..3 {
        tx.try_send(value).unwrap();
    }
    let large = Task::waiting(tx.reserve_many(3));
    let mut a = Task::waiting(tx.send(10));
    let mut b = Task::waiting(tx.send(11));
    let c = Task::waiting(tx.send(12));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    drop(large);
    assert!(a.is_woken() && b.is_woken() && !c.is_woken());
    a.must_finish().unwrap();
    b.must_finish().unwrap();
    drop(c);
    assert_eq!(tx.capacity(), 0);
    assert_eq!(rx.len(), 3);
}

#[test]
fn cancelled_reservations_leave_the_capacity_whole() {
    let (tx, mut rx) = channel::<u64>(3);
    tx.try_send(0).unwrap();
    let line = [Task::waiting(tx.reserve_many(3)), Task::waiting(tx.reserve_many(2))];
    assert_eq!(tx.capacity(), 0);
    drop(line);
    assert_eq!(tx.capacity(), 2);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(tx.capacity(), 3);
}

#[test]
fn a_finished_reservation_that_nobody_takes_gives_its_room_back() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let granted = Task::waiting(tx.reserve());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(granted);
    assert_eq!(tx.capacity(), 1);
}
