//! Weak senders: they keep the memory and not the channel.

use crate::adapter::{Otherwise, Probe, Task, finishes};
use crate::mpsc::error::TryRecvError;
use crate::mpsc::{Sender, WeakSender, channel};

#[test]
fn a_weak_sender_becomes_a_sender_while_one_lives() {
    let (tx, mut rx) = channel::<u64>(1);
    let weak = tx.downgrade();
    let upgraded = weak.upgrade().unwrap();
    assert!(upgraded.same_channel(&tx));
    drop(tx);
    upgraded.try_send(1).unwrap();
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
fn an_owned_permit_keeps_weak_senders_upgradable() {
    let (tx, rx) = channel::<u64>(2);
    let weak = tx.downgrade();
    let permit = tx.try_reserve_owned().unwrap();
    assert!(weak.upgrade().is_some());
    drop(permit);
    assert!(weak.upgrade().is_none());
    assert!(rx.is_closed());
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
            let upgrading = std::thread::spawn(move || weak.upgrade().map(|tx| tx.try_send(1)));
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
fn a_weak_sender_goes_where_its_values_may_go() {
    let weak = Probe::<WeakSender<u64>>::new();
    assert!(weak.is_send() && weak.is_sync() && weak.is_unpin());
    assert!(weak.is_unwind_safe() && weak.is_ref_unwind_safe());
    let unsent = Probe::<WeakSender<std::rc::Rc<u8>>>::new();
    assert!(!unsent.is_send() && !unsent.is_sync());
    assert_eq!(size_of::<WeakSender<u64>>(), size_of::<usize>());
}

#[test]
fn a_weak_sender_shows_only_its_name() {
    let (tx, _rx) = channel::<u64>(1);
    assert_eq!(format!("{:?}", tx.downgrade()), "WeakSender");
}

#[test]
fn weak_senders_have_tokios_signatures() {
    let _: fn(&Sender<u64>) -> WeakSender<u64> = Sender::downgrade;
    let _: fn(&Sender<u64>) -> usize = Sender::weak_count;
    let _: fn(&WeakSender<u64>) -> Option<Sender<u64>> = WeakSender::upgrade;
    let _: fn(&WeakSender<u64>) -> usize = WeakSender::strong_count;
    let _: fn(&WeakSender<u64>) -> usize = WeakSender::weak_count;
    let _: fn(&WeakSender<u64>) -> WeakSender<u64> = WeakSender::clone;
}
