//! What both ends tell, and how they travel within one process.

use shmpsc::error::{OpenError, TryRecvError};

use super::{Receiver, Sender, Sends, channel, with::holding};

#[test]
fn a_sender_tells_how_much_is_queued() {
    let (tx, mut rx) = holding(3, 4);
    assert_eq!((tx.len(), tx.is_empty(), tx.clone().len()), (3, false, 3));
    while rx.try_recv().is_ok() {}
    assert_eq!((tx.len(), tx.is_empty()), (0, true));
    tx.send_now(1).unwrap();
    drop(rx);
    assert_eq!((tx.len(), tx.is_empty()), (0, true), "nobody can receive it");
}

#[test]
fn nothing_is_corrupt_in_a_channel_that_is_used() {
    let (tx, mut rx) = holding(3, 4);
    assert_eq!((tx.corruption(), rx.corruption()), (None, None));
    assert_eq!(rx.try_recv(), Ok(0));
    rx.close();
    assert_eq!((tx.corruption(), rx.corruption()), (None, None));
}

#[test]
fn many_values_are_received_at_once_without_waiting() {
    let (tx, mut rx) = holding(3, 4);
    let mut values = vec![9];
    assert_eq!(rx.try_recv_many(&mut values, 2), Ok(2));
    assert_eq!(rx.try_recv_many(&mut values, 2), Ok(1));
    assert_eq!(values, [9, 0, 1, 2]);
    assert_eq!(rx.try_recv_many(&mut values, 2), Err(TryRecvError::Empty));
    drop(tx);
    assert_eq!(rx.try_recv_many(&mut values, 2), Err(TryRecvError::Disconnected));
}

#[test]
fn both_ends_travel_as_descriptors_with_what_is_queued() {
    let (tx, rx) = holding(2, 4);
    let mut rx = Receiver::<u64>::from_fd(rx.into_fd().unwrap()).unwrap();
    let tx = Sender::<u64>::from_fd(tx.into_fd().unwrap()).unwrap();
    tx.send_now(2).unwrap();
    drop(tx);
    for value in 0..3 {
        assert_eq!(rx.blocking_recv(), Some(value));
    }
    assert_eq!(rx.blocking_recv(), None);
}

#[test]
fn a_descriptor_of_the_other_end_or_type_is_refused() {
    let (tx, rx) = channel::<u64>(1);
    let of_a_sender = || tx.clone().into_fd().unwrap();
    assert!(matches!(Receiver::<u64>::from_fd(of_a_sender()), Err(OpenError::WrongEnd)));
    assert!(matches!(Sender::<u16>::from_fd(of_a_sender()), Err(OpenError::WrongType { .. })));
    assert!(matches!(Sender::<u64>::from_fd(rx.into_fd().unwrap()), Err(OpenError::WrongEnd)));
}
