//! `closed` of the senders.

use super::{Sends, channel};
use crate::adapter::{Task, block_on, finishes, on_two_threads};

#[test]
fn closed_waits_while_the_channel_is_open() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut closed = Task::waiting(tx.closed());
    tx.send_now(1).unwrap();
    closed.must_wait();
    assert_eq!(rx.try_recv(), Ok(1));
    closed.must_wait();
    drop(tx.clone());
    closed.must_wait();
}

#[test]
fn closed_resolves_when_the_receiver_is_dropped() {
    let (tx, rx) = channel::<u64>(1);
    let mut closed = Task::waiting(tx.closed());
    drop(rx);
    assert!(closed.is_woken());
    closed.must_finish();
}

#[test]
fn closed_resolves_when_the_receiver_closes() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut closed = Task::waiting(tx.closed());
    rx.close();
    assert!(closed.is_woken());
    closed.must_finish();
}

#[test]
fn closed_resolves_though_values_are_still_queued() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.send_now(1).unwrap();
    let mut closed = Task::waiting(tx.closed());
    rx.close();
    closed.must_finish();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn closed_stays_ready() {
    let (tx, rx) = channel::<u64>(1);
    drop(rx);
    for _ in 0..3 {
        Task::new(tx.closed()).must_finish();
    }
    Task::new(tx.clone().closed()).must_finish();
}

#[test]
fn everybody_who_waits_in_closed_is_woken() {
    let (tx, rx) = channel::<u64>(1);
    let handles: Vec<_> = (0..50).map(|_| tx.clone()).collect();
    let mut all: Vec<_> = handles.iter().map(|tx| Task::waiting(tx.closed())).collect();
    let mut again = Task::waiting(tx.closed());
    drop(rx);
    for task in &mut all {
        assert_eq!(task.wakes(), 1);
        task.must_finish();
    }
    again.must_finish();
}

#[test]
fn closed_wakes_the_waker_of_its_last_poll() {
    use crate::adapter::{Wakes, poll_with};
    let (tx, rx) = channel::<u64>(1);
    let mut closed = std::pin::pin!(tx.closed());
    let (old, new) = (Wakes::new(), Wakes::new());
    assert!(poll_with(closed.as_mut(), &old).is_pending());
    assert!(poll_with(closed.as_mut(), &new).is_pending());
    drop(rx);
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn a_cancelled_closed_leaves_no_waker_behind() {
    let (tx, rx) = channel::<u64>(1);
    let closed = Task::waiting(tx.closed());
    let counter = closed.counter();
    drop(closed);
    assert_eq!(counter.kept(), 0);
    drop(rx);
    assert_eq!(counter.count(), 0);
}

#[test]
fn closed_in_a_select_stops_a_producer() {
    on_two_threads(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let producing = tokio::spawn(async move {
            tokio::select! {
                () = tx.closed() => "stopped",
                () = std::future::pending() => "never",
            }
        });
        rx.close();
        assert_eq!(producing.await.unwrap(), "stopped");
    });
}

#[test]
fn closed_needs_no_tokio_runtime() {
    finishes(|| {
        let (tx, rx) = channel::<u64>(1);
        let waiting = std::thread::spawn(move || block_on(tx.closed()));
        drop(rx);
        waiting.join().unwrap();
    });
}
