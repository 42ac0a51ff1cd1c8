//! Permits of all three kinds: taking, sending, giving back, and what they cost in room.

use crate::adapter::Task;
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, TryRecvError, TrySendError};

#[test]
fn a_permit_takes_room_and_its_send_fills_it() {
    let (tx, mut rx) = channel::<u64>(2);
    let permit = Task::new(tx.reserve()).must_finish().unwrap();
    assert_eq!((tx.capacity(), rx.len()), (1, 0));
    permit.send(1);
    assert_eq!((tx.capacity(), rx.len()), (1, 1));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.capacity(), 2);
}

#[test]
fn a_dropped_permit_gives_its_room_back() {
    let (tx, rx) = channel::<u64>(1);
    let permit = tx.try_reserve().unwrap();
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    drop(permit);
    assert_eq!((tx.capacity(), rx.len()), (1, 0));
}

#[test]
fn a_forgotten_permit_keeps_its_room_for_ever() {
    let (tx, mut rx) = channel::<u64>(2);
    std::mem::forget(tx.try_reserve().unwrap());
    assert_eq!(tx.capacity(), 1);
    tx.try_send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.capacity(), 1);
}

#[test]
fn a_values_place_is_fixed_by_its_send_and_not_by_its_permit() {
    let (tx, mut rx) = channel::<u64>(3);
    let a = tx.try_reserve().unwrap();
    let b = tx.try_reserve().unwrap();
    b.send(2);
    tx.try_send(3).unwrap();
    a.send(1);
    assert_eq!((rx.try_recv(), rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3), Ok(1)));
}

#[test]
fn try_reserve_says_full_or_closed_and_closed_first() {
    let (tx, mut rx) = channel::<u64>(1);
    let permit = tx.try_reserve().unwrap();
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Full(()));
    rx.close();
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Closed(()));
    drop(permit);
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Closed(()));
    assert_eq!(Task::new(tx.reserve()).must_finish().unwrap_err(), SendError(()));
}

#[test]
fn an_owned_permit_gives_its_sender_back() {
    let (tx, mut rx) = channel::<u64>(1);
    let permit = tx.try_reserve_owned().unwrap();
    assert_eq!((rx.sender_strong_count(), rx.capacity()), (1, 0));
    let tx = permit.send(1);
    assert_eq!((rx.try_recv(), tx.capacity(), tx.strong_count()), (Ok(1), 1, 1));
    let tx = Task::new(tx.reserve_owned()).must_finish().unwrap().release();
    assert_eq!((tx.capacity(), rx.try_recv()), (1, Err(TryRecvError::Empty)));
}

#[test]
fn try_reserve_owned_gives_the_sender_back_in_its_error() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    let Err(TrySendError::Full(tx)) = tx.try_reserve_owned() else { panic!("there is no room") };
    assert_eq!((tx.strong_count(), tx.try_send(2)), (1, Err(TrySendError::Full(2))));
    rx.close();
    let Err(TrySendError::Closed(tx)) = tx.try_reserve_owned() else { panic!("it is closed") };
    assert_eq!((tx.strong_count(), tx.try_send(3)), (1, Err(TrySendError::Closed(3))));
}

#[test]
fn a_failed_or_cancelled_reserve_owned_drops_the_sender() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    drop(Task::waiting(tx.reserve_owned()));
    assert!(rx.is_closed());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Err(TryRecvError::Disconnected)));

    let (tx, mut rx) = channel::<u64>(1);
    rx.close();
    assert_eq!(Task::new(tx.reserve_owned()).must_finish().unwrap_err(), SendError(()));
    assert_eq!(rx.sender_strong_count(), 0);
}

#[test]
fn a_dropped_owned_permit_gives_back_room_and_sender() {
    let (tx, mut rx) = channel::<u64>(1);
    let permit = tx.try_reserve_owned().unwrap();
    let mut recv = Task::waiting(rx.recv());
    drop(permit);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!((rx.capacity(), rx.sender_strong_count()), (1, 0));
}

#[test]
fn a_permit_iterator_holds_all_its_permits_from_the_start() {
    let (tx, mut rx) = channel::<u64>(5);
    let mut permits = tx.try_reserve_many(3).unwrap();
    assert_eq!((permits.len(), permits.size_hint(), tx.capacity()), (3, (3, Some(3)), 2));
    permits.next().unwrap().send(1);
    assert_eq!((permits.len(), tx.capacity()), (2, 2));
    drop(permits.next().unwrap());
    assert_eq!((permits.len(), tx.capacity()), (1, 3));
    drop(permits);
    assert_eq!((tx.capacity(), rx.try_recv()), (4, Ok(1)));
    assert_eq!(tx.capacity(), 5);
}

#[test]
fn an_exhausted_permit_iterator_stays_exhausted() {
    let (tx, rx) = channel::<u64>(2);
    let mut permits = tx.try_reserve_many(2).unwrap();
    for value in 0..2 {
        permits.next().unwrap().send(value);
    }
    assert!(permits.next().is_none() && permits.next().is_none());
    drop(permits);
    assert_eq!((tx.capacity(), rx.len()), (0, 2));
}

