//! The line in which senders wait for room.

use std::task::Poll;

use crate::adapter::{Blocked, Task, Wakes, finishes, poll_with};
use crate::mpsc::error::TrySendError;
use crate::mpsc::{Receiver, Sender, channel};

fn full(capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    for value in 0..capacity as u64 {
        tx.try_send(value).unwrap();
    }
    (tx, rx)
}

#[test]
fn senders_are_let_in_in_the_order_in_which_they_came() {
    let (tx, mut rx) = full(1);
    let mut line: Vec<_> = (1..=10).map(|value| Task::waiting(tx.send(value))).collect();
    for first in 0..line.len() {
        assert_eq!(rx.try_recv(), Ok(first as u64));
        let woken: Vec<_> = line.iter().map(Task::is_woken).collect();
        assert_eq!(woken, (0..10).map(|at| at <= first).collect::<Vec<_>>());
        line[first].must_finish().unwrap();
    }
    assert_eq!(rx.try_recv(), Ok(10));
    assert_eq!(rx.capacity(), 1);
}

#[test]
fn a_waiting_sender_is_woken_once_for_its_place() {
    let (tx, mut rx) = full(2);
    let mut first = Task::waiting(tx.send(10));
    let second = Task::waiting(tx.send(11));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
    first.must_finish().unwrap();
    assert_eq!((first.wakes(), second.wakes()), (1, 0));
}

#[test]
fn polling_out_of_turn_does_not_help() {
    let (tx, mut rx) = full(1);
    let mut first = Task::waiting(tx.send(1));
    let mut second = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(0));
    second.must_wait();
    first.must_finish().unwrap();
    second.must_wait();
    assert_eq!(rx.try_recv(), Ok(1));
    second.must_finish().unwrap();
}

#[test]
fn try_send_overtakes_nobody() {
    let (tx, mut rx) = full(1);
    let mut waiting = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    waiting.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_newcomer_overtakes_no_woken_sender() {
    let (tx, mut rx) = full(1);
    let mut woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    let mut newcomer = Task::waiting(tx.send(2));
    woken.must_finish().unwrap();
    newcomer.must_wait();
    assert_eq!(rx.try_recv(), Ok(1));
    newcomer.must_finish().unwrap();
}

#[test]
fn a_woken_sender_keeps_its_room_however_long_it_is_not_polled() {
    let (tx, mut rx) = full(2);
    let mut slow = Task::waiting(tx.send(10));
    assert_eq!(rx.try_recv(), Ok(0));
    for value in 1..100 {
        assert_eq!(tx.try_send(99), Err(TrySendError::Full(99)));
        assert!(rx.try_recv().is_ok());
        assert_eq!(tx.try_send(value), Ok(()));
    }
    slow.must_finish().unwrap();
    assert_eq!(rx.len(), 2);
}

#[test]
fn cancelling_the_first_moves_the_others_up() {
    let (tx, mut rx) = full(1);
    let first = Task::waiting(tx.send(1));
    let mut second = Task::waiting(tx.send(2));
    let mut third = Task::waiting(tx.send(3));
    drop(first);
    assert!(!second.is_woken());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(second.is_woken() && !third.is_woken());
    second.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
    third.must_finish().unwrap();
}

#[test]
fn cancelling_in_the_middle_keeps_the_order_of_the_rest() {
    let (tx, mut rx) = full(1);
    let mut first = Task::waiting(tx.send(1));
    let middle = Task::waiting(tx.send(2));
    let mut last = Task::waiting(tx.send(3));
    drop(middle);
    assert_eq!(rx.try_recv(), Ok(0));
    first.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    last.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn cancelling_a_woken_sender_wakes_the_next_at_once() {
    let (tx, mut rx) = full(1);
    let woken = Task::waiting(tx.send(1));
    let mut next = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(woken.is_woken() && !next.is_woken());
    drop(woken);
    assert!(next.is_woken());
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    next.must_finish().unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn cancelling_everybody_leaves_the_capacity_whole() {
    let (tx, mut rx) = full(3);
    let line: Vec<_> = (10..20).map(|value| Task::waiting(tx.send(value))).collect();
    while rx.try_recv().is_ok() {}
    assert_eq!(rx.capacity(), 0);
    drop(line);
    assert_eq!(rx.capacity(), 3);
    assert_eq!(rx.len(), 0);
}

#[test]
fn cancelling_every_other_sender_of_a_long_line_keeps_the_order() {
    let (tx, mut rx) = full(2);
    let mut line: Vec<_> = (0..100).map(|value| Some(Task::waiting(tx.send(value)))).collect();
    for gone in line.iter_mut().step_by(2) {
        *gone = None;
    }
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    for (value, task) in line.iter_mut().enumerate().filter(|(value, _)| value % 2 == 1) {
        task.as_mut().unwrap().must_finish().unwrap();
        assert_eq!(rx.try_recv(), Ok(value as u64));
    }
    assert_eq!(rx.capacity(), 2);
}

#[test]
fn a_batch_received_lets_as_many_in() {
    let (tx, mut rx) = full(4);
    let mut line: Vec<_> = (10..16).map(|value| Task::waiting(tx.send(value))).collect();
    let mut batch = Vec::new();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 3)).must_finish(), 3);
    let woken: Vec<_> = line.iter().map(Task::wakes).collect();
    assert_eq!(woken, [1, 1, 1, 0, 0, 0]);
    assert_eq!(rx.capacity(), 0);
    for task in &mut line[..3] {
        task.must_finish().unwrap();
    }
    line[3].must_wait();
    assert_eq!(rx.len(), 4);
}

