//! `channel`: what it refuses, and what a new channel is like.

use crate::mpsc::error::{TryRecvError, TrySendError};
use crate::mpsc::{self, channel};

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
fn a_new_channel_is_open_empty_and_has_one_sender() {
    let (tx, rx) = channel::<u64>(3);
    assert!(!tx.is_closed());
    assert!(!rx.is_closed());
    assert!(rx.is_empty());
    assert_eq!(rx.len(), 0);
    assert_eq!((tx.capacity(), rx.capacity()), (3, 3));
    assert_eq!((tx.max_capacity(), rx.max_capacity()), (3, 3));
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (1, 1));
}

#[test]
fn two_channels_know_nothing_of_each_other() {
    let (tx_a, mut rx_a) = channel::<u64>(1);
    let (tx_b, mut rx_b) = channel::<u64>(1);
    tx_a.try_send(1).unwrap();
    assert_eq!(rx_b.try_recv(), Err(TryRecvError::Empty));
    tx_b.try_send(2).unwrap();
    rx_a.close();
    assert!(!tx_b.is_closed());
    drop(tx_a);
    assert!(!rx_b.is_closed());
    assert_eq!((rx_a.try_recv(), rx_b.try_recv()), (Ok(1), Ok(2)));
}

#[test]
fn the_element_type_is_inferred_from_use() {
    let (tx, mut rx) = channel(1);
    tx.try_send(7_u16).unwrap();
    assert_eq!(rx.try_recv(), Ok(7));
}

#[test]
fn values_of_size_zero_are_counted_and_delivered() {
    let (tx, mut rx) = channel::<()>(3);
    for _ in 0..3 {
        tx.try_send(()).unwrap();
    }
    assert_eq!(tx.try_send(()), Err(TrySendError::Full(())));
    assert_eq!((rx.len(), rx.capacity()), (3, 0));
    drop(tx);
    for _ in 0..3 {
        assert_eq!(rx.try_recv(), Ok(()));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn values_of_every_size_arrive_whole() {
    fn goes_through<const N: usize>()
    where
        [u8; N]: bytemuck::Pod,
    {
        let (tx, mut rx): (mpsc::Sender<[u8; N]>, mpsc::Receiver<[u8; N]>) = channel(2);
        for round in 0..5_u8 {
            let value = std::array::from_fn(|at| (at as u8).wrapping_mul(31).wrapping_add(round));
            tx.try_send(value).unwrap();
            assert_eq!(rx.try_recv(), Ok(value), "{N} bytes, round {round}");
        }
    }
    goes_through::<0>();
    goes_through::<1>();
    goes_through::<3>();
    goes_through::<7>();
    goes_through::<8>();
    goes_through::<9>();
    goes_through::<64>();
    goes_through::<31>();
    goes_through::<1024>();
    goes_through::<4096>();
}

#[test]
fn values_larger_than_a_page_arrive_whole() {
    let (tx, mut rx) = channel::<[[u64; 64]; 64]>(2);
    for round in 0..5 {
        let value = std::array::from_fn(|row| std::array::from_fn(|at| (row * 64 + at) as u64 * 7 + round));
        tx.try_send(value).unwrap();
        assert!(rx.try_recv() == Ok(value), "round {round}");
    }
}

#[test]
fn values_of_wide_alignment_arrive_whole() {
    let (tx, mut rx) = channel::<[u128; 3]>(2);
    for round in 0..5 {
        let value = [u128::MAX - round, round, round << 100];
        tx.try_send(value).unwrap();
        assert_eq!(rx.try_recv(), Ok(value));
    }
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
fn thousands_of_channels_come_and_go() {
    for value in 0..3_000 {
        let (tx, mut rx) = channel::<u64>(4);
        tx.try_send(value).unwrap();
        drop(tx);
        assert_eq!(rx.try_recv(), Ok(value));
    }
}
