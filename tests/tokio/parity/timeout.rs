//! `send_timeout`. How it tells the time, on a clock that the test moves, is in `within/`.

use std::time::Duration;

use tokio::time::Instant;

use crate::adapter::{Task, on_one_thread, on_paused_clock};
use crate::mpsc::channel;
use crate::mpsc::error::{SendTimeoutError, TrySendError};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn send_timeout_sends_at_once_while_there_is_room() {
    on_paused_clock(|| async {
        let begun = Instant::now();
        let (tx, mut rx) = channel::<u64>(1);
        assert_eq!(Task::new(tx.send_timeout(1, HOUR)).must_finish(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_timeout_of_zero_still_sends_into_room() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        assert_eq!(tx.send_timeout(1, Duration::ZERO).await, Ok(()));
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn a_timeout_of_zero_gives_up_on_a_full_channel_without_waiting() {
    on_paused_clock(|| async {
        let (tx, rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let begun = Instant::now();
        assert_eq!(tx.send_timeout(2, Duration::ZERO).await, Err(SendTimeoutError::Timeout(2)));
        assert!(begun.elapsed() <= Duration::from_millis(1));
        assert_eq!(rx.len(), 1);
    });
}

#[test]
fn send_timeout_sends_when_room_comes_in_time() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let receiving = tokio::spawn(async move {
            tokio::time::sleep(HOUR / 2).await;
            (rx.recv().await, rx.recv().await)
        });
        let begun = Instant::now();
        assert_eq!(tx.send_timeout(2, HOUR).await, Ok(()));
        assert!(begun.elapsed() >= HOUR / 2 && begun.elapsed() < HOUR);
        assert_eq!(receiving.await.unwrap(), (Some(1), Some(2)));
    });
}

#[test]
fn the_longest_timeout_there_is_is_accepted() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        assert_eq!(tx.send_timeout(1, Duration::MAX).await, Ok(()));
        let mut send = Task::waiting(tx.send_timeout(2, Duration::MAX));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(send.must_finish(), Ok(()));
    });
}

#[test]
fn send_timeout_on_a_closed_channel_says_closed_at_once() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        rx.close();
        assert_eq!(Task::new(tx.send_timeout(1, HOUR)).must_finish(), Err(SendTimeoutError::Closed(1)));
        assert_eq!(
            Task::new(tx.send_timeout(2, Duration::ZERO)).must_finish(),
            Err(SendTimeoutError::Closed(2))
        );
    });
}

#[test]
fn a_waiting_send_timeout_learns_of_the_close() {
    on_paused_clock(|| async {
        let (tx, rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let mut send = Task::waiting(tx.send_timeout(2, HOUR));
        drop(rx);
        assert!(send.is_woken());
        assert_eq!(send.must_finish(), Err(SendTimeoutError::Closed(2)));
    });
}

#[test]
fn a_cancelled_send_timeout_sends_nothing_and_frees_its_room() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let send = Task::waiting(tx.send_timeout(2, HOUR));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
        drop(send);
        assert_eq!((rx.len(), rx.capacity()), (0, 1));
    });
}

#[test]
fn send_timeout_follows_the_real_clock_too() {
    on_one_thread(|| async {
        let (tx, _rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let begun = std::time::Instant::now();
        let limit = Duration::from_millis(30);
        assert_eq!(tx.send_timeout(2, limit).await, Err(SendTimeoutError::Timeout(2)));
        assert!(begun.elapsed() >= limit);
    });
}
