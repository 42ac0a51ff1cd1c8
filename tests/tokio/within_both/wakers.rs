//! What is done before the call that wakes returns: the waker is called, and may act. Within one process: a waker of
//! another is called there, a little later.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use super::{Sends, channel};
use crate::adapter::{Acting, Task, caught, finishes};
use crate::mpsc::error::TryRecvError;

#[test]
fn a_receiver_is_woken_before_the_send_that_wakes_it_returns() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        for value in 0..200 {
            let mut recv = Task::waiting(rx.recv());
            let tx = tx.clone();
            std::thread::spawn(move || tx.send_now(value)).join().unwrap().unwrap();
            assert!(recv.is_woken());
            assert_eq!(recv.must_finish(), Some(value));
        }
    });
}

#[test]
fn a_value_is_there_when_its_receiver_is_woken() {
    let (tx, rx) = channel::<u64>(1);
    let rx = Arc::new(std::sync::Mutex::new(rx));
    let seen = Arc::new(AtomicUsize::new(0));
    let waker = Acting::waker({
        let (rx, seen) = (rx.clone(), seen.clone());
        move || seen.store(rx.lock().unwrap().len(), Ordering::SeqCst)
    });
    assert!(rx.lock().unwrap().poll_recv(&mut Context::from_waker(&waker)).is_pending());
    tx.send_now(1).unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[test]
fn a_receivers_waker_may_send_and_drop_senders() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        let theirs = tx.clone();
        let waker = Acting::waker(move || {
            theirs.send_now(2).unwrap();
            drop(theirs);
        });
        assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        tx.send_now(1).unwrap();
        drop(tx);
        assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    });
}

#[test]
fn a_receivers_waker_panics_out_of_the_send_and_the_value_stays() {
    let (tx, mut rx) = channel::<u64>(2);
    let waker = Acting::waker(|| panic!("the waker"));
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    let panic = caught(|| tx.send_now(1).unwrap());
    assert_eq!(panic.message, "the waker");
    assert_eq!(rx.len(), 1);
    assert_eq!(rx.try_recv(), Ok(1));
    tx.send_now(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}
