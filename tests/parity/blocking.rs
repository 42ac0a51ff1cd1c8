//! `blocking_send`, `blocking_recv` and `blocking_recv_many`: what they do, and where they may be called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Builder;

use crate::adapter::{Blocked, block_on, caught, finishes, on_one_thread, on_two_threads};
use crate::mpsc::channel;
use crate::mpsc::error::SendError;

const REFUSAL: &str = "Cannot block the current thread from within a runtime. \
                       This happens because a function attempted to block the current thread \
                       while the thread is being used to drive asynchronous tasks.";

#[test]
fn blocking_calls_return_at_once_when_nothing_has_to_wait() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        for value in 0..4 {
            assert_eq!(tx.blocking_send(value), Ok(()));
        }
        assert_eq!(rx.blocking_recv(), Some(0));
        let mut batch = vec![9];
        assert_eq!(rx.blocking_recv_many(&mut batch, 2), 2);
        assert_eq!(rx.blocking_recv_many(&mut batch, 2), 1);
        assert_eq!(batch, [9, 1, 2, 3]);
    });
}

#[test]
fn blocking_recv_sleeps_until_a_value_comes() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let receiving = Blocked::asleep_in(move || (rx.blocking_recv(), rx));
        tx.try_send(1).unwrap();
        let (value, rx) = receiving.returned();
        assert_eq!((value, rx.len()), (Some(1), 0));
    });
}

#[test]
fn blocking_recv_many_sleeps_until_the_first_value_comes() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        let receiving = Blocked::asleep_in(move || {
            let mut batch = Vec::new();
            (rx.blocking_recv_many(&mut batch, 3), batch)
        });
        tx.try_send(1).unwrap();
        assert_eq!(receiving.returned(), (1, vec![1]));
    });
}

#[test]
fn blocking_send_sleeps_until_there_is_room() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        tx.blocking_send(1).unwrap();
        let sending = Blocked::asleep_in(move || tx.blocking_send(2));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(sending.returned(), Ok(()));
        assert_eq!(rx.blocking_recv(), Some(2));
        assert_eq!(rx.blocking_recv(), None);
    });
}

#[test]
fn blocking_send_gives_the_value_back_when_the_receiver_leaves() {
    finishes(|| {
        let (tx, rx) = channel::<u64>(1);
        tx.blocking_send(1).unwrap();
        let theirs = tx.clone();
        let sending = Blocked::asleep_in(move || theirs.blocking_send(2));
        drop(rx);
        assert_eq!(sending.returned(), Err(SendError(2)));
        assert_eq!(tx.blocking_send(3), Err(SendError(3)));
    });
}

#[test]
fn blocking_receivers_wake_when_the_last_sender_leaves() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let other = tx.clone();
        let receiving = Blocked::asleep_in(move || (rx.blocking_recv(), rx));
        drop(tx);
        drop(other);
        let (value, mut rx) = receiving.returned();
        assert_eq!(value, None);

        let mut batch = Vec::new();
        assert_eq!(rx.blocking_recv_many(&mut batch, 5), 0);
        let (tx, mut rx) = channel::<u64>(1);
        let receiving = Blocked::asleep_in(move || rx.blocking_recv_many(&mut Vec::new(), 5));
        drop(tx);
        assert_eq!(receiving.returned(), 0);
    });
}

#[test]
fn blocking_recv_many_with_a_limit_of_zero_returns_at_once() {
    finishes(|| {
        let (_tx, mut rx) = channel::<u64>(1);
        assert_eq!(rx.blocking_recv_many(&mut Vec::new(), 0), 0);
    });
}

#[test]
fn a_thread_wakes_a_task_and_a_task_wakes_a_thread() {
    on_two_threads(|| async {
        let (ping, mut at_thread) = channel::<u64>(1);
        let (pong, mut at_task) = channel::<u64>(1);
        let thread = std::thread::spawn(move || {
            while let Some(value) = at_thread.blocking_recv() {
                pong.blocking_send(value + 1).unwrap();
            }
        });
        let mut value = 0;
        for _ in 0..500 {
            ping.send(value).await.unwrap();
            value = at_task.recv().await.unwrap();
        }
        drop(ping);
        assert_eq!((value, at_task.recv().await), (500, None));
        thread.join().unwrap();
    });
}

