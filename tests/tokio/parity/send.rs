//! `send` and `try_send`.

use crate::adapter::{Task, on_one_thread};
use crate::mpsc::channel;
use crate::mpsc::error::{TryRecvError, TrySendError};

#[test]
fn send_finishes_at_its_first_poll_while_there_is_room() {
    let (tx, rx) = channel::<u64>(2);
    assert_eq!(Task::new(tx.send(1)).must_finish(), Ok(()));
    assert_eq!(Task::new(tx.send(2)).must_finish(), Ok(()));
    assert_eq!(rx.len(), 2);
}

#[test]
fn send_does_nothing_before_its_first_poll() {
    let (tx, rx) = channel::<u64>(1);
    let unpolled = tx.send(1);
    assert_eq!((rx.len(), rx.capacity()), (0, 1));
    drop(unpolled);
    assert_eq!((rx.len(), rx.capacity()), (0, 1));
}

#[test]
fn send_waits_on_a_full_channel_until_a_value_is_taken() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    let mut send = Task::waiting(tx.send(2));
    send.must_wait();
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(send.is_woken());
    assert_eq!(send.must_finish(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_woken_send_puts_its_value_in_only_when_polled() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    let mut send = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!((rx.try_recv(), rx.len(), rx.capacity()), (Err(TryRecvError::Empty), 0, 0));
    assert_eq!(send.must_finish(), Ok(()));
    assert_eq!((rx.len(), rx.capacity()), (1, 0));
}

#[test]
fn a_cancelled_send_sends_nothing() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    drop(Task::waiting(tx.send(2)));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!((rx.try_recv(), rx.capacity()), (Err(TryRecvError::Empty), 1));
}

#[test]
fn a_send_cancelled_after_its_wake_gives_its_room_back() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    let send = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(send.is_woken());
    drop(send);
    assert_eq!((rx.len(), rx.capacity()), (0, 1));
    assert_eq!(tx.try_send(3), Ok(()));
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn a_send_that_loses_a_select_sends_nothing() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.send(1).await.unwrap();
        tokio::select! {
            biased;
            _ = tx.send(2) => panic!("there is no room"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(rx.recv().await, Some(1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn try_send_on_a_full_channel_gives_the_value_back_as_full() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.try_send(4), Ok(()));
    assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(4)));
}

#[test]
fn try_send_on_a_closed_channel_gives_the_value_back_as_closed() {
    let (tx, mut rx) = channel::<u64>(2);
    rx.close();
    assert_eq!(tx.try_send(1), Err(TrySendError::Closed(1)));
    drop(rx);
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
}

#[test]
fn try_send_on_a_channel_both_full_and_closed_says_closed() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    rx.close();
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
}
