//! What the bodies do with a polled sender again and again.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::adapter::Wakes;
use crate::mpsc::{Receiver, Sender, channel};
use crate::sink::{PollSendError, PollSender};

/// A channel whose sender is polled, and a plain sender beside it.
pub fn polled(capacity: usize) -> (PollSender<u64>, Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    (PollSender::new(tx.clone()), tx, rx)
}

/// A channel whose only sender is polled.
pub fn only(capacity: usize) -> (PollSender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    (PollSender::new(tx), rx)
}

pub fn poll(sender: &mut PollSender<u64>) -> Poll<Result<(), PollSendError<u64>>> {
    sender.poll_reserve(&mut Context::from_waker(Waker::noop()))
}

/// It has room for one value now.
#[track_caller]
pub fn granted(sender: &mut PollSender<u64>) {
    assert!(matches!(poll(sender), Poll::Ready(Ok(()))), "no room where there must be");
}

/// It must wait.
#[track_caller]
pub fn waits(sender: &mut PollSender<u64>) {
    assert!(poll(sender).is_pending(), "ready where it must wait");
}

/// It must wait, and the counter is told when that has an end.
#[track_caller]
pub fn waits_for(sender: &mut PollSender<u64>) -> Arc<Wakes> {
    let wakes = Wakes::new();
    let waker = Waker::from(wakes.clone());
    assert!(sender.poll_reserve(&mut Context::from_waker(&waker)).is_pending(), "ready where it must wait");
    wakes
}

/// It can neither reserve nor send.
#[track_caller]
pub fn refused(sender: &mut PollSender<u64>) {
    for _ in 0..2 {
        let Poll::Ready(Err(error)) = poll(sender) else { panic!("not refused") };
        assert_eq!(error.into_inner(), None);
    }
    assert_eq!(sender.send_item(77).unwrap_err().into_inner(), Some(77));
    assert!(sender.is_closed());
}
