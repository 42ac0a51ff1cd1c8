//! The receiver as a stream, as far as its kind matters.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use crate::adapter::Wakes;
use crate::mpsc::{Sender, channel, unbounded_channel};
use crate::stream::{ReceiverStream, UnboundedReceiverStream};

fn streaming(capacity: usize) -> (Sender<u64>, ReceiverStream<u64>) {
    let (tx, rx) = channel(capacity);
    (tx, ReceiverStream::new(rx))
}

fn next_for(stream: &mut ReceiverStream<u64>, waker: &Waker) -> Poll<Option<u64>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(waker))
}

fn next(stream: &mut ReceiverStream<u64>) -> Poll<Option<u64>> {
    next_for(stream, Waker::noop())
}

#[test]
fn taking_a_value_from_the_stream_makes_room() {
    let (tx, mut stream) = streaming(1);
    tx.try_send(1).unwrap();
    assert_eq!(tx.capacity(), 0);
    assert_eq!(next(&mut stream), Poll::Ready(Some(1)));
    assert_eq!(tx.capacity(), 1);
}

#[test]
fn a_closed_stream_yields_what_is_queued_and_sent_on_permits() {
    let (tx, mut stream) = streaming(2);
    tx.try_send(1).unwrap();
    let permit = tx.try_reserve().unwrap();
    stream.close();
    stream.close();
    assert!(tx.is_closed());
    tx.try_send(9).unwrap_err();
    assert_eq!(next(&mut stream), Poll::Ready(Some(1)));
    let wakes = Wakes::new();
    assert!(next_for(&mut stream, &wakes.clone().into()).is_pending());
    permit.send(2);
    assert_eq!(wakes.count(), 1);
    assert_eq!(next(&mut stream), Poll::Ready(Some(2)));
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn an_open_stream_hints_at_least_what_is_queued_and_no_more() {
    let (tx, mut stream) = streaming(5);
    assert_eq!(stream.size_hint(), (0, None));
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let _permit = tx.try_reserve().unwrap();
    assert_eq!(stream.size_hint(), (2, None));
    assert_eq!(next(&mut stream), Poll::Ready(Some(1)));
    assert_eq!(stream.size_hint(), (1, None));
}

#[test]
fn a_closed_stream_hints_at_most_what_is_queued_and_permitted() {
    let (tx, mut stream) = streaming(5);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let (used, dropped) = (tx.try_reserve().unwrap(), tx.try_reserve().unwrap());
    stream.close();
    assert_eq!(stream.size_hint(), (2, Some(4)));
    drop(dropped);
    assert_eq!(stream.size_hint(), (2, Some(3)));
    used.send(3);
    assert_eq!(stream.size_hint(), (3, Some(3)));
    for left in (0..3).rev() {
        assert!(next(&mut stream).is_ready());
        assert_eq!(stream.size_hint(), (left, Some(left)));
    }
    assert_eq!(next(&mut stream), Poll::Ready(None));
    assert_eq!(stream.size_hint(), (0, Some(0)));
}

#[test]
fn dropping_the_stream_closes_the_channel() {
    let (tx, stream) = streaming(2);
    tx.try_send(1).unwrap();
    drop(stream);
    assert!(tx.is_closed());
    assert_eq!(tx.capacity(), 2);
}

#[test]
fn a_stream_shows_itself_with_its_receiver() {
    let (_tx, stream) = streaming(1);
    assert!(format!("{stream:?}").starts_with("ReceiverStream { inner: Receiver {"));
}

#[test]
fn an_unbounded_stream_shows_itself_with_its_receiver() {
    let (_tx, rx) = unbounded_channel::<u64>();
    let stream = UnboundedReceiverStream::new(rx);
    assert!(format!("{stream:?}").starts_with("UnboundedReceiverStream { inner: UnboundedReceiver {"));
}
