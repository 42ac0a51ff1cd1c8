//! `channel`: its capacity, and the type of its values.

use crate::mpsc::channel;
use crate::mpsc::error::{TryRecvError, TrySendError};

#[test]
fn the_capacity_is_exact_whatever_the_number() {
    for capacity in [1, 2, 3, 5, 7, 8, 31, 32, 33, 63, 64, 65, 100, 1000] {
        let (tx, mut rx) = channel(capacity);
        for value in 0..capacity as u64 {
            assert_eq!(tx.try_send(value), Ok(()), "value {value} of {capacity}");
        }
        assert_eq!(tx.try_send(u64::MAX), Err(TrySendError::Full(u64::MAX)));
        for value in 0..capacity as u64 {
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn the_element_type_is_inferred_from_use() {
    let (tx, mut rx) = channel(1);
    tx.try_send(7_u16).unwrap();
    assert_eq!(rx.try_recv(), Ok(7));
}

#[test]
fn a_channel_is_used_again_and_again() {
    let (tx, mut rx) = channel::<u64>(3);
    for value in 0..10_000 {
        tx.try_send(value).unwrap();
        tx.try_send(!value).unwrap();
        assert_eq!(rx.try_recv(), Ok(value));
        assert_eq!(rx.try_recv(), Ok(!value));
        assert_eq!(rx.capacity(), 3);
    }
}

#[test]
fn the_capacity_is_exact_for_values_of_size_zero_too() {
    let (tx, mut rx) = channel::<()>(3);
    for _ in 0..3 {
        tx.try_send(()).unwrap();
    }
    assert_eq!(tx.try_send(()), Err(TrySendError::Full(())));
    assert_eq!((rx.len(), rx.capacity()), (3, 0));
    assert_eq!((rx.try_recv(), rx.capacity()), (Ok(()), 1));
}

#[test]
fn a_new_channel_has_all_its_capacity() {
    let (tx, rx) = channel::<u64>(3);
    assert_eq!((tx.capacity(), rx.capacity()), (3, 3));
    assert_eq!((tx.max_capacity(), rx.max_capacity()), (3, 3));
}
