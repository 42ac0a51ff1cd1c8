//! What tokio does and this crate does not, by choice: each stands in `docs/limits.md` with its reason.

use std::time::Duration;

use crate::adapter::{Otherwise, Task, auto_traits, given, some, table};
use crate::mpsc::error::TryRecvError;
use crate::mpsc::{Sender, channel};

#[test]
fn a_closed_channel_has_not_ended_while_a_woken_sender_has_not_heard_of_it() {
    let (tx, mut rx) = channel::<u64>(1);
    tx.try_send(0).unwrap();
    let woken = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    let mut recv = Task::waiting(rx.recv());
    drop(woken);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
}

#[test]
fn a_closed_channel_has_not_ended_while_a_reservation_that_has_gathered_room_has_not_heard_of_it() {
    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let gathering = Task::waiting(tx.reserve_many(3));
    assert_eq!(tx.capacity(), 0);
    rx.close();
    drop(one);
    let mut recv = Task::waiting(rx.recv());
    drop(gathering);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);

    let (tx, mut rx) = channel::<u64>(3);
    let one = tx.try_reserve().unwrap();
    let mut gathering = Task::waiting(tx.reserve_many(3));
    rx.close();
    drop(one);
    let mut recv = Task::waiting(rx.recv());
    assert!(gathering.must_finish().is_err());
    drop(gathering);
    assert!(recv.is_woken());
    assert_eq!(recv.must_finish(), None);
    drop(recv);
    assert_eq!(rx.capacity(), 3);
}

#[test]
fn the_futures_of_senders_do_not_cross_a_caught_panic() {
    let found = table! {
        "send": |T| given(|tx: &Sender<T>| tx.send(some()));
        "send_timeout": |T| given(|tx: &Sender<T>| tx.send_timeout(some(), Duration::ZERO));
        "closed": |T| given(|tx: &Sender<T>| tx.closed());
        "reserve": |T| given(|tx: &Sender<T>| tx.reserve());
        "reserve_many": |T| given(|tx: &Sender<T>| tx.reserve_many(1));
        "reserve_owned": |T| given(|tx: Sender<T>| tx.reserve_owned());
    };
    for line in found {
        let (name, columns) = line.split_at(16);
        assert!(columns.split_whitespace().all(|column| column.ends_with("--")), "{name}");
    }
}
