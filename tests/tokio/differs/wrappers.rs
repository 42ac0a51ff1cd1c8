//! What only tokio-util's wrapper does: each stands in `docs/limits.md` with its reason.

use std::task::{Context, Waker};

use crate::adapter::{Otherwise, Probe, Task, auto_traits, caught, table};
use crate::mpsc::channel;
use crate::sink::PollSender;

#[test]
fn a_sink_that_panicked_while_waiting_keeps_its_place_in_line() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut sender = PollSender::new(tx.clone());
    tx.try_send(0).unwrap();
    assert!(sender.poll_reserve(&mut Context::from_waker(Waker::noop())).is_pending());
    let mut next = Task::waiting(tx.send(2));
    caught(|| sender.send_item(1));
    assert_eq!(rx.try_recv(), Ok(0));
    next.must_wait();
    assert_eq!(tx.strong_count(), 3);
    drop(sender);
    next.must_finish().unwrap();
}

#[test]
fn a_polled_sender_does_not_cross_a_caught_panic() {
    let found = table! { "PollSender": |T| Probe::<PollSender<T>>::new(); };
    assert_eq!(found, ["PollSender       SYP-- SYP-- --P-- --P-- SYP-- SYP--"]);
}