#[test]
fn a_permit_outlives_the_iterator_it_came_from() {
    let (tx, mut rx) = channel::<u64>(3);
    let mut permits = tx.try_reserve_many(3).unwrap();
    let kept = permits.next().unwrap();
    drop(permits);
    assert_eq!(tx.capacity(), 2);
    kept.send(1);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_forgotten_iterator_keeps_its_room_for_ever() {
    let (tx, _rx) = channel::<u64>(3);
    std::mem::forget(tx.try_reserve_many(2).unwrap());
    assert_eq!(tx.capacity(), 1);
}

#[test]
fn a_request_for_nothing_is_granted_when_full_and_past_the_line() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let mut waiting = Task::waiting(tx.send(1));
    assert_eq!(tx.try_reserve_many(0).unwrap().count(), 0);
    assert_eq!(Task::new(tx.reserve_many(0)).must_finish().unwrap().count(), 0);
    assert_eq!(rx.try_recv(), Ok(0));
    waiting.must_finish().unwrap();
    rx.close();
    assert_eq!(tx.try_reserve_many(0).unwrap_err(), TrySendError::Closed(()));
    assert_eq!(Task::new(tx.reserve_many(0)).must_finish().unwrap_err(), SendError(()));
}

#[test]
fn a_request_for_more_than_the_channel_has_fails_at_once() {
    let (tx, mut rx) = channel::<u64>(3);
    assert_eq!(tx.try_reserve_many(4).unwrap_err(), TrySendError::Full(()));
    assert_eq!(Task::new(tx.reserve_many(4)).must_finish().unwrap_err(), SendError(()));
    assert_eq!(tx.try_reserve_many(usize::MAX).unwrap_err(), TrySendError::Full(()));
    rx.close();
    assert_eq!(tx.try_reserve_many(4).unwrap_err(), TrySendError::Full(()));
    assert_eq!(Task::new(tx.reserve_many(4)).must_finish().unwrap_err(), SendError(()));
    assert_eq!(tx.try_reserve_many(3).unwrap_err(), TrySendError::Closed(()));
}

#[test]
fn try_reserve_many_takes_all_or_nothing() {
    let (tx, _rx) = channel::<u64>(3);
    let held = tx.try_reserve_many(2).unwrap();
    assert_eq!(tx.try_reserve_many(2).unwrap_err(), TrySendError::Full(()));
    assert_eq!(tx.capacity(), 1);
    assert_eq!(tx.try_reserve_many(1).unwrap().len(), 1);
    drop(held);
    assert_eq!(tx.try_reserve_many(3).unwrap().len(), 3);
    assert_eq!(tx.capacity(), 3);
}

#[test]
fn plain_permits_are_no_senders_and_owned_ones_are() {
    let (tx, rx) = channel::<u64>(3);
    let plain = tx.try_reserve().unwrap();
    assert_eq!(rx.sender_strong_count(), 1);
    let owned = tx.clone().try_reserve_owned().unwrap();
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (2, 2));
    drop(plain);
    drop(owned);
    assert_eq!(tx.strong_count(), 1);
}

#[test]
fn a_reservation_does_nothing_before_its_first_poll() {
    let (tx, rx) = channel::<u64>(3);
    let (one, many) = (tx.reserve(), tx.reserve_many(2));
    let owned = tx.clone().reserve_owned();
    assert_eq!((rx.capacity(), rx.sender_strong_count()), (3, 2));
    drop((one, many, owned));
    assert_eq!((rx.capacity(), rx.sender_strong_count()), (3, 1));
}

#[test]
fn the_value_of_a_permit_wakes_the_receiver() {
    let (tx, mut rx) = channel::<u64>(4);
    let plain = tx.try_reserve().unwrap();
    let mut many = tx.try_reserve_many(1).unwrap();
    let owned = tx.clone().try_reserve_owned().unwrap();
    let mut recv = Task::waiting(rx.recv());
    plain.send(1);
    assert_eq!((recv.wakes(), recv.must_finish()), (1, Some(1)));
    drop(recv);
    let mut recv = Task::waiting(rx.recv());
    many.next().unwrap().send(2);
    assert_eq!((recv.wakes(), recv.must_finish()), (1, Some(2)));
    drop(recv);
    let mut recv = Task::waiting(rx.recv());
    drop(owned.send(3));
    assert_eq!((recv.wakes(), recv.must_finish()), (1, Some(3)));
}

#[test]
fn an_owned_permit_keeps_weak_senders_upgradable() {
    let (tx, rx) = channel::<u64>(2);
    let weak = tx.downgrade();
    let permit = tx.try_reserve_owned().unwrap();
    assert!(weak.upgrade().is_some());
    drop(permit);
    assert!(weak.upgrade().is_none());
    assert!(rx.is_closed());
}
