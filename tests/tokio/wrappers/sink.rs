//! A polled sender that reserves, sends, gives up and is copied.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_sink::Sink;

use super::acts::{granted, only, poll, polled, refused, waits, waits_for};
use crate::adapter::{Task, caught};
use crate::mpsc::error::TryRecvError;
use crate::sink::PollSender;

#[test]
fn a_value_is_sent_in_the_room_reserved_before() {
    let (mut sender, tx, mut rx) = polled(2);
    granted(&mut sender);
    assert_eq!((tx.capacity(), rx.len()), (1, 0));
    sender.send_item(1).unwrap();
    assert_eq!((tx.capacity(), rx.len()), (1, 1));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.capacity(), 2);
}

#[test]
fn reserving_again_with_room_in_hand_takes_no_more() {
    let (mut sender, tx, _rx) = polled(3);
    for _ in 0..5 {
        granted(&mut sender);
        assert_eq!(tx.capacity(), 2);
    }
    sender.send_item(1).unwrap();
    assert_eq!(tx.capacity(), 2);
}

#[test]
fn it_sends_value_after_value() {
    let (mut sender, mut rx) = only(2);
    for value in 0..100 {
        granted(&mut sender);
        sender.send_item(value).unwrap();
        assert_eq!(rx.try_recv(), Ok(value));
    }
    drop(sender);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_sinks_value_is_placed_by_its_send_not_by_its_reservation() {
    let (mut sender, tx, mut rx) = polled(2);
    granted(&mut sender);
    tx.try_send(1).unwrap();
    sender.send_item(2).unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
}

#[test]
fn it_holds_two_senders_while_open_and_none_once_gone() {
    let (mut sender, mut rx) = only(1);
    assert_eq!(rx.sender_strong_count(), 2);
    granted(&mut sender);
    assert_eq!(rx.sender_strong_count(), 2);
    sender.send_item(1).unwrap();
    assert_eq!(rx.sender_strong_count(), 2);
    waits(&mut sender);
    assert_eq!(rx.sender_strong_count(), 2);
    assert_eq!(rx.try_recv(), Ok(1));
    granted(&mut sender);
    assert_eq!(rx.sender_strong_count(), 2);
    drop(sender);
    assert_eq!((rx.sender_strong_count(), rx.capacity(), rx.is_closed()), (0, 1, true));
}

#[test]
fn it_shows_the_sender_that_it_was_made_of() {
    let (sender, tx, _rx) = polled(4);
    assert!(sender.get_ref().unwrap().same_channel(&tx));
    assert_eq!(sender.get_ref().unwrap().max_capacity(), 4);
    assert_eq!(tx.strong_count(), 3);
}

#[test]
fn sending_without_a_reservation_panics_and_closes_it() {
    let (mut sender, tx, rx) = polled(1);
    let (panic, line) = (caught(|| sender.send_item(1)), line!());
    assert_eq!(panic.message, "`send_item` called without first calling `poll_reserve`");
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
    refused(&mut sender);
    assert_eq!((tx.capacity(), rx.len(), tx.strong_count()), (1, 0, 2));
    assert!(sender.get_ref().is_some());
}

#[test]
fn sending_while_it_waits_panics_and_closes_it() {
    let (mut sender, tx, rx) = polled(1);
    tx.try_send(0).unwrap();
    waits(&mut sender);
    let (panic, line) = (caught(|| sender.send_item(1)), line!());
    assert_eq!(panic.message, "`send_item` called without first calling `poll_reserve`");
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
    refused(&mut sender);
    assert_eq!(rx.len(), 1);
}

#[test]
fn one_reservation_is_good_for_one_value() {
    let (mut sender, mut rx) = only(3);
    granted(&mut sender);
    sender.send_item(1).unwrap();
    caught(|| sender.send_item(2));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Err(TryRecvError::Empty)));
}

#[test]
fn giving_up_nothing_is_told_and_changes_nothing() {
    let (mut sender, tx, _rx) = polled(1);
    assert!(!sender.abort_send());
    granted(&mut sender);
    sender.send_item(1).unwrap();
    assert!(!sender.abort_send());
    assert_eq!((tx.capacity(), tx.strong_count(), sender.is_closed()), (0, 3, false));
}

#[test]
fn an_aborted_reservation_frees_its_room_and_can_be_made_again() {
    let (mut sender, tx, mut rx) = polled(1);
    granted(&mut sender);
    let mut next = Task::waiting(tx.send(5));
    assert!(sender.abort_send());
    assert!(next.is_woken());
    next.must_finish().unwrap();
    assert!(!sender.abort_send());
    assert_eq!(rx.try_recv(), Ok(5));
    assert_eq!(tx.strong_count(), 3);
    granted(&mut sender);
    sender.send_item(6).unwrap();
    assert_eq!(rx.try_recv(), Ok(6));
}

