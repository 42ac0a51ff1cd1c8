//! `recv`, `try_recv` and `poll_recv`.

use std::task::{Context, Poll, Waker};

use super::{Sends, channel};
use crate::adapter::{Task, Wakes, block_on, finishes, on_one_thread, on_two_threads};
use crate::mpsc::error::TryRecvError;

#[test]
fn recv_finishes_at_its_first_poll_when_a_value_is_there() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.send_now(1).unwrap();
    assert_eq!(Task::new(rx.recv()).must_finish(), Some(1));
}

#[test]
fn recv_waits_on_an_empty_channel_and_is_woken_by_a_value() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut recv = Task::waiting(rx.recv());
    recv.must_wait();
    tx.send_now(1).unwrap();
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), Some(1));
}

#[test]
fn recv_is_woken_by_an_async_send() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut recv = Task::waiting(rx.recv());
    Task::new(tx.send_in_task(1)).must_finish().unwrap();
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), Some(1));
}

#[test]
fn recv_does_nothing_before_its_first_poll() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.send_now(1).unwrap();
    drop(rx.recv());
    assert_eq!((rx.len(), rx.try_recv()), (1, Ok(1)));
}

#[test]
fn a_cancelled_recv_loses_nothing() {
    let (tx, mut rx) = channel::<u64>(2);
    drop(Task::waiting(rx.recv()));
    tx.send_now(1).unwrap();
    assert_eq!(Task::new(rx.recv()).must_finish(), Some(1));
    let woken = Task::waiting(rx.recv());
    tx.send_now(2).unwrap();
    assert!(woken.is_woken());
    drop(woken);
    assert_eq!(Task::new(rx.recv()).must_finish(), Some(2));
}

#[test]
fn a_recv_that_loses_a_select_again_and_again_loses_nothing() {
    on_two_threads(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        let sending = tokio::spawn(async move {
            for value in 0..500 {
                tx.send_in_task(value).await.unwrap();
            }
        });
        let mut next = 0;
        loop {
            tokio::select! {
                biased;
                value = rx.recv() => match value {
                    Some(value) => {
                        assert_eq!(value, next);
                        next += 1;
                    }
                    None => break,
                },
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(next, 500);
        sending.await.unwrap();
    });
}

#[test]
fn recv_returns_none_for_good_once_all_senders_are_gone() {
    let (tx, mut rx) = channel::<u64>(1);
    drop(tx);
    for _ in 0..3 {
        assert_eq!(Task::new(rx.recv()).must_finish(), None);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    }
}

#[test]
fn values_sent_before_the_last_sender_left_come_before_none() {
    let (tx, mut rx) = channel::<u64>(3);
    for value in 0..3 {
        tx.send_now(value).unwrap();
    }
    drop(tx);
    for value in 0..3 {
        assert_eq!(Task::new(rx.recv()).must_finish(), Some(value));
    }
    assert_eq!(Task::new(rx.recv()).must_finish(), None);
}

#[test]
fn recv_is_woken_by_the_last_sender_that_leaves_and_not_before() {
    let (tx, mut rx) = channel::<u64>(1);
    let other = tx.clone();
    let mut recv = Task::waiting(rx.recv());
    drop(tx);
    recv.must_wait();
    let before = recv.wakes();
    drop(other);
    assert!(recv.wakes() > before);
    assert_eq!(recv.must_finish(), None);
}

#[test]
fn try_recv_says_empty_while_a_sender_lives_then_disconnected() {
    let (tx, mut rx) = channel::<u64>(1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    tx.send_now(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    tx.send_now(2).unwrap();
    drop(tx);
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn try_recv_never_misses_a_finished_send() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let (go, turn) = std::sync::mpsc::sync_channel::<()>(0);
        let (back, sent) = std::sync::mpsc::sync_channel::<()>(0);
        let sending = std::thread::spawn(move || {
            for value in 0..500 {
                turn.recv().unwrap();
                tx.send_now(value).unwrap();
                back.send(()).unwrap();
            }
        });
        for value in 0..500 {
            go.send(()).unwrap();
            sent.recv().unwrap();
            assert_eq!(rx.try_recv(), Ok(value));
        }
        sending.join().unwrap();
    });
}

#[test]
fn try_recv_takes_the_value_a_waiting_recv_was_woken_for() {
    let (tx, mut rx) = channel::<u64>(1);
    let waiting = Task::waiting(rx.recv());
    tx.send_now(1).unwrap();
    drop(waiting);
    assert_eq!(rx.try_recv(), Ok(1));
    Task::waiting(rx.recv());
}

#[test]
fn poll_recv_is_recv_without_the_future() {
    let (tx, mut rx) = channel::<u64>(2);
    let wakes = Wakes::new();
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    assert_eq!(rx.poll_recv(&mut cx), Poll::Pending);
    tx.send_now(1).unwrap();
    assert!(wakes.count() > 0);
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Some(1)));
    assert_eq!(rx.poll_recv(&mut cx), Poll::Pending);
    let before = wakes.count();
    drop(tx);
    assert!(wakes.count() > before);
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(None));
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(None));
}

#[test]
fn a_receiver_moves_between_tasks_threads_and_runtimes() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        rx = on_one_thread({
            let tx = tx.clone();
            move || async move {
                tx.send_in_task(1).await.unwrap();
                assert_eq!(rx.recv().await, Some(1));
                rx
            }
        });
        rx = on_two_threads({
            let tx = tx.clone();
            move || async move {
                let receiving = tokio::spawn(async move {
                    assert_eq!(rx.recv().await, Some(2));
                    rx
                });
                tx.send_in_task(2).await.unwrap();
                receiving.await.unwrap()
            }
        });
        let receiving = std::thread::spawn(move || {
            assert_eq!(block_on(rx.recv()), Some(3));
            rx
        });
        block_on(tx.send_in_task(3)).unwrap();
        assert_eq!(receiving.join().unwrap().try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn values_outlive_the_runtime_they_were_sent_in() {
    let mut rx = on_one_thread(|| async {
        let (tx, rx) = channel::<u64>(2);
        tokio::spawn(async move { tx.send_in_task(1).await }).await.unwrap().unwrap();
        rx
    });
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_task_that_is_aborted_leaves_its_sender_dropped() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let task = tokio::spawn(async move {
            tx.send_in_task(1).await.unwrap();
            std::future::pending::<()>().await;
        });
        assert_eq!(rx.recv().await, Some(1));
        task.abort();
        assert_eq!(rx.recv().await, None);
    });
}
