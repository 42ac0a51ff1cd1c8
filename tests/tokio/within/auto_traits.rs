//! Threads, pins, unwinding: every type and every future, for values of all kinds. Within one process: what the compiler knows of
//! a type it knows wherever it is.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::adapter::{
    Otherwise, Probe, Unshared, auto_traits, caught, given, some, table, without_unwinding,
};
#[allow(deprecated, reason = "so it is in tokio")]
use crate::mpsc::error::RecvError;
use crate::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use crate::mpsc::{
    OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver, UnboundedSender, WeakSender,
    WeakUnboundedSender, channel, unbounded_channel,
};

#[allow(deprecated, reason = "`RecvError` is, in tokio too")]
#[test]
fn handles_and_errors_have_the_auto_traits_of_tokios() {
    let found = table! {
        "Sender": |T| Probe::<Sender<T>>::new();
        "Receiver": |T| Probe::<Receiver<T>>::new();
        "WeakSender": |T| Probe::<WeakSender<T>>::new();
        "Permit": |T| Probe::<Permit<'static, T>>::new();
        "PermitIterator": |T| Probe::<PermitIterator<'static, T>>::new();
        "OwnedPermit": |T| Probe::<OwnedPermit<T>>::new();
        "SendError": |T| Probe::<SendError<T>>::new();
        "TrySendError": |T| Probe::<TrySendError<T>>::new();
        "SendTimeoutError": |T| Probe::<SendTimeoutError<T>>::new();
        "TryRecvError": |_T| Probe::<TryRecvError>::new();
        "RecvError": |_T| Probe::<RecvError>::new();
    };
    let expected = [
        "Sender           SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "Receiver         SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "WeakSender       SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "Permit           SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "PermitIterator   SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "OwnedPermit      SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "SendError        SYPUR S-PUR -YPUR --PUR SY-UR SYP--",
        "TrySendError     SYPUR S-PUR -YPUR --PUR SY-UR SYP--",
        "SendTimeoutError SYPUR S-PUR -YPUR --PUR SY-UR SYP--",
        "TryRecvError     SYPUR SYPUR SYPUR SYPUR SYPUR SYPUR",
        "RecvError        SYPUR SYPUR SYPUR SYPUR SYPUR SYPUR",
    ];
    assert_eq!(found, expected);
}

#[test]
fn unbounded_handles_have_the_auto_traits_of_tokios() {
    let found = table! {
        "sender": |T| Probe::<UnboundedSender<T>>::new();
        "receiver": |T| Probe::<UnboundedReceiver<T>>::new();
        "weak sender": |T| Probe::<WeakUnboundedSender<T>>::new();
    };
    let expected = [
        "sender           SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "receiver         SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
        "weak sender      SYPUR SYPUR --PUR --PUR SYPUR SYPUR",
    ];
    assert_eq!(found, expected);
}

#[test]
fn futures_of_unbounded_ends_go_to_threads_as_tokios_do() {
    let found = table! {
        "closed": |T| given(|tx: &UnboundedSender<T>| tx.closed());
        "recv": |T| given(|rx: &mut UnboundedReceiver<T>| rx.recv());
        "recv_many": |T| given(|(rx, values): (&mut UnboundedReceiver<T>, &mut Vec<T>)| rx.recv_many(values, 1));
    };
    let expected = [
        "closed           SY- SY- --- --- SY- SY-",
        "recv             SY- SY- --- --- SY- SY-",
        "recv_many        SY- S-- --- --- SY- SY-",
    ];
    assert_eq!(found.map(|line| without_unwinding(&line)), expected);
}

#[test]
fn unbounded_receivers_futures_cross_panics_as_tokios_do() {
    let found = table! {
        "recv": |T| given(|rx: &mut UnboundedReceiver<T>| rx.recv());
        "recv_many": |T| given(|(rx, values): (&mut UnboundedReceiver<T>, &mut Vec<T>)| rx.recv_many(values, 1));
    };
    let expected = [
        "recv             SY--R SY--R ----R ----R SY--R SY--R",
        "recv_many        SY--R S---R ----R ----R SY--R SY---",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_unbounded_recv_panics_when_polled_after_its_end() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    tx.send(1).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut recv = pin!(rx.recv());
        assert!(recv.as_mut().poll(&mut cx).is_ready());
        caught(|| recv.as_mut().poll(&mut cx));
    }
    assert!(rx.is_empty());
}

/// Futures without what unwinding asks of them, in which ours and tokio's differ.
#[test]
fn futures_go_to_threads_and_move_as_tokios_do() {
    let found = table! {
        "send": |T| given(|tx: &Sender<T>| tx.send(some()));
        "send_timeout": |T| given(|tx: &Sender<T>| tx.send_timeout(some(), Duration::ZERO));
        "closed": |T| given(|tx: &Sender<T>| tx.closed());
        "reserve": |T| given(|tx: &Sender<T>| tx.reserve());
        "reserve_many": |T| given(|tx: &Sender<T>| tx.reserve_many(1));
        "reserve_owned": |T| given(|tx: Sender<T>| tx.reserve_owned());
        "recv": |T| given(|rx: &mut Receiver<T>| rx.recv());
        "recv_many": |T| given(|(rx, values): (&mut Receiver<T>, &mut Vec<T>)| rx.recv_many(values, 1));
    };
    let expected = [
        "send             SY- S-- --- --- SY- SY-",
        "send_timeout     SY- S-- --- --- SY- SY-",
        "closed           SY- SY- --- --- SY- SY-",
        "reserve          SY- SY- --- --- SY- SY-",
        "reserve_many     SY- SY- --- --- SY- SY-",
        "reserve_owned    SY- SY- --- --- SY- SY-",
        "recv             SY- SY- --- --- SY- SY-",
        "recv_many        SY- S-- --- --- SY- SY-",
    ];
    assert_eq!(found.map(|line| without_unwinding(&line)), expected);
}

#[test]
fn futures_of_the_receiver_cross_a_caught_panic_as_tokios_do() {
    let found = table! {
        "recv": |T| given(|rx: &mut Receiver<T>| rx.recv());
        "recv_many": |T| given(|(rx, values): (&mut Receiver<T>, &mut Vec<T>)| rx.recv_many(values, 1));
    };
    let expected = [
        "recv             SY--R SY--R ----R ----R SY--R SY--R",
        "recv_many        SY--R S---R ----R ----R SY--R SY---",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_task_may_send_values_that_only_one_thread_may_look_at() {
    fn spawned<T: bytemuck::Pod + Send>(tx: Sender<T>, value: T) -> impl Future<Output = bool> {
        let task = tokio::spawn(async move {
            tx.send(value).await.unwrap();
            tx.send_timeout(value, Duration::from_secs(60)).await.is_ok()
        });
        async { task.await.unwrap() }
    }
    crate::adapter::on_two_threads(|| async {
        let (tx, mut rx) = channel::<Unshared>(2);
        assert!(spawned(tx, bytemuck::Zeroable::zeroed()).await);
        assert!(rx.recv().await.is_some() && rx.recv().await.is_some() && rx.recv().await.is_none());
    });
}

#[test]
fn a_future_that_has_finished_panics_when_it_is_polled_again() {
    let (tx, mut rx) = channel::<u64>(2);
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut send = pin!(tx.send(1));
        assert!(send.as_mut().poll(&mut cx).is_ready());
        caught(|| send.as_mut().poll(&mut cx));
    }
    {
        let mut recv = pin!(rx.recv());
        assert!(recv.as_mut().poll(&mut cx).is_ready());
        caught(|| recv.as_mut().poll(&mut cx));
    }
    assert!(rx.is_empty());
}
