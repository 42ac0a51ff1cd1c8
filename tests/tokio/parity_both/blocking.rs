//! `blocking_recv` and `blocking_recv_many`. Where they may be called is in `within_both/`.

use super::{Sends, channel};
use crate::adapter::{Blocked, finishes, on_two_threads};

#[test]
fn blocking_calls_return_at_once_when_nothing_has_to_wait() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        for value in 0..4 {
            assert_eq!(tx.send_in_thread(value), Ok(()));
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
        tx.send_now(1).unwrap();
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
        tx.send_now(1).unwrap();
        assert_eq!(receiving.returned(), (1, vec![1]));
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
                pong.send_in_thread(value + 1).unwrap();
            }
        });
        let mut value = 0;
        for _ in 0..500 {
            ping.send_in_task(value).await.unwrap();
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
                pong.send_in_thread(value + 1).unwrap();
            }
        });
        let mut value = 0;
        for _ in 0..1_000 {
            ping.send_in_thread(value).unwrap();
            value = here.blocking_recv().unwrap();
        }
        drop(ping);
        assert_eq!((value, here.blocking_recv()), (1_000, None));
        thread.join().unwrap();
    });
}
