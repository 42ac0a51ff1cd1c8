//! What a polled sender and its error are to the compiler and to who reads them.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_sink::Sink;

use super::acts::{granted, only, poll, waits};
use crate::adapter::{Otherwise, Probe, auto_traits, table, without_unwinding};
use crate::mpsc::{Sender, channel};
use crate::sink::{PollSendError, PollSender};

#[test]
fn it_goes_where_its_values_may_go() {
    let found = table! {
        "PollSender": |T| Probe::<PollSender<T>>::new();
        "PollSendError": |T| Probe::<PollSendError<T>>::new();
    };
    let expected = ["PollSender       SYP SYP --P --P SYP SYP", "PollSendError    SYP S-P -YP --P SY- SYP"];
    assert_eq!(found.map(|line| without_unwinding(&line)), expected);
    let found = table! { "PollSendError": |T| Probe::<PollSendError<T>>::new(); };
    assert_eq!(found, ["PollSendError    SYPUR S-PUR -YPUR --PUR SY-UR SYP--"]);
}

#[test]
fn structs_with_one_need_no_bound_on_their_values() {
    struct Holder<T> {
        sender: Option<PollSender<T>>,
        error: Option<PollSendError<T>>,
    }
    impl<T> Holder<T> {
        fn doubled(&self) -> Self {
            Self { sender: self.sender.clone(), error: None }
        }
    }
    let (sender, rx) = only(1);
    let holder = Holder { sender: Some(sender), error: None };
    let double = holder.doubled();
    assert!(double.sender.is_some() && double.error.is_none());
    assert_eq!(rx.sender_strong_count(), 4);
}

#[test]
fn it_sends_values_without_a_size() {
    let (tx, mut rx) = channel::<()>(1);
    let mut sender = PollSender::new(tx);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(sender.poll_reserve(&mut cx).is_ready());
    sender.send_item(()).unwrap();
    assert!(sender.poll_reserve(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(()));
    sender.close();
    assert_eq!(sender.send_item(()).unwrap_err().into_inner(), Some(()));
}

#[test]
fn it_shows_itself_by_name_in_every_state() {
    let (mut sender, mut rx) = only(1);
    let named = |sender: &PollSender<u64>| {
        assert!(format!("{sender:?}").starts_with("PollSender { sender: Some(Sender {"));
    };
    named(&sender);
    granted(&mut sender);
    named(&sender);
    sender.send_item(1).unwrap();
    waits(&mut sender);
    named(&sender);
    rx.close();
    assert!(poll(&mut sender).is_ready());
    named(&sender);
    sender.close();
    assert!(format!("{sender:?}").starts_with("PollSender { sender: None, "));
}

#[test]
fn its_error_says_that_the_channel_is_closed_and_has_the_value() {
    let (mut sender, rx) = only(1);
    drop(rx);
    let Poll::Ready(Err(empty)) = poll(&mut sender) else { panic!("the channel is closed") };
    assert_eq!(
        (empty.to_string(), format!("{empty:?}")),
        ("channel closed".into(), "PollSendError(None)".into())
    );
    let full = sender.send_item(7).unwrap_err();
    assert_eq!(
        (full.to_string(), format!("{full:?}")),
        ("channel closed".into(), "PollSendError(Some(7))".into())
    );
    let error: Box<dyn Error + Send + Sync> = Box::new(full);
    assert!(error.source().is_none());
    assert_eq!(error.downcast::<PollSendError<u64>>().unwrap().into_inner(), Some(7));
}

#[test]
fn its_methods_have_tokios_signatures() {
    type Ours = PollSender<u64>;
    type Polled = Poll<Result<(), PollSendError<u64>>>;
    let _: fn(Sender<u64>) -> Ours = PollSender::new;
    let _: fn(&mut Ours, &mut Context<'_>) -> Polled = PollSender::poll_reserve;
    let _: fn(&mut Ours, u64) -> Result<(), PollSendError<u64>> = PollSender::send_item;
    let _: fn(&Ours) -> bool = PollSender::is_closed;
    let _: fn(&Ours) -> Option<&Sender<u64>> = PollSender::get_ref;
    let _: fn(&mut Ours) = PollSender::close;
    let _: fn(&mut Ours) -> bool = PollSender::abort_send;
    let _: fn(&Ours) -> Ours = PollSender::clone;
    let _: fn(PollSendError<u64>) -> Option<u64> = PollSendError::into_inner;
    let _: fn(Pin<&mut Ours>, &mut Context<'_>) -> Polled = Sink::poll_ready;
    let _: fn(Pin<&mut Ours>, u64) -> Result<(), PollSendError<u64>> = Sink::start_send;
    let _: fn(Pin<&mut Ours>, &mut Context<'_>) -> Polled = Sink::poll_flush;
    let _: fn(Pin<&mut Ours>, &mut Context<'_>) -> Polled = Sink::poll_close;
}
