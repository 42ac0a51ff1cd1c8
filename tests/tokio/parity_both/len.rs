//! `len` and `is_empty`.

use super::{Sends, channel};
use crate::adapter::finishes;
use crate::mpsc::error::TryRecvError;

#[test]
fn is_empty_is_a_length_of_zero_at_every_length() {
    let (tx, mut rx) = channel::<u64>(70);
    assert!(rx.is_empty());
    for length in 1..=70 {
        tx.send_now(0).unwrap();
        assert_eq!((rx.len(), rx.is_empty()), (length, false));
    }
    for length in (0..70).rev() {
        rx.try_recv().unwrap();
        assert_eq!((rx.len(), rx.is_empty()), (length, length == 0));
    }
}

#[test]
fn len_counts_through_many_laps_of_the_ring() {
    let (tx, mut rx) = channel::<u64>(33);
    for _ in 0..200 {
        for sent in 0..20 {
            assert_eq!(rx.len(), sent);
            tx.send_now(0).unwrap();
        }
        for taken in 0..20 {
            assert_eq!(rx.len(), 20 - taken);
            rx.try_recv().unwrap();
        }
    }
    assert!(rx.is_empty());
}

#[test]
fn len_says_what_is_left_after_the_senders_are_gone() {
    let (tx, mut rx) = channel::<u64>(4);
    for _ in 0..3 {
        tx.send_now(0).unwrap();
    }
    drop(tx);
    for left in (0..3).rev() {
        assert_eq!(rx.len(), left + 1);
        rx.try_recv().unwrap();
    }
    assert_eq!(rx.len(), 0);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!((rx.len(), rx.is_empty()), (0, true));
}

#[test]
fn a_finished_send_is_always_counted() {
    finishes(|| {
        let (tx, rx) = channel::<u64>(1000);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let tx = &tx;
                scope.spawn(move || (0..500).for_each(|value| tx.send_now(value).unwrap()));
            }
            let mut last = 0;
            while last < 1000 {
                let now = rx.len();
                assert!(now >= last && now <= 1000);
                assert!(rx.is_empty() == (now == 0) || last == 0);
                last = now;
                std::thread::yield_now();
            }
        });
        assert_eq!(rx.len(), 1000);
    });
}
