//! The receiver of either kind as a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::{Receiver, ReceiverStream, Sender, Sends, channel};
use crate::adapter::{
    Otherwise, Probe, UNITS, Wakes, auto_traits, budget_left, in_fresh_task, on_two_threads, table,
};
use crate::mpsc::error::{SendError, TryRecvError};

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
fn a_stream_yields_all_in_order_and_ends_with_the_last_sender() {
    let (tx, mut stream) = streaming(3);
    for value in 0..3 {
        tx.send_now(value).unwrap();
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
    tx.send_now(5).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
    assert_eq!(next(&mut stream), Poll::Ready(Some(5)));
    let last = Wakes::new();
    assert!(next_for(&mut stream, &last.clone().into()).is_pending());
    drop(tx);
    assert_eq!(last.count(), 1);
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn a_stream_without_senders_knows_how_many_values_are_left() {
    let (tx, stream) = streaming(5);
    tx.send_now(1).unwrap();
    tx.send_now(2).unwrap();
    drop(tx);
    assert_eq!(stream.size_hint(), (2, Some(2)));
}

#[test]
fn every_item_costs_one_unit_of_budget_and_waiting_none() {
    let left = in_fresh_task(|cx| {
        let (tx, mut stream) = streaming(3);
        for value in 0..3 {
            tx.send_now(value).unwrap();
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
        tx.send_now(1).unwrap();
        budget_left(cx);
        assert!(Pin::new(&mut stream).poll_next(cx).is_pending());
        assert_eq!(stream.size_hint(), (1, None));
    });
}

#[test]
fn the_receiver_can_be_used_in_its_stream_and_taken_out_again() {
    let (tx, mut stream) = streaming(3);
    for value in 0..3 {
        tx.send_now(value).unwrap();
    }
    assert_eq!(next(&mut stream), Poll::Ready(Some(0)));
    let inside: &Receiver<u64> = stream.as_ref();
    assert_eq!(inside.len(), 2);
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
fn a_stream_goes_where_its_receiver_may_go() {
    let found = table! { "stream": |T| Probe::<ReceiverStream<T>>::new(); };
    assert_eq!(found, ["stream           SYPUR SYPUR --PUR --PUR SYPUR SYPUR"]);
    assert_eq!(size_of::<ReceiverStream<u64>>(), size_of::<Receiver<u64>>());
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

#[test]
fn a_stream_counts_what_is_queued_and_once_closed_ends_after_it() {
    let (tx, mut stream) = streaming(5);
    assert_eq!(stream.size_hint(), (0, None));
    tx.send_now(1).unwrap();
    tx.send_now(2).unwrap();
    assert_eq!(stream.size_hint(), (2, None));
    assert_eq!(next(&mut stream), Poll::Ready(Some(1)));
    assert_eq!(stream.size_hint(), (1, None));
    stream.close();
    stream.close();
    assert_eq!(tx.send_now(9), Err(SendError(9)));
    assert_eq!(stream.size_hint(), (1, Some(1)));
    assert_eq!(next(&mut stream), Poll::Ready(Some(2)));
    assert_eq!(stream.size_hint(), (0, Some(0)));
    assert_eq!((next(&mut stream), next(&mut stream)), (Poll::Ready(None), Poll::Ready(None)));
}

#[test]
fn a_dropped_stream_closes_its_channel() {
    let (tx, stream) = streaming(2);
    tx.send_now(1).unwrap();
    drop(stream);
    assert!(tx.is_closed());
}

#[test]
fn values_of_many_tasks_reach_one_stream_each_in_its_order() {
    on_two_threads(|| async {
        let (tx, mut stream) = streaming(3);
        for me in 0..4 {
            let tx = tx.clone();
            tokio::spawn(async move {
                for value in 0..1000 {
                    tx.send_in_task(me << 32 | value).await.unwrap();
                }
            });
        }
        drop(tx);
        let mut wanted = [0; 4];
        while let Some(item) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
            let wanted = &mut wanted[(item >> 32) as usize];
            assert_eq!(item & 0xffff_ffff, *wanted);
            *wanted += 1;
        }
        assert_eq!(wanted, [1000; 4]);
    });
}
