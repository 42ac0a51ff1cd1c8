//! Weak senders: they keep the memory and not the channel.

use super::{Sends, channel};
use crate::adapter::{Task, finishes, on_one_thread};
use crate::mpsc::error::TryRecvError;

#[test]
fn a_weak_sender_becomes_a_sender_while_one_lives() {
    let (tx, mut rx) = channel::<u64>(1);
    let weak = tx.downgrade();
    let upgraded = weak.upgrade().unwrap();
    drop(tx);
    upgraded.send_now(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_weak_sender_does_not_keep_the_channel_open() {
    let (tx, mut rx) = channel::<u64>(1);
    let weak = tx.downgrade();
    let mut recv = Task::waiting(rx.recv());
    drop(tx);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert!(rx.is_closed());
    assert!(weak.upgrade().is_none() && weak.clone().upgrade().is_none());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_weak_sender_upgrades_though_the_receiver_is_gone() {
    let (tx, rx) = channel::<u64>(1);
    let weak = tx.downgrade();
    drop(rx);
    assert!(weak.upgrade().unwrap().is_closed());
    drop(tx);
    assert!(weak.upgrade().is_none());
}

#[test]
fn strong_and_weak_handles_are_counted_apart() {
    let (tx, rx) = channel::<u64>(1);
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 0));
    let weak = tx.downgrade();
    let other = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 2));
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 2));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (1, 2));
    let upgraded = weak.upgrade().unwrap();
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 2));
    drop(weak);
    drop(upgraded);
    drop(tx);
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (0, 1));
    assert!(other.upgrade().is_none());
    drop(rx);
    assert_eq!((other.strong_count(), other.weak_count()), (0, 1));
}

#[test]
fn upgrades_race_with_the_last_drop_to_one_answer() {
    finishes(|| {
        for _ in 0..200 {
            let (tx, mut rx) = channel::<u64>(1);
            let weak = tx.downgrade();
            let upgrading = std::thread::spawn(move || weak.upgrade().map(|tx| tx.send_now(1)));
            drop(tx);
            match upgrading.join().unwrap() {
                Some(sent) => assert_eq!((sent, rx.blocking_recv()), (Ok(()), Some(1))),
                None => assert_eq!(rx.blocking_recv(), None),
            }
            assert_eq!(rx.blocking_recv(), None);
        }
    });
}

#[test]
fn a_weak_sender_upgrades_though_the_channel_is_closed() {
    let (tx, mut rx) = channel::<u64>(1);
    let weak = tx.downgrade();
    tx.send_now(1).unwrap();
    rx.close();
    assert!(weak.upgrade().unwrap().is_closed());
    drop(tx);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_receiver_with_a_weak_sender_ends_with_the_others() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        let weak = tx.downgrade();
        let (tell, told) = tokio::sync::oneshot::channel();
        let actor = tokio::spawn(async move {
            assert_eq!(rx.recv().await, Some(1));
            weak.upgrade().expect("a sender lives").send_in_task(10).await.unwrap();
            assert_eq!(rx.recv().await, Some(10));
            tell.send(()).unwrap();
            (rx.recv().await, weak.upgrade().is_none())
        });
        tx.send_in_task(1).await.unwrap();
        told.await.unwrap();
        drop(tx);
        assert_eq!(actor.await.unwrap(), (None, true));
    });
}
