//! A polled sender and the coop budget of its task.

use std::task::Poll;

use super::acts::polled;
use crate::adapter::{UNITS, budget_left, in_fresh_task, on_one_thread};

#[test]
fn a_reservation_costs_one_unit_and_sending_or_giving_up_none() {
    let left = in_fresh_task(|cx| {
        let (mut sender, _tx, mut rx) = polled(4);
        for value in 0..3 {
            assert!(sender.poll_reserve(cx).is_ready());
            sender.send_item(value).unwrap();
            rx.try_recv().unwrap();
        }
        assert!(sender.poll_reserve(cx).is_ready());
        assert!(sender.abort_send());
        budget_left(cx)
    });
    assert_eq!(left, UNITS - 4);
}

#[test]
fn waiting_and_asking_again_with_room_in_hand_cost_nothing() {
    let left = in_fresh_task(|cx| {
        let (mut sender, tx, mut rx) = polled(1);
        tx.try_send(0).unwrap();
        for _ in 0..500 {
            assert!(sender.poll_reserve(cx).is_pending());
        }
        rx.try_recv().unwrap();
        for _ in 0..500 {
            assert!(sender.poll_reserve(cx).is_ready());
        }
        budget_left(cx)
    });
    assert_eq!(left, UNITS - 1);
}

#[test]
fn a_refusal_costs_nothing() {
    let left = in_fresh_task(|cx| {
        let (sender, _tx, rx) = polled(1);
        drop(rx);
        for _ in 0..500 {
            let mut fresh = sender.clone();
            assert!(matches!(fresh.poll_reserve(cx), Poll::Ready(Err(_))));
            assert!(matches!(fresh.poll_reserve(cx), Poll::Ready(Err(_))));
        }
        budget_left(cx)
    });
    assert_eq!(left, UNITS);
}

#[test]
fn a_poll_reserves_as_often_as_the_budget_and_then_gives_way() {
    let sent = in_fresh_task(|cx| {
        let (mut sender, _tx, rx) = polled(500);
        let mut sent = 0;
        while let Poll::Ready(Ok(())) = sender.poll_reserve(cx) {
            sender.send_item(sent).unwrap();
            sent += 1;
        }
        assert_eq!(rx.len() as u64, sent);
        sent as usize
    });
    assert_eq!(sent, UNITS);
}

#[test]
fn without_budget_it_waits_but_has_its_room_already() {
    in_fresh_task(|cx| {
        let (mut sender, tx, mut rx) = polled(2);
        budget_left(cx);
        assert!(sender.poll_reserve(cx).is_pending());
        assert_eq!((tx.capacity(), tx.strong_count()), (1, 3));
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap_err();
        assert!(sender.abort_send());
        assert_eq!((tx.capacity(), rx.try_recv()), (1, Ok(1)));
    });
}

#[test]
fn without_budget_room_in_hand_and_a_close_are_told_at_once() {
    in_fresh_task(|cx| {
        let (mut sender, _tx, rx) = polled(1);
        let mut other = sender.clone();
        assert!(sender.poll_reserve(cx).is_ready());
        budget_left(cx);
        assert!(matches!(sender.poll_reserve(cx), Poll::Ready(Ok(()))));
        drop(rx);
        assert!(matches!(other.poll_reserve(cx), Poll::Ready(Err(_))));
    });
}

#[test]
fn a_task_that_gave_way_is_polled_again_and_gets_its_room() {
    on_one_thread(|| async {
        let (mut sender, tx, _rx) = polled(1);
        let mut polls = 0;
        tokio::spawn(std::future::poll_fn(move |cx| {
            polls += 1;
            if polls == 1 {
                budget_left(cx);
                assert!(sender.poll_reserve(cx).is_pending());
                tx.try_send(9).unwrap_err();
                return Poll::Pending;
            }
            assert!(matches!(sender.poll_reserve(cx), Poll::Ready(Ok(()))));
            Poll::Ready(())
        }))
        .await
        .unwrap();
    });
}
