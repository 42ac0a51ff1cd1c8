//! `send` and `try_send`.

use crate::adapter::{Task, block_on, finishes, on_one_thread, on_two_threads};
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, TryRecvError, TrySendError};

#[test]
fn a_sent_value_is_received() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(4);
        tx.send(1).await.unwrap();
        tx.send(2).await.unwrap();
        assert_eq!(rx.recv().await, Some(1));
        assert_eq!(rx.recv().await, Some(2));
    });
}

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
fn send_on_a_closed_channel_gives_the_value_back_at_once() {
    let (tx, mut rx) = channel::<u64>(1);
    rx.close();
    assert_eq!(Task::new(tx.send(7)).must_finish(), Err(SendError(7)));
    drop(rx);
    assert_eq!(Task::new(tx.send(8)).must_finish(), Err(SendError(8)));
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

#[test]
fn a_successful_send_is_no_promise_of_receipt() {
    let (tx, rx) = channel::<u64>(1);
    assert_eq!(tx.try_send(1), Ok(()));
    drop(rx);
    assert!(tx.is_closed());
}

#[test]
fn one_sender_is_shared_by_reference_between_threads() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(64);
        std::thread::scope(|scope| {
            for value in 0..8 {
                let tx = &tx;
                scope.spawn(move || block_on(tx.send(value)).unwrap());
            }
        });
        let mut values: Vec<_> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
        values.sort_unstable();
        assert_eq!(values, (0..8).collect::<Vec<_>>());
    });
}

#[test]
fn sending_and_receiving_tasks_run_in_step_through_one_slot() {
    on_two_threads(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = tokio::spawn(async move {
            for value in 0..2_000 {
                tx.send(value).await.unwrap();
            }
        });
        for value in 0..2_000 {
            assert_eq!(rx.recv().await, Some(value));
        }
        assert_eq!(rx.recv().await, None);
        sending.await.unwrap();
    });
}

#[test]
fn sending_and_receiving_need_no_tokio_runtime() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = std::thread::spawn(move || {
            for value in 0..500 {
                block_on(tx.send(value)).unwrap();
            }
        });
        for value in 0..500 {
            assert_eq!(block_on(rx.recv()), Some(value));
        }
        assert_eq!(block_on(rx.recv()), None);
        sending.join().unwrap();
    });
}
