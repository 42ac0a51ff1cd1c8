//! Which wakers fire, when, how often, and what they may do.

use std::task::{Context, Poll, Waker};

use super::{Sends, channel};
use crate::adapter::{Task, Wakes, finishes};

#[test]
fn only_the_latest_waker_of_a_receiver_fires() {
    let (tx, mut rx) = channel::<u64>(1);
    let (old, new) = (Wakes::new(), Wakes::new());
    for wakes in [&old, &new] {
        let waker = Waker::from(wakes.clone());
        assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    }
    tx.send_now(1).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn recv_and_recv_many_share_the_one_waker() {
    let (tx, mut rx) = channel::<u64>(1);
    let (old, new) = (Wakes::new(), Wakes::new());
    let mut batch = Vec::new();
    let waker = Waker::from(old.clone());
    assert!(rx.poll_recv_many(&mut Context::from_waker(&waker), &mut batch, 1).is_pending());
    let waker = Waker::from(new.clone());
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    tx.send_now(1).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn a_receiver_is_woken_once_for_each_time_it_waited() {
    let (tx, mut rx) = channel::<u64>(4);
    let mut recv = Task::waiting(rx.recv());
    tx.send_now(1).unwrap();
    tx.send_now(2).unwrap();
    tx.send_now(3).unwrap();
    assert_eq!(recv.wakes(), 1);
    assert_eq!(recv.must_finish(), Some(1));
    drop(recv);
    tx.send_now(4).unwrap();
    assert_eq!(Task::new(rx.recv()).must_finish(), Some(2));
}

#[test]
fn a_receiver_that_found_a_value_is_not_woken() {
    let (tx, mut rx) = channel::<u64>(4);
    tx.send_now(1).unwrap();
    let wakes = Wakes::new();
    let waker = Waker::from(wakes.clone());
    assert_eq!(rx.poll_recv(&mut Context::from_waker(&waker)), Poll::Ready(Some(1)));
    tx.send_now(2).unwrap();
    drop(tx);
    assert_eq!(wakes.count(), 0);
}

#[test]
fn dropping_a_receiver_releases_its_waker_at_once() {
    let (tx, mut rx) = channel::<u64>(1);
    let wakes = Wakes::new();
    let waker = Waker::from(wakes.clone());
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert_eq!(wakes.kept(), 1);
    drop(rx);
    assert_eq!(wakes.kept(), 0);
    assert_eq!(wakes.count(), 0);
    drop(tx);
}

#[test]
fn a_receivers_waker_is_released_when_it_fires() {
    let (tx, mut rx) = channel::<u64>(1);
    let recv = Task::waiting(rx.recv());
    assert_eq!(recv.wakers_kept(), 1);
    tx.send_now(1).unwrap();
    assert_eq!(recv.wakers_kept(), 0);
}

#[test]
fn a_wake_during_the_poll_is_not_lost() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = std::thread::spawn(move || {
            for value in 0..20_000 {
                while tx.send_now(value).is_err() {
                    std::hint::spin_loop();
                }
            }
        });
        for value in 0..20_000 {
            assert_eq!(crate::adapter::block_on(rx.recv()), Some(value));
        }
        sending.join().unwrap();
    });
}
