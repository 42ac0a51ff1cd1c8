//! Who counts as a sender, and who belongs to which channel.

use super::{Sends, channel};
use crate::adapter::{caught, finishes, on_one_thread};
use crate::mpsc::error::TryRecvError;

#[test]
fn clones_count_as_senders_until_they_are_dropped() {
    let (tx, rx) = channel::<u64>(1);
    let second = tx.clone();
    let third = second.clone();
    for count in [tx.strong_count(), second.strong_count(), third.strong_count(), rx.sender_strong_count()] {
        assert_eq!(count, 3);
    }
    drop(tx);
    assert_eq!((second.strong_count(), rx.sender_strong_count()), (2, 2));
    drop(second);
    drop(third);
    assert_eq!(rx.sender_strong_count(), 0);
}

#[test]
fn a_thousand_clones_count() {
    let (tx, rx) = channel::<u64>(1);
    let clones: Vec<_> = (0..1000).map(|_| tx.clone()).collect();
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (1001, 1001));
    drop(clones);
    assert_eq!(tx.strong_count(), 1);
}

#[test]
fn the_receiver_leaving_changes_no_count() {
    let (tx, mut rx) = channel::<u64>(1);
    let other = tx.clone();
    rx.close();
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (2, 2));
    drop(rx);
    assert_eq!(tx.strong_count(), 2);
    drop(other);
    assert_eq!(tx.strong_count(), 1);
    assert_eq!(tx.clone().strong_count(), 2);
}

#[test]
fn a_sender_moved_into_a_task_is_dropped_with_it() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let task = tokio::spawn(async move {
            let _tx = tx;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        assert_eq!(rx.sender_strong_count(), 1);
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(rx.sender_strong_count(), 0);
        assert_eq!(rx.recv().await, None);
    });
}

#[test]
fn clones_made_and_dropped_in_many_threads_are_counted_exactly() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let tx = tx.clone();
                scope.spawn(move || {
                    for _ in 0..500 {
                        let clone = tx.clone();
                        assert!(clone.strong_count() >= 2);
                    }
                });
            }
        });
        assert_eq!(tx.strong_count(), 1);
        assert!(!rx.is_closed());
        drop(tx);
        assert_eq!(rx.blocking_recv(), None);
    });
}

#[test]
fn a_sender_in_a_panicking_thread_is_dropped_with_it() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(2);
        std::thread::spawn(move || {
            tx.send_now(1).unwrap();
            caught(|| -> () {
                let _tx = tx;
                panic!("on purpose");
            })
        })
        .join()
        .unwrap();
        assert_eq!((rx.sender_strong_count(), rx.blocking_recv(), rx.blocking_recv()), (0, Some(1), None));
    });
}

#[test]
fn a_forgotten_sender_keeps_the_channel_open() {
    let (tx, mut rx) = channel::<u64>(1);
    std::mem::forget(tx.clone());
    drop(tx);
    assert_eq!((rx.sender_strong_count(), rx.is_closed()), (1, false));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}
