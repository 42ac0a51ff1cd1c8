//! Threads, pins, unwinding: the types and futures that tokio does not have, for values of all kinds; and those futures of
//! tokio's names that may do more here.

use shmpsc::{
    Options, Receiver, Sender, UnboundedReceiver, UnboundedSender,
    error::{Corruption, OpenError, RecvTimeoutError, SendManyError, TrySendUnboundedError, ValueType},
    sink::PollSender,
};

use crate::{
    HOUR,
    adapter::{Otherwise, Probe, auto_traits, given, some, table},
};

#[test]
fn futures_beyond_tokio_go_where_what_they_hold_may_go() {
    let found = table! {
        "recv_timeout": |T| given(|rx: &mut Receiver<T>| rx.recv_timeout(HOUR));
        "peek": |T| given(|rx: &mut Receiver<T>| rx.peek());
        "recv_boxed": |T| given(|rx: &mut Receiver<T>| rx.recv_boxed());
        "send_many": |T| given(|tx: &Sender<T>| tx.send_many(some::<&[T]>()));
        "send_ref": |T| given(|tx: &Sender<T>| tx.send_ref(some::<&T>()));
    };
    // The last two hold references.
    let expected = [
        "recv_timeout     SY--- SY--- ----- ----- SY--- SY---",
        "peek             SY--R SY--R ----R ----R SY--R SY--R",
        "recv_boxed       SY--R SY--R ----R ----R SY--R SY--R",
        "send_many        SY-UR ---UR ---UR ---UR SY-UR SY---",
        "send_ref         SY-UR ---UR ---UR ---UR SY-UR SY---",
    ];
    assert_eq!(found, expected);
}

#[test]
fn unbounded_futures_beyond_tokio_go_where_bounded_ones_go() {
    let found = table! {
        "recv_timeout": |T| given(|rx: &mut UnboundedReceiver<T>| rx.recv_timeout(HOUR));
        "peek": |T| given(|rx: &mut UnboundedReceiver<T>| rx.peek());
        "recv_boxed": |T| given(|rx: &mut UnboundedReceiver<T>| rx.recv_boxed());
        "closed": |T| given(|tx: &UnboundedSender<T>| tx.closed());
    };
    let expected = [
        "recv_timeout     SY--- SY--- ----- ----- SY--- SY---",
        "peek             SY--R SY--R ----R ----R SY--R SY--R",
        "recv_boxed       SY--R SY--R ----R ----R SY--R SY--R",
        "closed           SY-UR SY-UR ---UR ---UR SY-UR SY-UR",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_futures_of_senders_may_cross_a_caught_panic() {
    let found = table! {
        "send": |T| given(|tx: &Sender<T>| tx.send(some()));
        "closed": |T| given(|tx: &Sender<T>| tx.closed());
        "reserve": |T| given(|tx: &Sender<T>| tx.reserve());
        "reserve_many": |T| given(|tx: &Sender<T>| tx.reserve_many(1));
        "reserve_owned": |T| given(|tx: Sender<T>| tx.reserve_owned());
    };
    let expected = [
        "send             SY-UR S--UR ---UR ---UR SY-UR SY---",
        "closed           SY-UR SY-UR ---UR ---UR SY-UR SY-UR",
        "reserve          SY-UR SY-UR ---UR ---UR SY-UR SY-UR",
        "reserve_many     SY-UR SY-UR ---UR ---UR SY-UR SY-UR",
        "reserve_owned    SY--R SY--R ----R ----R SY--R SY--R",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_polled_sender_may_cross_a_caught_panic() {
    let found = table! { "PollSender": |T| Probe::<PollSender<T>>::new(); };
    assert_eq!(found, ["PollSender       SYPUR SYPUR --PUR --PUR SYPUR SYPUR"]);
}

#[test]
fn options_and_errors_go_anywhere() {
    let found = [
        auto_traits!(Probe::<Options>::new()),
        auto_traits!(Probe::<Corruption>::new()),
        auto_traits!(Probe::<ValueType>::new()),
        auto_traits!(Probe::<RecvTimeoutError>::new()),
        auto_traits!(Probe::<SendManyError>::new()),
        auto_traits!(Probe::<TrySendUnboundedError<u64>>::new()),
        // What the system says may hold anything that is an error.
        auto_traits!(Probe::<OpenError>::new()),
    ];
    assert_eq!(found, ["SYPUR", "SYPUR", "SYPUR", "SYPUR", "SYPUR", "SYPUR", "SYP--"]);
}
