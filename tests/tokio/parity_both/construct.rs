//! What a new channel is like, and what goes through it.

use super::{Receiver, Sender, Sends, channel};
use crate::mpsc::error::TryRecvError;

#[test]
fn a_new_channel_is_open_empty_and_has_one_sender() {
    let (tx, rx) = channel::<u64>(3);
    assert!(!tx.is_closed());
    assert!(!rx.is_closed());
    assert!(rx.is_empty());
    assert_eq!(rx.len(), 0);
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (1, 1));
}

#[test]
fn two_channels_know_nothing_of_each_other() {
    let (tx_a, mut rx_a) = channel::<u64>(1);
    let (tx_b, mut rx_b) = channel::<u64>(1);
    tx_a.send_now(1).unwrap();
    assert_eq!(rx_b.try_recv(), Err(TryRecvError::Empty));
    tx_b.send_now(2).unwrap();
    rx_a.close();
    assert!(!tx_b.is_closed());
    drop(tx_a);
    assert!(!rx_b.is_closed());
    assert_eq!((rx_a.try_recv(), rx_b.try_recv()), (Ok(1), Ok(2)));
}

#[test]
fn values_of_size_zero_are_counted_and_delivered() {
    let (tx, mut rx) = channel::<()>(3);
    for _ in 0..3 {
        tx.send_now(()).unwrap();
    }
    assert_eq!(rx.len(), 3);
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
        let (tx, mut rx): (Sender<[u8; N]>, Receiver<[u8; N]>) = channel(2);
        for round in 0..5_u8 {
            let value = std::array::from_fn(|at| (at as u8).wrapping_mul(31).wrapping_add(round));
            tx.send_now(value).unwrap();
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
        tx.send_now(value).unwrap();
        assert!(rx.try_recv() == Ok(value), "round {round}");
    }
}

#[test]
fn values_of_wide_alignment_arrive_whole() {
    let (tx, mut rx) = channel::<[u128; 3]>(2);
    for round in 0..5 {
        let value = [u128::MAX - round, round, round << 100];
        tx.send_now(value).unwrap();
        assert_eq!(rx.try_recv(), Ok(value));
    }
}

#[test]
fn thousands_of_channels_come_and_go() {
    for value in 0..3_000 {
        let (tx, mut rx) = channel::<u64>(4);
        tx.send_now(value).unwrap();
        drop(tx);
        assert_eq!(rx.try_recv(), Ok(value));
    }
}
