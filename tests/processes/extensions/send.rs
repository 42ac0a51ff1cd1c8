//! The sending end beyond tokio: threads that wait for room for a while, or reserve it.

use std::{path::Path, time::Duration};

use shmpsc::{
    Options, channel, connect,
    error::{SendError, SendTimeoutError, TrySendError},
};

use crate::{
    HOUR,
    adapter::{Blocked, REFUSAL, Task, caught, finishes, on_one_thread},
    holding,
    people::{room, start, stay, tell},
};

const BRIEF: Duration = Duration::from_millis(5);

/// Role: holds all room of a channel.
pub fn holds_all(capacity: u64, path: &Path) {
    let sender = connect::<u64>(path).unwrap();
    let _permits = sender.try_reserve_many(capacity as usize).unwrap();
    tell("holds");
    stay();
}

#[test]
fn with_room_a_timeout_of_zero_sends_and_reserves() {
    let (tx, mut rx) = channel::<u64>(2);
    assert_eq!(tx.blocking_send_timeout(1, Duration::ZERO), Ok(()));
    tx.blocking_reserve_timeout(Duration::ZERO).unwrap().send(2);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
}

#[test]
fn without_room_a_timeout_returns_the_value_and_leaves_the_line() {
    let (tx, mut rx) = holding(1, 1);
    for timeout in [Duration::ZERO, BRIEF] {
        assert_eq!(tx.blocking_send_timeout(9, timeout), Err(SendTimeoutError::Timeout(9)));
        assert_eq!(tx.blocking_reserve_timeout(timeout).unwrap_err(), SendTimeoutError::Timeout(()));
    }
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(tx.capacity(), 1);
    tx.try_send(1).expect("nobody waits any more");
}

#[test]
fn a_thread_with_a_timeout_waits_in_the_same_line() {
    finishes(|| {
        let (tx, mut rx) = holding(1, 1);
        let theirs = tx.clone();
        let first = Blocked::asleep_in(move || theirs.blocking_send_timeout(1, HOUR));
        let mut second = Task::waiting(tx.send(2));
        let theirs = tx.clone();
        let third =
            Blocked::asleep_in(move || theirs.blocking_reserve_timeout(HOUR).map(|permit| permit.send(3)));
        let theirs = tx.clone();
        let fourth = Blocked::asleep_in(move || theirs.blocking_reserve().map(|permit| permit.send(4)));
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(first.returned(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(1));
        second.must_finish().unwrap();
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(third.returned(), Ok(()));
        assert!(!fourth.is_finished());
        assert_eq!(rx.try_recv(), Ok(3));
        assert_eq!(fourth.returned(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(4));
    });
}

#[test]
fn a_timeout_that_no_clock_can_tell_is_none() {
    finishes(|| {
        let (tx, mut rx) = holding(1, 1);
        let sending = Blocked::asleep_in(move || tx.blocking_send_timeout(1, Duration::MAX));
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(sending.returned(), Ok(()));
    });
}

#[test]
fn closing_fails_every_thread_that_waits_for_room() {
    finishes(|| {
        let (tx, mut rx) = holding(1, 1);
        let theirs = tx.clone();
        let sending = Blocked::asleep_in(move || theirs.blocking_send_timeout(7, HOUR));
        let theirs = tx.clone();
        let briefly = Blocked::asleep_in(move || theirs.blocking_reserve_timeout(HOUR).map(drop));
        let theirs = tx.clone();
        let reserving = Blocked::asleep_in(move || theirs.blocking_reserve().map(drop));
        rx.close();
        assert_eq!(sending.returned(), Err(SendTimeoutError::Closed(7)));
        assert_eq!(briefly.returned(), Err(SendTimeoutError::Closed(())));
        assert_eq!(reserving.returned(), Err(SendError(())));
        assert_eq!(tx.blocking_send_timeout(8, Duration::ZERO), Err(SendTimeoutError::Closed(8)));
    });
}

#[test]
fn calls_that_block_are_refused_where_tasks_run() {
    on_one_thread(|| async {
        let (tx, _rx) = channel::<u64>(1);
        let refused = [
            (caught(|| tx.blocking_send_timeout(1, Duration::ZERO)), line!()),
            (caught(|| tx.blocking_send_many(&[1])), line!()),
            (caught(|| drop(tx.blocking_reserve())), line!()),
            (caught(|| drop(tx.blocking_reserve_timeout(Duration::ZERO))), line!()),
        ];
        for (panic, line) in refused {
            assert_eq!((panic.message.as_str(), panic.file.as_str(), panic.line), (REFUSAL, file!(), line));
        }
        assert_eq!(tx.capacity(), 1);
    });
}

#[test]
fn many_values_go_in_parts_and_a_close_tells_how_many_went() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(3);
        let values: Vec<u64> = (0..100).collect();
        let sending = Blocked::asleep_in(move || (tx.blocking_send_many(&values), tx));
        (0..40).for_each(|value| assert_eq!(rx.blocking_recv(), Some(value)));
        rx.close();
        let (sent, tx) = sending.returned();
        let sent = sent.unwrap_err().sent as u64;
        (40..sent).for_each(|value| assert_eq!(rx.blocking_recv(), Some(value)));
        assert_eq!(rx.blocking_recv(), None);
        assert_eq!(tx.try_send_many(&[1]), Err(TrySendError::Closed(())));
        assert_eq!(tx.try_send_many(&[]), Ok(0));
    });
}

#[test]
fn a_cancelled_send_of_many_has_sent_a_first_part_in_order() {
    let (tx, mut rx) = channel::<u64>(2);
    let values = [1, 2, 3, 4];
    drop(Task::waiting(tx.send_many(&values)));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert!(rx.is_empty());
    assert_eq!(tx.capacity(), 2, "its place in the line is free");
}

#[test]
fn a_thread_waits_for_room_until_its_time_or_the_holders_end() {
    let room = room();
    let mut receiver = Options::new().capacity(3).bind::<u64>(room.name()).unwrap();
    let sender = connect::<u64>(room.name()).unwrap();
    let mut holder = start("holds-all 3", &room.name());
    assert_eq!(holder.hear(), "holds");
    assert_eq!(sender.blocking_send_timeout(1, BRIEF), Err(SendTimeoutError::Timeout(1)));
    assert_eq!(sender.blocking_reserve_timeout(BRIEF).unwrap_err(), SendTimeoutError::Timeout(()));
    let waiting =
        Blocked::asleep_in(move || sender.blocking_reserve_timeout(HOUR).map(|permit| permit.send(2)));
    holder.kill();
    assert_eq!(waiting.returned(), Ok(()));
    assert_eq!(receiver.blocking_recv(), Some(2));
}
