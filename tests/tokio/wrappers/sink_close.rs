//! A polled sender that is closed, or whose channel is.

use std::task::Poll;

use super::acts::{granted, only, poll, polled, refused, waits_for};
use crate::adapter::Task;
use crate::mpsc::error::TryRecvError;

#[test]
fn closing_an_idle_sink_drops_its_senders_and_can_end_a_stream() {
    let (mut sender, mut rx) = only(3);
    let mut recv = Task::waiting(rx.recv());
    assert!(!sender.is_closed());
    sender.close();
    assert!(sender.is_closed() && sender.get_ref().is_none());
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!(rx.sender_strong_count(), 0);
    refused(&mut sender);
    sender.close();
    refused(&mut sender);
}

#[test]
fn closing_one_closes_no_other_and_not_the_channel() {
    let (mut sender, tx, mut rx) = polled(3);
    let mut other = sender.clone();
    sender.close();
    assert_eq!(tx.strong_count(), 3);
    assert!(!tx.is_closed() && !other.is_closed());
    granted(&mut other);
    other.send_item(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
}

#[test]
fn a_reservation_in_hand_outlives_its_own_close_for_one_value() {
    let (mut sender, mut rx) = only(3);
    granted(&mut sender);
    sender.close();
    assert!(sender.is_closed() && sender.get_ref().is_none());
    assert_eq!((rx.sender_strong_count(), rx.capacity()), (1, 2));
    let mut recv = Task::waiting(rx.recv());
    granted(&mut sender);
    sender.send_item(1).unwrap();
    assert_eq!(recv.must_finish(), Some(1));
    drop(recv);
    assert_eq!((rx.sender_strong_count(), rx.try_recv()), (0, Err(TryRecvError::Disconnected)));
    refused(&mut sender);
}

#[test]
fn a_reservation_in_hand_can_be_given_up_after_its_own_close() {
    let (mut sender, mut rx) = only(3);
    granted(&mut sender);
    sender.close();
    let mut recv = Task::waiting(rx.recv());
    assert!(sender.abort_send());
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!((rx.sender_strong_count(), rx.capacity()), (0, 3));
    assert!(!sender.abort_send());
    refused(&mut sender);
}

#[test]
fn closing_one_that_waits_gives_its_place_and_its_senders_up() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let wakes = waits_for(&mut sender);
    let mut next = Task::waiting(tx.send(1));
    sender.close();
    assert!(sender.is_closed());
    assert_eq!(tx.strong_count(), 1);
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(next.is_woken() && wakes.count() == 0);
    next.must_finish().unwrap();
    assert!(!sender.abort_send());
    refused(&mut sender);
}

#[test]
fn a_closed_channel_is_noticed_when_it_is_polled() {
    let (mut sender, tx, mut rx) = polled(1);
    rx.close();
    assert!(!sender.is_closed());
    let Poll::Ready(Err(error)) = poll(&mut sender) else { panic!("the channel is closed") };
    assert_eq!(error.into_inner(), None);
    assert!(sender.is_closed() && !sender.abort_send());
    assert!(sender.get_ref().unwrap().same_channel(&tx));
    assert_eq!(tx.strong_count(), 2);
    refused(&mut sender);
    sender.close();
    assert!(sender.get_ref().is_none());
    assert_eq!(tx.strong_count(), 1);
}

#[test]
fn a_dropped_receiver_is_noticed_when_it_is_polled() {
    let (mut sender, rx) = only(1);
    drop(rx);
    assert!(!sender.is_closed());
    refused(&mut sender);
}

#[test]
fn the_close_of_the_channel_wakes_and_fails_one_that_waits() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let wakes = waits_for(&mut sender);
    rx.close();
    assert_eq!(wakes.count(), 1);
    assert!(!sender.is_closed());
    refused(&mut sender);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Err(TryRecvError::Disconnected)));
}

#[test]
fn one_that_was_promised_room_and_then_closed_out_fails() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let wakes = waits_for(&mut sender);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(wakes.count(), 1);
    rx.close();
    refused(&mut sender);
    assert_eq!((rx.try_recv(), rx.capacity()), (Err(TryRecvError::Disconnected), 1));
}

#[test]
fn a_reservation_in_hand_outlives_the_close_of_the_channel() {
    let (mut sender, tx, mut rx) = polled(2);
    granted(&mut sender);
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(!sender.is_closed());
    granted(&mut sender);
    let mut recv = Task::waiting(rx.recv());
    sender.send_item(1).unwrap();
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), Some(1));
    drop(recv);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert!(!sender.is_closed());
    refused(&mut sender);
    assert_eq!(tx.strong_count(), 2);
}

#[test]
fn a_reservation_outlives_the_receiver_and_its_value_is_lost() {
    let (mut sender, tx, rx) = polled(2);
    granted(&mut sender);
    drop(rx);
    granted(&mut sender);
    sender.send_item(1).unwrap();
    assert!(!sender.is_closed() && tx.is_closed());
    refused(&mut sender);
}

#[test]
fn a_clone_of_one_that_is_closed_is_closed() {
    let (mut sender, rx) = only(2);
    granted(&mut sender);
    sender.close();
    let mut clone = sender.clone();
    assert!(clone.is_closed() && clone.get_ref().is_none());
    assert_eq!(rx.sender_strong_count(), 1);
    refused(&mut clone);
}

#[test]
fn a_clone_of_a_sink_that_noticed_a_close_has_yet_to_notice_it() {
    let (mut sender, rx) = only(2);
    drop(rx);
    refused(&mut sender);
    let mut clone = sender.clone();
    assert!(!clone.is_closed());
    refused(&mut clone);
}
