//! `blocking_send`, `blocking_recv` and `blocking_recv_many`. Where they may be called is in `parity_within/`.

use crate::adapter::{Blocked, finishes, on_two_threads};
use crate::mpsc::channel;
use crate::mpsc::error::SendError;

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
