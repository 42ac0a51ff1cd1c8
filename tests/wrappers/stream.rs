//! The receiver as a stream.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use crate::adapter::{Otherwise, Probe, UNITS, Wakes, auto_traits, budget_left, in_fresh_task, table};
use crate::mpsc::error::TryRecvError;
use crate::mpsc::{Receiver, Sender, channel};
use crate::stream::ReceiverStream;

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
fn a_stream_yields_what_is_sent_in_order_and_ends_with_the_last_sender() {
    let (tx, mut stream) = streaming(3);
    for value in 0..3 {
        tx.try_send(value).unwrap();
    }
    drop(tx);
    for value in 0..3 {
        assert_eq!(next(&mut stream), Poll::Ready(Some(value)));
    }
    assert_eq!(next(&mut stream), Poll::Ready(None));
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn an_empty_stream_waits_and_wakes_the_waker_of_its_last_poll() {
    let (tx, mut stream) = streaming(1);
    let (old, new) = (Wakes::new(), Wakes::new());
    assert!(next_for(&mut stream, &old.clone().into()).is_pending());
    assert!(next_for(&mut stream, &new.clone().into()).is_pending());
    tx.try_send(5).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
    assert_eq!(next(&mut stream), Poll::Ready(Some(5)));
    let last = Wakes::new();
    assert!(next_for(&mut stream, &last.clone().into()).is_pending());
    drop(tx);
    assert_eq!(last.count(), 1);
    assert_eq!(next(&mut stream), Poll::Ready(None));
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
fn a_closed_stream_yields_what_is_queued_and_what_permits_still_send() {
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
fn an_open_stream_has_at_least_what_is_queued_and_no_upper_bound() {
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
fn a_closed_stream_has_at_most_what_is_queued_and_what_permits_may_send() {
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
fn a_stream_without_senders_knows_how_many_values_are_left() {
    let (tx, stream) = streaming(5);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    drop(tx);
    assert_eq!(stream.size_hint(), (2, Some(2)));
}

#[test]
fn every_item_costs_one_unit_of_budget_and_waiting_none() {
    let left = in_fresh_task(|cx| {
        let (tx, mut stream) = streaming(3);
        for value in 0..3 {
            tx.try_send(value).unwrap();
        }
        for _ in 0..3 {
            assert!(Pin::new(&mut stream).poll_next(cx).is_ready());
        }
        for _ in 0..9 {
            assert!(Pin::new(&mut stream).poll_next(cx).is_pending());
            assert_eq!(stream.size_hint(), (0, None));
        }
        budget_left(cx)
    });
    assert_eq!(left, UNITS - 3);
}

#[test]
fn without_budget_the_stream_waits_though_a_value_is_there() {
    in_fresh_task(|cx| {
        let (tx, mut stream) = streaming(1);
        tx.try_send(1).unwrap();
        budget_left(cx);
        assert!(Pin::new(&mut stream).poll_next(cx).is_pending());
        assert_eq!(stream.size_hint(), (1, None));
    });
}

#[test]
fn the_receiver_can_be_used_inside_its_stream_and_taken_out_again() {
    let (tx, mut stream) = streaming(3);
    for value in 0..3 {
        tx.try_send(value).unwrap();
    }
    assert_eq!(next(&mut stream), Poll::Ready(Some(0)));
    let inside: &Receiver<u64> = stream.as_ref();
    assert_eq!((inside.len(), inside.max_capacity()), (2, 3));
    let inside: &mut Receiver<u64> = stream.as_mut();
    assert_eq!(inside.try_recv(), Ok(1));
    let mut rx: Receiver<u64> = stream.into_inner();
    assert!(!rx.is_closed());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Err(TryRecvError::Empty)));
    let mut stream = ReceiverStream::from(rx);
    drop(tx);
    assert_eq!(next(&mut stream), Poll::Ready(None));
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
fn a_stream_goes_where_its_receiver_may_go() {
    let found = table! { "ReceiverStream": |T| Probe::<ReceiverStream<T>>::new(); };
    assert_eq!(found, ["ReceiverStream   SYPUR SYPUR --PUR --PUR SYPUR SYPUR"]);
    assert_eq!(size_of::<ReceiverStream<u64>>(), size_of::<Receiver<u64>>());
}

#[test]
fn a_stream_shows_itself_with_its_receiver() {
    let (_tx, stream) = streaming(1);
    assert!(format!("{stream:?}").starts_with("ReceiverStream { inner: Receiver {"));
}

#[test]
fn the_streams_methods_have_tokios_signatures() {
    type Ours = ReceiverStream<u64>;
    let _: fn(Receiver<u64>) -> Ours = ReceiverStream::new;
    let _: fn(Receiver<u64>) -> Ours = ReceiverStream::from;
    let _: fn(Ours) -> Receiver<u64> = ReceiverStream::into_inner;
    let _: fn(&mut Ours) = ReceiverStream::close;
    let _: fn(&Ours) -> &Receiver<u64> = ReceiverStream::as_ref;
    let _: fn(&mut Ours) -> &mut Receiver<u64> = ReceiverStream::as_mut;
    let _: fn(Pin<&mut Ours>, &mut Context<'_>) -> Poll<Option<u64>> = Stream::poll_next;
    let _: fn(&Ours) -> (usize, Option<usize>) = Stream::size_hint;
}
