//! tokio's coop budget: 128 units for each poll of a task, so that a busy channel starves nobody. Within one process:
//! the budget is that of the task which polls.

use std::task::Poll;
use std::time::Duration;

use crate::adapter::{Task, UNITS, budget_left, cost, in_fresh_task};
use crate::mpsc::{Receiver, Sender, channel, unbounded_channel};

fn holding(values: u64, capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    for value in 0..values {
        tx.try_send(value).unwrap();
    }
    (tx, rx)
}

#[test]
fn a_poll_sends_as_many_values_as_the_budget_and_then_gives_way() {
    let sent = in_fresh_task(|cx| {
        let (tx, rx) = holding(0, 500);
        let mut sent = 0;
        while Task::new(tx.send(1)).poll_for(cx.waker()).is_ready() {
            sent += 1;
        }
        assert_eq!(rx.len(), sent);
        sent
    });
    assert_eq!(sent, UNITS);
}

#[test]
fn a_send_costs_one_unit() {
    assert_eq!(
        cost(|cx| {
            let (tx, _rx) = channel::<u64>(1);
            assert!(Task::new(tx.send(1)).poll_for(cx.waker()).is_ready());
        }),
        1
    );
}

#[test]
fn a_send_with_a_timeout_costs_one_unit() {
    assert_eq!(
        cost(|cx| {
            let (tx, _rx) = channel::<u64>(1);
            assert!(Task::new(tx.send_timeout(1, Duration::from_secs(9))).poll_for(cx.waker()).is_ready());
        }),
        1
    );
}

#[test]
fn a_send_that_has_to_wait_costs_nothing_until_it_is_done() {
    assert_eq!(
        cost(|cx| {
            let (tx, mut rx) = holding(1, 1);
            let mut send = Task::new(tx.send(1));
            for _ in 0..500 {
                assert!(send.poll_for(cx.waker()).is_pending());
            }
            rx.try_recv().unwrap();
            assert!(send.poll_for(cx.waker()).is_ready());
        }),
        1
    );
}

#[test]
fn a_send_into_a_closed_channel_costs_nothing() {
    assert_eq!(
        cost(|cx| {
            let (tx, rx) = channel::<u64>(1);
            drop(rx);
            for _ in 0..500 {
                assert!(matches!(Task::new(tx.send(1)).poll_for(cx.waker()), Poll::Ready(Err(_))));
            }
        }),
        0
    );
}

#[test]
fn try_send_try_recv_and_the_questions_cost_nothing() {
    assert_eq!(
        cost(|_| {
            let (tx, mut rx) = channel::<u64>(1);
            for _ in 0..500 {
                tx.try_send(1).unwrap();
                tx.try_send(1).unwrap_err();
                assert_eq!((rx.len(), tx.capacity(), tx.strong_count(), tx.is_closed()), (1, 0, 1, false));
                rx.try_recv().unwrap();
                rx.try_recv().unwrap_err();
            }
        }),
        0
    );
}

#[test]
fn without_budget_a_send_waits_but_has_its_room_already() {
    in_fresh_task(|cx| {
        let (tx, mut rx) = channel::<u64>(2);
        budget_left(cx);
        let mut send = Task::new(tx.send(1));
        assert!(send.poll_for(cx.waker()).is_pending());
        assert_eq!((tx.capacity(), rx.len()), (1, 0));
        assert_eq!(tx.try_send(2), Ok(()));
        tx.try_send(3).unwrap_err();
        drop(send);
        assert_eq!(tx.capacity(), 1);
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

#[test]
fn without_budget_a_send_into_a_closed_channel_fails_at_once() {
    in_fresh_task(|cx| {
        let (tx, rx) = channel::<u64>(1);
        drop(rx);
        budget_left(cx);
        assert!(matches!(Task::new(tx.send(1)).poll_for(cx.waker()), Poll::Ready(Err(_))));
        assert!(Task::new(tx.closed()).poll_for(cx.waker()).is_ready());
    });
}

#[test]
fn reserve_costs_one_unit_of_budget_and_try_reserve_none() {
    let left = in_fresh_task(|cx| {
        let (tx, _rx) = channel::<u64>(10);
        let permit = Task::new(tx.reserve()).poll_for(cx.waker());
        assert!(permit.is_ready());
        drop(permit);
        assert!(Task::new(tx.reserve_many(5)).poll_for(cx.waker()).is_ready());
        assert!(Task::new(tx.clone().reserve_owned()).poll_for(cx.waker()).is_ready());
        for _ in 0..9 {
            tx.try_reserve().unwrap().send(1);
        }
        assert!(tx.try_reserve_many(1).is_ok());
        budget_left(cx)
    });
    assert_eq!(left, UNITS - 3);
}

#[test]
fn an_unbounded_send_costs_nothing_and_needs_no_budget() {
    let sent = in_fresh_task(|cx| {
        let (tx, rx) = unbounded_channel::<u64>();
        (0..500).for_each(|value| tx.send(value).unwrap());
        assert_eq!(budget_left(cx), UNITS);
        (0..500).for_each(|value| tx.send(value).unwrap());
        rx.len()
    });
    assert_eq!(sent, 1000);
}

#[test]
fn try_recv_and_the_questions_of_unbounded_ends_cost_nothing() {
    assert_eq!(
        cost(|_| {
            let (tx, mut rx) = unbounded_channel::<u64>();
            for _ in 0..500 {
                tx.send(1).unwrap();
                assert_eq!(
                    (rx.len(), rx.is_empty(), tx.strong_count(), tx.is_closed()),
                    (1, false, 1, false)
                );
                rx.try_recv().unwrap();
                rx.try_recv().unwrap_err();
            }
            rx.close();
            (0..500).for_each(|value| assert!(tx.send(value).is_err()));
        }),
        0
    );
}
