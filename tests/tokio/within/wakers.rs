//! What is done before the call that wakes returns: the waker is called, and may act. Within one process: a waker of
//! another is called there, a little later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use crate::adapter::{Acting, Task, caught, finishes};
use crate::mpsc::{channel, unbounded_channel};

#[test]
fn a_waiting_senders_waker_may_use_the_channel() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let theirs = tx.clone();
        let waker = Acting::waker(move || {
            assert!(theirs.try_send(9).is_err());
            assert!(!theirs.is_closed());
            assert_eq!(theirs.capacity(), 0);
        });
        let mut send = Task::new(tx.send(2));
        assert!(send.poll_for(&waker).is_pending());
        assert_eq!(rx.try_recv(), Ok(1));
        send.must_finish().unwrap();
    });
}

#[test]
fn wakers_that_fire_at_the_close_may_use_the_channel() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let waker = || {
            let (tx, seen) = (tx.clone(), seen.clone());
            Acting::waker(move || {
                assert!(tx.is_closed());
                assert!(tx.try_send(9).is_err());
                seen.fetch_add(1, Ordering::SeqCst);
            })
        };
        let mut send = Task::new(tx.send(2));
        let mut closed = Task::new(tx.closed());
        assert!(send.poll_for(&waker()).is_pending());
        assert!(closed.poll_for(&waker()).is_pending());
        rx.close();
        assert_eq!(seen.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn wakers_that_fire_at_the_close_may_use_the_unbounded_channel() {
    finishes(|| {
        let (tx, mut rx) = unbounded_channel::<u64>();
        let seen = Arc::new(AtomicUsize::new(0));
        let waker = Acting::waker({
            let (tx, seen) = (tx.clone(), seen.clone());
            move || {
                assert!(tx.is_closed());
                assert!(tx.send(9).is_err());
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut closed = Task::new(tx.closed());
        assert!(closed.poll_for(&waker).is_pending());
        rx.close();
        assert_eq!(seen.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn room_is_taken_though_the_receivers_waker_panics_in_the_send() {
    let (tx, mut rx) = channel::<u64>(2);
    let waker = Acting::waker(|| panic!("the waker"));
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(caught(|| tx.try_send(1).unwrap()).message, "the waker");
    assert_eq!((rx.len(), rx.capacity()), (1, 1));
    assert_eq!((rx.try_recv(), rx.capacity()), (Ok(1), 2));
}

#[test]
fn a_permit_is_spent_though_the_receivers_waker_panics() {
    let (tx, mut rx) = channel::<u64>(2);
    let waker = Acting::waker(|| panic!("the waker"));
    assert!(rx.poll_recv(&mut std::task::Context::from_waker(&waker)).is_pending());
    let permit = tx.try_reserve().unwrap();
    assert_eq!(caught(|| permit.send(1)).message, "the waker");
    assert_eq!((rx.len(), tx.capacity(), rx.try_recv()), (1, 1, Ok(1)));
    assert_eq!(tx.capacity(), 2);
}
