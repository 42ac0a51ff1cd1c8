//! Where blocking methods may be called. Within one process: the thread in question is the caller's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Builder;

use crate::adapter::{REFUSAL, caught, finishes, on_one_thread, on_two_threads};
use crate::mpsc::{channel, unbounded_channel};

#[test]
fn in_a_task_blocking_send_panics_at_the_caller_despite_room() {
    on_one_thread(|| async {
        let (tx, rx) = channel::<u64>(1);
        let mut line = 0;
        let panic = caught(|| {
            line = line!() + 1;
            tx.blocking_send(1)
        });
        assert_eq!(panic.message, REFUSAL);
        assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        assert_eq!((rx.len(), rx.capacity()), (0, 1));
    });
}

#[test]
fn inside_a_task_blocking_calls_panic_on_an_ended_channel_too() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        rx.close();
        assert_eq!(caught(|| tx.blocking_send(1)).message, REFUSAL);
        assert_eq!(caught(|| rx.blocking_recv()).message, REFUSAL);
    });
}

#[test]
fn blocking_calls_panic_in_a_spawned_task_of_a_threaded_runtime() {
    on_two_threads(|| async {
        let task = tokio::spawn(async {
            let (tx, _rx) = channel::<u64>(1);
            caught(|| tx.blocking_send(1)).message
        });
        assert_eq!(task.await.unwrap(), REFUSAL);
    });
}

#[test]
fn a_refused_blocking_call_lets_the_thread_block_later() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let refused = Arc::new(AtomicBool::new(false));
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            caught(|| tx.blocking_send(1));
            refused.store(true, Ordering::Relaxed);
        });
        assert!(refused.load(Ordering::Relaxed));
        tx.blocking_send(2).unwrap();
        assert_eq!(rx.blocking_recv(), Some(2));
    });
}

#[test]
fn inside_a_task_an_unbounded_send_is_fine() {
    on_two_threads(|| async {
        let (tx, mut rx) = unbounded_channel::<u64>();
        tx.send(1).unwrap();
        let other = tx.clone();
        tokio::spawn(async move { other.send(2) }).await.unwrap().unwrap();
        assert_eq!((rx.recv().await, rx.recv().await), (Some(1), Some(2)));
    });
}

#[test]
fn an_unbounded_receiver_may_not_block_in_a_task_after_the_end() {
    on_one_thread(|| async {
        let (tx, mut rx) = unbounded_channel::<u64>();
        drop(tx);
        assert_eq!(caught(|| rx.blocking_recv()).message, REFUSAL);
        assert_eq!(caught(|| rx.blocking_recv_many(&mut Vec::new(), 1)).message, REFUSAL);
        assert_eq!(tokio::task::spawn_blocking(move || rx.blocking_recv()).await.unwrap(), None);
    });
}
