//! `peek` in all its forms: a look at the next value, which stays where it is.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shmpsc::error::TryRecvError;

use super::{
    Receiver, Sends, channel,
    with::{ended, holding},
};
use crate::{
    HOUR,
    adapter::{
        Blocked, REFUSAL, Task, UNITS, Wakes, block_on, caught, cost, finishes, in_fresh_task, on_one_thread,
    },
};

/// Every way to look without waiting for long.
fn peek_in_each_way(rx: &mut Receiver<u64>) -> [Option<u64>; 4] {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(polled) = rx.poll_peek(&mut cx) else { panic!("a value or the end is there") };
    [rx.try_peek().ok(), rx.blocking_peek(), block_on(rx.peek()), polled]
}

#[test]
fn a_peek_copies_the_next_value_and_leaves_it() {
    finishes(|| {
        let (tx, mut rx) = holding(2, 2);
        for value in 0..2 {
            for _ in 0..3 {
                assert_eq!(peek_in_each_way(&mut rx), [Some(value); 4]);
                assert_eq!((rx.len(), tx.len()), (2, 2));
            }
            assert_eq!(rx.try_recv(), Ok(value));
            if value == 0 {
                tx.send_now(9).unwrap();
                assert_eq!(rx.try_peek(), Ok(1), "what came after it stands behind it");
            }
        }
        assert_eq!((rx.try_recv(), rx.try_peek()), (Ok(9), Err(TryRecvError::Empty)));
    });
}

#[test]
fn every_kind_of_receipt_begins_with_the_peeked_value() {
    type Receive = fn(&mut Receiver<u64>) -> Vec<u64>;
    fn collected(receive: impl FnOnce(&mut Vec<u64>) -> usize) -> Vec<u64> {
        let mut values = Vec::new();
        assert_eq!(receive(&mut values), values.len());
        values
    }
    fn ready<R>(polled: Poll<R>) -> R {
        let Poll::Ready(result) = polled else { panic!("it waits") };
        result
    }
    let kinds: [Receive; 10] = [
        |rx| vec![rx.try_recv().unwrap()],
        |rx| vec![rx.blocking_recv().unwrap()],
        |rx| vec![block_on(rx.recv()).unwrap()],
        |rx| vec![ready(rx.poll_recv(&mut Context::from_waker(Waker::noop()))).unwrap()],
        |rx| vec![rx.blocking_recv_timeout(HOUR).unwrap()],
        |rx| vec![rx.blocking_recv_timeout(Duration::ZERO).unwrap()],
        |rx| collected(|values| rx.try_recv_many(values, 9).unwrap()),
        |rx| collected(|values| rx.blocking_recv_many(values, 9)),
        |rx| collected(|values| block_on(rx.recv_many(values, 9))),
        |rx| collected(|values| ready(rx.poll_recv_many(&mut Context::from_waker(Waker::noop()), values, 9))),
    ];
    finishes(move || {
        for receive in kinds {
            let (_tx, mut rx) = holding(3, 3);
            assert_eq!(rx.try_peek(), Ok(0));
            let mut values = receive(&mut rx);
            values.extend(std::iter::from_fn(|| rx.try_recv().ok()));
            assert_eq!(values, [0, 1, 2]);
            assert!(rx.is_empty());
        }
    });
}

#[test]
fn a_peek_waits_until_a_value_comes() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut peek = Task::waiting(rx.peek());
        tx.send_now(1).unwrap();
        assert!(peek.is_woken());
        assert_eq!(peek.must_finish(), Some(1));
        drop(peek);
        assert_eq!(rx.recv().await, Some(1));
    });
}

#[test]
fn a_blocking_peek_sleeps_until_a_value_comes() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let peeking = Blocked::asleep_in(move || (rx.blocking_peek(), rx));
        tx.send_now(1).unwrap();
        let (peeked, mut rx) = peeking.returned();
        assert_eq!((peeked, rx.len(), rx.try_recv()), (Some(1), 1, Ok(1)));
    });
}

#[test]
fn a_cancelled_peek_loses_nothing() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        drop(Task::waiting(rx.peek()));
        let woken = Task::waiting(rx.peek());
        tx.send_now(1).unwrap();
        assert!(woken.is_woken());
        drop(woken);
        tx.send_now(2).unwrap();
        let mut finished = Task::new(rx.peek());
        assert_eq!(finished.must_finish(), Some(1));
        drop(finished);
        assert_eq!((rx.recv().await, rx.recv().await), (Some(1), Some(2)));
    });
}

