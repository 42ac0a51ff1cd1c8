//! tokio's coop budget: 128 units for each poll of a task, so that a busy channel starves nobody. Within one process:
//! the budget is that of the task which polls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::task::unconstrained;

use super::{Receiver, Sender, Sends, channel};
use crate::adapter::{Task, UNITS, budget_left, cost, in_fresh_task, on_one_thread, on_two_threads};

fn holding(values: u64, capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    for value in 0..values {
        tx.send_now(value).unwrap();
    }
    (tx, rx)
}

#[test]
fn a_poll_receives_as_many_values_as_its_budget_then_gives_way() {
    let (polls, taken) = in_fresh_task(|cx| {
        let (_tx, mut rx) = holding(500, 500);
        let mut taken = 0;
        while let Poll::Ready(Some(_)) = rx.poll_recv(cx) {
            taken += 1;
        }
        (taken, 500 - rx.len())
    });
    assert_eq!((polls, taken), (UNITS, UNITS));
}

#[test]
fn a_task_that_gave_way_is_polled_again_and_misses_nothing() {
    on_one_thread(|| async {
        let (tx, mut rx) = holding(0, 1000);
        let sending = tokio::spawn(async move {
            for value in 0..1000 {
                tx.send_in_task(value).await.unwrap();
            }
        });
        sending.await.unwrap();
        for value in 0..1000 {
            assert_eq!(rx.recv().await, Some(value));
        }
    });
}

#[test]
fn a_busy_receiver_lets_other_tasks_of_its_thread_run() {
    on_one_thread(|| async {
        let (_tx, mut rx) = holding(1000, 1000);
        let turns = Arc::new(AtomicUsize::new(0));
        let theirs = turns.clone();
        tokio::spawn(async move {
            loop {
                theirs.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let busy = tokio::spawn(async move { while !rx.is_empty() && rx.recv().await.is_some() {} });
        busy.await.unwrap();
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns >= 1000 / UNITS, "others had {turns} turns");
    });
}

#[test]
fn every_ready_receipt_costs_one_unit() {
    assert_eq!(cost(|cx| holding(5, 8).1.poll_recv(cx)), 1);
    assert_eq!(cost(|cx| Task::new(holding(5, 8).1.recv()).poll_for(cx.waker())), 1);
}

#[test]
fn a_batch_costs_one_unit_whatever_its_size() {
    for limit in [1, 5, 100] {
        assert_eq!(
            cost(move |cx| {
                let mut batch = Vec::new();
                let (_tx, mut rx) = holding(90, 100);
                assert!(rx.poll_recv_many(cx, &mut batch, limit).is_ready());
            }),
            1
        );
    }
}

#[test]
fn a_limit_of_zero_costs_one_unit() {
    assert_eq!(cost(|cx| holding(5, 8).1.poll_recv_many(cx, &mut Vec::new(), 0)), 1);
}

#[test]
fn hearing_that_the_channel_has_ended_costs_one_unit() {
    let ended = || {
        let (tx, rx) = channel::<u64>(1);
        drop(tx);
        rx
    };
    assert_eq!(cost(move |cx| assert_eq!(ended().poll_recv(cx), Poll::Ready(None))), 1);
    assert_eq!(cost(move |cx| assert_eq!(ended().poll_recv_many(cx, &mut Vec::new(), 9), Poll::Ready(0))), 1);
    assert_eq!(
        cost(|cx| {
            let (_tx, mut rx) = channel::<u64>(1);
            rx.close();
            assert_eq!(rx.poll_recv(cx), Poll::Ready(None));
        }),
        1
    );
}

#[test]
fn a_receipt_that_has_to_wait_costs_nothing() {
    assert_eq!(
        cost(|cx| {
            let (_tx, mut rx) = channel::<u64>(1);
            for _ in 0..500 {
                assert!(rx.poll_recv(cx).is_pending());
                assert!(rx.poll_recv_many(cx, &mut Vec::new(), 9).is_pending());
            }
        }),
        0
    );
}

#[test]
fn closed_costs_nothing() {
    assert_eq!(
        cost(|cx| {
            let (tx, rx) = channel::<u64>(1);
            let mut waiting = Task::new(tx.closed());
            for _ in 0..500 {
                assert!(waiting.poll_for(cx.waker()).is_pending());
            }
            drop(rx);
            for _ in 0..500 {
                assert!(Task::new(tx.closed()).poll_for(cx.waker()).is_ready());
            }
            assert!(waiting.poll_for(cx.waker()).is_ready());
        }),
        0
    );
}

#[test]
fn without_budget_recv_waits_despite_values_try_recv_does_not() {
    in_fresh_task(|cx| {
        let (_tx, mut rx) = holding(3, 4);
        budget_left(cx);
        assert_eq!(rx.poll_recv(cx), Poll::Pending);
        let mut batch = Vec::new();
        assert_eq!(rx.poll_recv_many(cx, &mut batch, 2), Poll::Pending);
        assert_eq!(rx.poll_recv_many(cx, &mut batch, 0), Poll::Pending);
        assert_eq!((rx.len(), batch.len()), (3, 0));
        assert_eq!(rx.try_recv(), Ok(0));
    });
}

#[test]
fn without_budget_the_end_of_the_channel_is_not_told() {
    in_fresh_task(|cx| {
        let (tx, mut rx) = channel::<u64>(1);
        drop(tx);
        budget_left(cx);
        assert_eq!(rx.poll_recv(cx), Poll::Pending);
    });
}

#[test]
fn without_budget_a_waiting_task_is_woken_at_once() {
    on_one_thread(|| async {
        let (_tx, mut rx) = holding(1, 1);
        let mut polls = 0;
        tokio::spawn(std::future::poll_fn(move |cx| {
            polls += 1;
            if polls == 1 {
                budget_left(cx);
                assert!(rx.poll_recv(cx).is_pending());
                return Poll::Pending;
            }
            assert_eq!(rx.poll_recv(cx), Poll::Ready(Some(0)));
            Poll::Ready(())
        }))
        .await
        .unwrap();
    });
}

#[test]
fn outside_a_task_there_is_no_limit() {
    let (tx, mut rx) = holding(0, 1000);
    for value in 0..1000 {
        Task::new(tx.send_in_task(value)).must_finish().unwrap();
    }
    let mut cx = Context::from_waker(Waker::noop());
    for value in 0..1000 {
        assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Some(value)));
    }
}

#[test]
fn an_unconstrained_task_has_no_limit() {
    on_one_thread(|| async {
        let (tx, mut rx) = holding(0, 1000);
        let mut polls = 0;
        let mut moving = Box::pin(async move {
            for value in 0..1000 {
                tx.send_in_task(value).await.unwrap();
                assert_eq!(rx.recv().await, Some(value));
            }
        });
        unconstrained(std::future::poll_fn(|cx| {
            polls += 1;
            moving.as_mut().poll(cx)
        }))
        .await;
        assert_eq!(polls, 1);
    });
}

#[test]
fn in_blocking_code_there_is_no_limit() {
    fn moves_a_thousand() {
        let (tx, mut rx) = channel::<u64>(1);
        for value in 0..1000 {
            Task::new(tx.send_in_task(value)).must_finish().unwrap();
            assert_eq!(Task::new(rx.recv()).must_finish(), Some(value));
            tx.send_in_thread(value).unwrap();
            assert_eq!(rx.blocking_recv(), Some(value));
        }
    }
    on_two_threads(|| async {
        tokio::spawn(async { tokio::task::block_in_place(moves_a_thousand) }).await.unwrap();
        tokio::task::spawn_blocking(moves_a_thousand).await.unwrap();
    });
}
