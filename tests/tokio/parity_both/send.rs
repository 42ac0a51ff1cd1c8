//! Sending where there is room, and on a closed channel.

use super::{Sends, channel};
use crate::adapter::{Task, block_on, finishes, on_one_thread, on_two_threads};
use crate::mpsc::error::SendError;

#[test]
fn a_sent_value_is_received() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(4);
        tx.send_in_task(1).await.unwrap();
        tx.send_in_task(2).await.unwrap();
        assert_eq!(rx.recv().await, Some(1));
        assert_eq!(rx.recv().await, Some(2));
    });
}

#[test]
fn send_on_a_closed_channel_gives_the_value_back_at_once() {
    let (tx, mut rx) = channel::<u64>(1);
    rx.close();
    assert_eq!(Task::new(tx.send_in_task(7)).must_finish(), Err(SendError(7)));
    drop(rx);
    assert_eq!(Task::new(tx.send_in_task(8)).must_finish(), Err(SendError(8)));
}

#[test]
fn a_successful_send_is_no_promise_of_receipt() {
    let (tx, rx) = channel::<u64>(1);
    assert_eq!(tx.send_now(1), Ok(()));
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
                scope.spawn(move || block_on(tx.send_in_task(value)).unwrap());
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
                tx.send_in_task(value).await.unwrap();
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
                block_on(tx.send_in_task(value)).unwrap();
            }
        });
        for value in 0..500 {
            assert_eq!(block_on(rx.recv()), Some(value));
        }
        assert_eq!(block_on(rx.recv()), None);
        sending.join().unwrap();
    });
}