#[test]
fn two_threads_hand_a_value_back_and_forth() {
    finishes(|| {
        let (ping, mut there) = channel::<u64>(1);
        let (pong, mut here) = channel::<u64>(1);
        let thread = std::thread::spawn(move || {
            while let Some(value) = there.blocking_recv() {
                pong.blocking_send(value + 1).unwrap();
            }
        });
        let mut value = 0;
        for _ in 0..1_000 {
            ping.blocking_send(value).unwrap();
            value = here.blocking_recv().unwrap();
        }
        drop(ping);
        assert_eq!((value, here.blocking_recv()), (1_000, None));
        thread.join().unwrap();
    });
}

#[test]
fn inside_a_task_blocking_send_panics_in_the_callers_line_though_there_is_room() {
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
fn inside_a_task_blocking_recv_panics_in_the_callers_line_though_a_value_is_there() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let mut line = 0;
        let panic = caught(|| {
            line = line!() + 1;
            rx.blocking_recv()
        });
        assert_eq!(panic.message, REFUSAL);
        assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn inside_a_task_blocking_recv_many_panics_in_the_callers_line_even_for_nothing() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        for limit in [0, 1] {
            let mut line = 0;
            let panic = caught(|| {
                line = line!() + 1;
                rx.blocking_recv_many(&mut Vec::new(), limit)
            });
            assert_eq!(panic.message, REFUSAL);
            assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        }
        assert_eq!(rx.len(), 1);
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
fn inside_a_spawned_task_of_a_threaded_runtime_blocking_calls_panic() {
    on_two_threads(|| async {
        let task = tokio::spawn(async {
            let (tx, _rx) = channel::<u64>(1);
            caught(|| tx.blocking_send(1)).message
        });
        assert_eq!(task.await.unwrap(), REFUSAL);
    });
}

#[test]
fn blocking_calls_are_fine_in_spawn_blocking() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = tokio::task::spawn_blocking(move || {
            for value in 0..100 {
                tx.blocking_send(value).unwrap();
            }
        });
        for value in 0..100 {
            assert_eq!(rx.recv().await, Some(value));
        }
        sending.await.unwrap();
        let ended = tokio::task::spawn_blocking(move || rx.blocking_recv()).await.unwrap();
        assert_eq!(ended, None);
    });
}

#[test]
fn blocking_calls_are_fine_in_block_in_place() {
    on_two_threads(|| async {
        tokio::spawn(async {
            let (tx, mut rx) = channel::<u64>(1);
            tokio::task::block_in_place(|| {
                tx.blocking_send(1).unwrap();
                assert_eq!(rx.blocking_recv(), Some(1));
                assert_eq!(rx.blocking_recv_many(&mut Vec::new(), 0), 0);
            });
        })
        .await
        .unwrap();
    });
}

#[test]
fn blocking_calls_are_fine_under_an_entered_runtime_that_drives_nothing_here() {
    finishes(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let (tx, mut rx) = channel::<u64>(1);
        tx.blocking_send(1).unwrap();
        assert_eq!(rx.blocking_recv(), Some(1));
        let receiving = std::thread::spawn(move || rx.blocking_recv());
        tx.blocking_send(2).unwrap();
        assert_eq!(receiving.join().unwrap(), Some(2));
    });
}

#[test]
fn blocking_calls_are_fine_inside_another_executor() {
    finishes(|| {
        block_on(async {
            let (tx, mut rx) = channel::<u64>(1);
            tx.blocking_send(1).unwrap();
            assert_eq!(rx.blocking_recv(), Some(1));
        });
    });
}

#[test]
fn a_refused_blocking_call_leaves_the_thread_able_to_block_later() {
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