#[test]
fn a_peek_and_a_receipt_share_the_one_waker() {
    let (tx, mut rx) = channel::<u64>(1);
    let [first, second, third] = [(); 3].map(|()| Wakes::new());
    assert!(rx.poll_peek(&mut Context::from_waker(&first.clone().into())).is_pending());
    assert!(rx.poll_recv(&mut Context::from_waker(&second.clone().into())).is_pending());
    assert!(rx.poll_peek(&mut Context::from_waker(&third.clone().into())).is_pending());
    tx.send_now(1).unwrap();
    assert_eq!([first, second, third].map(|wakes| wakes.count()), [0, 0, 1]);
}

#[test]
fn a_peek_finds_what_is_left_after_a_close_and_then_the_end() {
    finishes(|| {
        let (tx, mut rx) = holding(2, 2);
        rx.close();
        drop(tx);
        for value in 0..2 {
            assert_eq!(peek_in_each_way(&mut rx), [Some(value); 4]);
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert_eq!(peek_in_each_way(&mut rx), [None; 4]);
        assert_eq!(rx.try_peek(), Err(TryRecvError::Disconnected));
    });
}

#[test]
fn a_waiting_peek_learns_of_the_end() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let mut peek = Task::waiting(rx.peek());
        drop(tx);
        assert!(peek.is_woken());
        assert_eq!(peek.must_finish(), None);
        let (tx, mut rx) = channel::<u64>(1);
        let peeking = Blocked::asleep_in(move || rx.blocking_peek());
        drop(tx);
        assert_eq!(peeking.returned(), None);
    });
}

#[test]
fn a_peeked_value_goes_with_a_receiver_that_is_handed_over() {
    let (_tx, mut rx) = holding(2, 2);
    assert_eq!(rx.try_peek(), Ok(0));
    let mut rx = Receiver::<u64>::from_fd(rx.into_fd().unwrap()).unwrap();
    assert_eq!((rx.try_peek(), rx.try_recv(), rx.try_recv()), (Ok(0), Ok(0), Ok(1)));
}

#[test]
fn a_ready_peek_costs_one_unit_and_one_that_waits_none() {
    assert_eq!(cost(|cx| assert_eq!(holding(1, 1).1.poll_peek(cx), Poll::Ready(Some(0)))), 1);
    assert_eq!(cost(|cx| assert!(Task::new(holding(1, 1).1.peek()).poll_for(cx.waker()).is_ready())), 1);
    assert_eq!(cost(|cx| assert_eq!(ended().poll_peek(cx), Poll::Ready(None))), 1);
    let waiting = cost(|cx| {
        let (_tx, mut rx) = channel::<u64>(1);
        (0..500).for_each(|_| assert!(rx.poll_peek(cx).is_pending()));
    });
    assert_eq!(waiting, 0);
}

#[test]
fn a_task_that_only_peeks_gives_way() {
    let peeks = in_fresh_task(|cx| {
        let (_tx, mut rx) = holding(1, 1);
        (0..1000).take_while(|_| rx.poll_peek(cx).is_ready()).count()
    });
    assert_eq!(peeks, UNITS);
}

#[test]
fn a_blocking_peek_is_refused_where_tasks_run() {
    on_one_thread(|| async {
        let (_tx, mut rx) = holding(1, 1);
        let (panic, line) = (caught(|| rx.blocking_peek()), line!());
        assert_eq!((panic.message.as_str(), panic.file.as_str(), panic.line), (REFUSAL, file!(), line));
        assert_eq!(rx.try_recv(), Ok(0));
    });
}

#[test]
fn peeking_has_the_signatures_of_receiving() {
    fn gives<R>(_: impl Future<Output = R> + Send) {}
    let _: fn(&mut Receiver<u64>) -> Result<u64, TryRecvError> = Receiver::try_peek;
    let _: fn(&mut Receiver<u64>) -> Option<u64> = Receiver::blocking_peek;
    let _: fn(&mut Receiver<u64>, &mut Context<'_>) -> Poll<Option<u64>> = Receiver::poll_peek;
    gives::<Option<u64>>(channel::<u64>(1).1.peek());
}

#[test]
fn a_value_without_a_size_is_peeked_and_stays() {
    let (tx, mut rx) = channel::<()>(1);
    assert_eq!(rx.try_peek(), Err(TryRecvError::Empty));
    tx.send_now(()).unwrap();
    assert_eq!((rx.try_peek(), rx.len(), rx.try_recv()), (Ok(()), 1, Ok(())));
    assert_eq!(rx.try_peek(), Err(TryRecvError::Empty));
}
