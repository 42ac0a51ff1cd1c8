//! `blocking_send`. Where it may be called is in `within/`.

use crate::adapter::{Blocked, finishes};
use crate::mpsc::channel;
use crate::mpsc::error::SendError;

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