#[test]
fn a_line_longer_than_the_channel_is_served_to_its_end() {
    let (tx, mut rx) = full(2);
    let mut line: Vec<_> = (2..300).map(|value| Task::waiting(tx.send(value))).collect();
    let mut served = 0;
    for value in 0..300 {
        assert_eq!(rx.try_recv(), Ok(value));
        if let Some(task) = line.get_mut(served) {
            task.must_finish().unwrap();
            served += 1;
        }
    }
    assert_eq!((served, rx.capacity()), (298, 2));
}

#[test]
fn clones_wait_in_one_line() {
    let (tx, mut rx) = full(1);
    let other = tx.clone();
    let mut first = Task::waiting(tx.send(1));
    let mut second = Task::waiting(other.send(2));
    let mut third = Task::waiting(tx.send(3));
    for (value, task) in [(0, &mut first), (1, &mut second), (2, &mut third)] {
        assert_eq!(rx.try_recv(), Ok(value));
        task.must_finish().unwrap();
    }
}

#[test]
fn a_waiting_sender_wakes_the_waker_of_its_last_poll() {
    let (tx, mut rx) = full(1);
    let mut send = std::pin::pin!(tx.send(1));
    let (old, new) = (Wakes::new(), Wakes::new());
    assert!(poll_with(send.as_mut(), &old).is_pending());
    assert!(poll_with(send.as_mut(), &new).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!((old.count(), new.count()), (0, 1));
    assert_eq!(poll_with(send.as_mut(), &old), Poll::Ready(Ok(())));
}

#[test]
fn a_cancelled_sender_leaves_no_waker_behind() {
    let (tx, _rx) = full(1);
    let send = Task::waiting(tx.send(1));
    assert!(send.wakers_kept() > 0);
    let counter = send.counter();
    drop(send);
    assert_eq!(counter.kept(), 0);
}

#[test]
fn blocking_and_async_senders_wait_in_one_line() {
    finishes(|| {
        let (tx, mut rx) = full(1);
        let mut first = Task::waiting(tx.send(1));
        let theirs = tx.clone();
        let second = Blocked::asleep_in(move || theirs.blocking_send(2));
        let mut third = Task::waiting(tx.send(3));
        let theirs = tx.clone();
        let fourth = Blocked::asleep_in(move || theirs.blocking_send(4));

        assert_eq!(rx.try_recv(), Ok(0));
        assert!(first.is_woken());
        first.must_finish().unwrap();
        assert!(!third.is_woken() && !second.is_finished() && !fourth.is_finished());

        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(second.returned(), Ok(()));
        third.must_wait();

        assert_eq!(rx.try_recv(), Ok(2));
        third.must_finish().unwrap();
        assert_eq!(rx.try_recv(), Ok(3));
        assert_eq!(fourth.returned(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(4));
    });
}

#[test]
fn blocking_senders_are_let_in_in_the_order_in_which_they_came() {
    finishes(|| {
        let (tx, mut rx) = full(1);
        let line: Vec<_> = (1..=4)
            .map(|value| {
                let tx = tx.clone();
                Blocked::asleep_in(move || tx.blocking_send(value))
            })
            .collect();
        assert_eq!(rx.try_recv(), Ok(0));
        for (value, thread) in (1..).zip(line) {
            assert_eq!(thread.returned(), Ok(()));
            assert_eq!(rx.try_recv(), Ok(value));
        }
    });
}

#[test]
fn of_two_woken_senders_the_one_polled_first_comes_first() {
    let (tx, mut rx) = channel::<u64>(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let mut a = Task::waiting(tx.send(10));
    let mut b = Task::waiting(tx.send(20));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert!(a.is_woken() && b.is_woken());
    b.must_finish().unwrap();
    a.must_finish().unwrap();
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(20), Ok(10)));
}

#[test]
fn a_sender_waiting_for_room_or_for_the_close_counts_once() {
    let (tx, rx) = channel::<u64>(1);
    tx.try_send(1).unwrap();
    let _send = Task::waiting(tx.send(2));
    let _closed = Task::waiting(tx.closed());
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (1, 1));
}