#[test]
fn aborting_a_wait_leaves_the_line_and_it_can_wait_again() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let first = waits_for(&mut sender);
    let mut next = Task::waiting(tx.send(1));
    assert!(sender.abort_send());
    assert_eq!(tx.strong_count(), 3);
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(next.is_woken() && first.count() == 0);
    next.must_finish().unwrap();
    let second = waits_for(&mut sender);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(second.count(), 1);
    granted(&mut sender);
    sender.send_item(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn aborting_the_last_reservation_wakes_a_closed_receiver() {
    let (mut sender, _tx, mut rx) = polled(1);
    granted(&mut sender);
    rx.close();
    let mut recv = Task::waiting(rx.recv());
    assert!(sender.abort_send());
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    refused(&mut sender);
}

#[test]
fn a_clone_starts_idle_with_two_senders_of_its_own() {
    let (mut sender, tx, mut rx) = polled(2);
    granted(&mut sender);
    let mut clone = sender.clone();
    assert_eq!((tx.strong_count(), tx.capacity()), (5, 1));
    assert!(!clone.abort_send());
    granted(&mut clone);
    assert_eq!(tx.capacity(), 0);
    clone.send_item(2).unwrap();
    drop(sender);
    assert_eq!((tx.strong_count(), tx.capacity()), (3, 1));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Err(TryRecvError::Empty)));
}

#[test]
fn a_clone_of_one_that_waits_does_not_stand_in_the_line() {
    let (mut sender, tx, mut rx) = polled(1);
    tx.try_send(0).unwrap();
    let wakes = waits_for(&mut sender);
    let clone = sender.clone();
    drop(sender);
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((wakes.count(), tx.capacity(), tx.strong_count()), (0, 1, 3));
    drop(clone);
}

#[test]
fn a_clone_of_one_closed_by_a_mistake_is_open() {
    let (mut sender, mut rx) = only(1);
    caught(|| sender.send_item(1));
    let mut clone = sender.clone();
    assert!(sender.is_closed() && !clone.is_closed());
    granted(&mut clone);
    clone.send_item(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn as_a_sink_it_does_the_same() {
    let (mut sender, tx, mut rx) = polled(1);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut sender).poll_ready(&mut cx), Poll::Ready(Ok(()))));
    assert_eq!(tx.capacity(), 0);
    Pin::new(&mut sender).start_send(1).unwrap();
    assert_eq!(rx.len(), 1);
    assert!(Pin::new(&mut sender).poll_ready(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(matches!(Pin::new(&mut sender).poll_ready(&mut cx), Poll::Ready(Ok(()))));
    assert!(matches!(Pin::new(&mut sender).poll_close(&mut cx), Poll::Ready(Ok(()))));
    assert!(sender.is_closed());
    Pin::new(&mut sender).start_send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
    let Poll::Ready(Err(error)) = Pin::new(&mut sender).poll_ready(&mut cx) else { panic!("it is closed") };
    assert_eq!(error.into_inner(), None);
    assert_eq!(Pin::new(&mut sender).start_send(3).unwrap_err().into_inner(), Some(3));
    assert!(matches!(Pin::new(&mut sender).poll_close(&mut cx), Poll::Ready(Ok(()))));
}

#[test]
fn a_sink_that_starts_a_send_without_being_ready_panics() {
    let (mut sender, _rx) = only(1);
    let panic = caught(|| Pin::new(&mut sender).start_send(1));
    assert_eq!(panic.message, "`send_item` called without first calling `poll_reserve`");
    refused(&mut sender);
}

#[test]
fn flushing_waits_neither_for_receipt_nor_for_room() {
    let (mut sender, mut rx) = only(1);
    let mut cx = Context::from_waker(Waker::noop());
    let flushes = |sender: &mut PollSender<u64>, cx: &mut Context<'_>| {
        assert!(matches!(Pin::new(sender).poll_flush(cx), Poll::Ready(Ok(()))));
    };
    flushes(&mut sender, &mut cx);
    granted(&mut sender);
    flushes(&mut sender, &mut cx);
    sender.send_item(1).unwrap();
    flushes(&mut sender, &mut cx);
    waits(&mut sender);
    flushes(&mut sender, &mut cx);
    waits(&mut sender);
    assert_eq!(rx.try_recv(), Ok(1));
    granted(&mut sender);
    sender.close();
    flushes(&mut sender, &mut cx);
    assert!(matches!(poll(&mut sender), Poll::Ready(Ok(()))));
}
