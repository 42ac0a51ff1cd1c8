//! Values too large for the stack: what each kind of call needs there, tried in children whose stack has room for that and no
//! more. A child that needs more dies. The numbers are those of `docs/limits.md`.

use std::{
    hint::black_box,
    pin::{Pin, pin},
    slice,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};
use tokio::runtime::Builder;

use futures_core::Stream;
use futures_sink::Sink;
use shmpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel,
    error::{SendError, TrySendError},
    sink::PollSender,
    stream::{ReceiverStream, UnboundedReceiverStream},
    unbounded_channel,
};

use crate::{
    HOUR,
    adapter::{block_on, some},
    people::{patience, start},
};

/// A value of a mebibyte.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(transparent)]
struct Large([[u64; 512]; 256]);

// SAFETY: it is made of integers alone.
unsafe impl bytemuck::Zeroable for Large {}
// SAFETY: as above, and without padding.
unsafe impl bytemuck::Pod for Large {}

/// What a call may use beside values: a quarter of one.
const SPARE: usize = size_of::<Large>() / 4;

/// A call, with all that it needs made before.
type Call = Box<dyn FnOnce() + Send>;

/// A value that was never on the stack.
fn value() -> Box<Large> {
    let mut value = bytemuck::zeroed_box::<Large>();
    value.0.iter_mut().for_each(|page| *page = [7; 512]);
    value
}

fn is_value(value: &Large) -> bool {
    value.0.iter().all(|page| *page == [7; 512])
}

/// A channel that holds a value.
fn full() -> (Sender<Large>, Receiver<Large>) {
    let (tx, rx) = channel::<Large>(1);
    tx.try_send_ref(&value()).unwrap();
    (tx, rx)
}

/// A call on the receiver of a channel that holds a value.
fn receives(call: impl FnOnce(&mut Receiver<Large>) + Send + 'static) -> Call {
    let (tx, mut rx) = full();
    Box::new(move || {
        call(&mut rx);
        drop(tx);
    })
}

/// A call on a sender, which sends a value that the receiver then has.
fn sends(call: impl FnOnce(&Sender<Large>, &Large) + Send + 'static) -> Call {
    let ((tx, mut rx), value) = (channel(1), value());
    Box::new(move || {
        call(&tx, &value);
        assert!(is_value(&rx.try_recv_boxed().unwrap()));
    })
}

/// A call on a sender that is refused, in a full channel or a closed one.
fn is_refused(call: impl FnOnce(&Sender<Large>, &Large) + Send + 'static) -> Call {
    let ((tx, rx), value) = (full(), value());
    Box::new(move || {
        call(&tx, &value);
        drop(rx);
    })
}

/// A future that was made on another stack is polled once, and is ready.
fn polled<F: Future + Send + 'static>(future: F) -> Call
where
    F::Output: 'static,
{
    let mut future = Box::pin(future);
    Box::new(move || {
        let polled = future.as_mut().poll(&mut context());
        assert!(black_box(&polled).is_ready());
    })
}

/// Does so in a runtime that has a clock.
fn polled_with_a_clock<F: Future + Send + 'static>(future: F) -> Call
where
    F::Output: 'static,
{
    let (runtime, call) = (Builder::new_current_thread().enable_time().build().unwrap(), polled(future));
    Box::new(move || {
        let _entered = runtime.enter();
        call();
    })
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Lets a channel's end live as long as the futures that borrow it.
fn leaked<T>(end: T) -> &'static mut T {
    Box::leak(Box::new(end))
}

/// An unbounded channel that holds a value.
fn unbounded() -> (UnboundedSender<Large>, UnboundedReceiver<Large>) {
    let (tx, rx) = unbounded_channel::<Large>();
    tx.send_ref(&value()).unwrap();
    (tx, rx)
}

/// A call of the receiver of an unbounded channel that holds a value.
fn receives_unbounded(call: impl FnOnce(&mut UnboundedReceiver<Large>) + Send + 'static) -> Call {
    let (tx, mut rx) = unbounded();
    Box::new(move || {
        call(&mut rx);
        drop(tx);
    })
}

/// A call that sends a value without a bound.
fn sends_unbounded(call: impl FnOnce(&UnboundedSender<Large>, &Large) + Send + 'static) -> Call {
    let ((tx, mut rx), value) = (unbounded_channel(), value());
    Box::new(move || {
        call(&tx, &value);
        assert!(is_value(&rx.try_recv_boxed().unwrap()));
    })
}

/// The calls that need no room for a value on the stack.
fn needs_none(call: &str) -> Option<Call> {
    let many = |received: &mut Vec<Large>| assert!(received.len() == 1 && is_value(&received[0]));
    Some(match call {
        "recv_many" => receives(move |rx| {
            let mut values = Vec::new();
            assert_eq!(block_on(rx.recv_many(&mut values, 2)), 1);
            many(&mut values);
        }),
        "try_recv_many" => receives(move |rx| {
            let mut values = Vec::new();
            assert_eq!(rx.try_recv_many(&mut values, 2), Ok(1));
            many(&mut values);
        }),
        "blocking_recv_many" => receives(move |rx| {
            let mut values = Vec::new();
            assert_eq!(rx.blocking_recv_many(&mut values, 2), 1);
            many(&mut values);
        }),
        "poll_recv_many" => receives(move |rx| {
            let mut values = Vec::new();
            assert_eq!(rx.poll_recv_many(&mut context(), &mut values, 2), Poll::Ready(1));
            many(&mut values);
        }),
        "recv_boxed" => receives(|rx| assert!(is_value(&block_on(rx.recv_boxed()).unwrap()))),
        "try_recv_boxed" => receives(|rx| assert!(is_value(&rx.try_recv_boxed().unwrap()))),
        "blocking_recv_boxed" => receives(|rx| assert!(is_value(&rx.blocking_recv_boxed().unwrap()))),
        "send_many" => sends(|tx, value| block_on(tx.send_many(slice::from_ref(value))).unwrap()),
        "try_send_many" => sends(|tx, value| assert_eq!(tx.try_send_many(slice::from_ref(value)), Ok(1))),
        "blocking_send_many" => sends(|tx, value| tx.blocking_send_many(slice::from_ref(value)).unwrap()),
        "send_ref" => sends(|tx, value| block_on(tx.send_ref(value)).unwrap()),
        "try_send_ref" => sends(|tx, value| tx.try_send_ref(value).unwrap()),
        "blocking_send_ref" => sends(|tx, value| tx.blocking_send_ref(value).unwrap()),
        "Permit::send_ref" => sends(|tx, value| tx.try_reserve().unwrap().send_ref(value)),
        "OwnedPermit::send_ref" => {
            sends(|tx, value| drop(tx.clone().try_reserve_owned().unwrap().send_ref(value)))
        }
        "try_send_ref, refused" => {
            is_refused(|tx, value| assert_eq!(tx.try_send_ref(value), Err(TrySendError::Full(()))))
        }
        "unbounded: recv_many" => receives_unbounded(move |rx| {
            let mut values = Vec::new();
            assert_eq!(block_on(rx.recv_many(&mut values, 2)), 1);
            many(&mut values);
        }),
        "unbounded: recv_boxed" => {
            receives_unbounded(|rx| assert!(is_value(&block_on(rx.recv_boxed()).unwrap())))
        }
        "unbounded: send_many" => sends_unbounded(|tx, value| tx.send_many(slice::from_ref(value)).unwrap()),
        "unbounded: try_send_many" => {
            sends_unbounded(|tx, value| assert_eq!(tx.try_send_many(slice::from_ref(value)), Ok(1)))
        }
        "unbounded: send_ref" => sends_unbounded(|tx, value| tx.send_ref(value).unwrap()),
        "unbounded: try_send_ref" => sends_unbounded(|tx, value| tx.try_send_ref(value).unwrap()),
        "a receiver is dropped" => {
            let (tx, rx) = full();
            Box::new(move || drop((rx, tx)))
        }
        _ => return None,
    })
}

/// The calls that need room for one value: their result, or their argument.
fn needs_one(call: &str) -> Option<Call> {
    Some(match call {
        "try_recv" => receives(|rx| assert!(black_box(&rx.try_recv()).is_ok())),
        "blocking_recv" => receives(|rx| assert!(black_box(&rx.blocking_recv()).is_some())),
        "blocking_recv_timeout" => receives(|rx| assert!(black_box(&rx.blocking_recv_timeout(HOUR)).is_ok())),
        "poll_recv" => receives(|rx| assert!(black_box(&rx.poll_recv(&mut context())).is_ready())),
        "recv" => {
            let (tx, rx) = full();
            leaked(tx);
            polled(leaked(rx).recv())
        }
        "try_peek" => receives(|rx| assert!(black_box(&rx.try_peek()).is_ok())),
        "blocking_peek" => receives(|rx| assert!(black_box(&rx.blocking_peek()).is_some())),
        "poll_peek" => receives(|rx| assert!(black_box(&rx.poll_peek(&mut context())).is_ready())),
        "peek" => {
            let (tx, rx) = full();
            leaked(tx);
            polled(leaked(rx).peek())
        }
        "ReceiverStream" => {
            let (tx, rx) = full();
            let mut stream = ReceiverStream::new(rx);
            Box::new(move || {
                let polled = pin!(&mut stream).poll_next(&mut context());
                assert!(black_box(&polled).is_ready());
                drop(tx);
            })
        }
        "unbounded: try_recv" => receives_unbounded(|rx| assert!(black_box(&rx.try_recv()).is_ok())),
        "unbounded: recv" => {
            let (tx, rx) = unbounded();
            leaked(tx);
            polled(leaked(rx).recv())
        }
        "UnboundedReceiverStream" => {
            let (tx, rx) = unbounded();
            let mut stream = UnboundedReceiverStream::new(rx);
            Box::new(move || {
                let polled = pin!(&mut stream).poll_next(&mut context());
                assert!(black_box(&polled).is_ready());
                drop(tx);
            })
        }
        "send" => {
            let (tx, rx) = channel(1);
            leaked(rx);
            polled(leaked(tx).send(*value()))
        }
        "send_timeout" => {
            let (tx, rx) = channel(1);
            leaked(rx);
            polled_with_a_clock(leaked(tx).send_timeout(*value(), HOUR))
        }
        "send, refused" => polled(leaked(channel(1).0).send(*value())),
        "Permit::send" => sends(|tx, value| tx.try_reserve().unwrap().send(*value)),
        "OwnedPermit::send" => sends(|tx, value| drop(tx.clone().try_reserve_owned().unwrap().send(*value))),
        "PollSender::poll_reserve" => sends(|tx, value| {
            let mut sender = PollSender::new(tx.clone());
            assert!(black_box(&sender.poll_reserve(&mut context())).is_ready());
            assert!(sender.abort_send());
            tx.try_send_ref(value).unwrap();
        }),
        _ => return None,
    })
}

/// The calls that need room for two: their argument, and a result that may give it back.
fn needs_two(call: &str) -> Option<Call> {
    Some(match call {
        // Once in a fully optimized build. Tests are built with `opt-level = 1`.
        "recv_timeout" => {
            let (tx, rx) = full();
            leaked(tx);
            polled_with_a_clock(leaked(rx).recv_timeout(HOUR))
        }
        "unbounded: send" => sends_unbounded(|tx, value| assert!(black_box(&tx.send(*value)).is_ok())),
        "unbounded: send, refused" => {
            let ((tx, rx), value) = (unbounded_channel(), value());
            drop(rx);
            Box::new(move || assert!(black_box(&tx.send(*value)).is_err()))
        }
        "unbounded: try_send" => {
            sends_unbounded(|tx, value| assert!(black_box(&tx.try_send(*value)).is_ok()))
        }
        "try_send" => sends(|tx, value| assert!(black_box(&tx.try_send(*value)).is_ok())),
        "try_send, refused" => is_refused(|tx, value| assert!(black_box(&tx.try_send(*value)).is_err())),
        "blocking_send" => sends(|tx, value| assert!(black_box(&tx.blocking_send(*value)).is_ok())),
        "blocking_send_timeout" => {
            sends(|tx, value| assert!(black_box(&tx.blocking_send_timeout(*value, HOUR)).is_ok()))
        }
        "PollSender::send_item" => {
            let ((tx, mut rx), value) = (channel(1), value());
            let mut sender = PollSender::new(tx);
            assert!(sender.poll_reserve(&mut context()).is_ready());
            Box::new(move || {
                assert!(black_box(&sender.send_item(*value)).is_ok());
                assert!(is_value(&rx.try_recv_boxed().unwrap()));
            })
        }
        "PollSender::start_send" => {
            let ((tx, mut rx), value) = (channel(1), value());
            let mut sender = PollSender::new(tx);
            assert!(sender.poll_reserve(&mut context()).is_ready());
            Box::new(move || {
                assert!(black_box(&Sink::start_send(Pin::new(&mut sender), *value)).is_ok());
                assert!(is_value(&rx.try_recv_boxed().unwrap()));
            })
        }
        _ => return None,
    })
}

/// Role: makes a call on a stack for so many values.
pub fn calls(call: &str) {
    let kinds = [needs_none, needs_one, needs_two];
    let prepared = on_a_stack(64 * size_of::<Large>(), || {
        kinds.iter().enumerate().find_map(|(values, kind)| Some((values, kind(call)?)))
    });
    let (values, call) = prepared.expect("a call");
    on_a_stack(values * size_of::<Large>() + SPARE, call);
}

fn on_a_stack<R: Send>(bytes: usize, run: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(bytes).spawn_scoped(scope, run);
        thread.unwrap().join().unwrap()
    })
}

#[track_caller]
fn all_work(calls: &[&str]) {
    let _patience = patience(Duration::from_secs(180));
    for call in calls {
        start(&format!("calls {call}"), "".as_ref()).end();
    }
}

#[test]
fn batches_boxes_and_references_need_no_stack_for_a_value() {
    all_work(&[
        "recv_many",
        "try_recv_many",
        "blocking_recv_many",
        "poll_recv_many",
        "recv_boxed",
        "try_recv_boxed",
        "blocking_recv_boxed",
        "send_many",
        "try_send_many",
        "blocking_send_many",
        "send_ref",
        "try_send_ref",
        "try_send_ref, refused",
        "blocking_send_ref",
        "Permit::send_ref",
        "OwnedPermit::send_ref",
        "unbounded: recv_many",
        "unbounded: recv_boxed",
        "unbounded: send_many",
        "unbounded: try_send_many",
        "unbounded: send_ref",
        "unbounded: try_send_ref",
        "a receiver is dropped",
    ]);
}

#[test]
fn a_value_that_is_received_is_on_the_stack_once() {
    all_work(&[
        "try_recv",
        "blocking_recv",
        "blocking_recv_timeout",
        "poll_recv",
        "recv",
        "recv_timeout",
        "try_peek",
        "blocking_peek",
        "poll_peek",
        "peek",
        "ReceiverStream",
        "unbounded: try_recv",
        "unbounded: recv",
        "UnboundedReceiverStream",
    ]);
}

#[test]
fn a_value_that_is_sent_is_on_the_stack_at_most_twice() {
    all_work(&[
        "send",
        "send, refused",
        "send_timeout",
        "Permit::send",
        "OwnedPermit::send",
        "PollSender::poll_reserve",
        "try_send",
        "try_send, refused",
        "blocking_send",
        "blocking_send_timeout",
        "PollSender::send_item",
        "PollSender::start_send",
        "unbounded: send",
        "unbounded: send, refused",
        "unbounded: try_send",
    ]);
}

#[test]
fn a_future_keeps_its_value_once() {
    fn size<A, F>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }
    let value = size_of::<Large>();
    let once = value..value + 1024;
    assert!(once.contains(&size(|tx: &Sender<Large>| tx.send(some()))));
    assert!(once.contains(&size(|tx: &Sender<Large>| tx.send_timeout(some(), HOUR))));
    assert!(size(|rx: &mut Receiver<Large>| rx.recv()) < 1024);
    assert!(size(|rx: &mut Receiver<Large>| rx.recv_timeout(HOUR)) < 1024);
    assert!(size(|rx: &mut Receiver<Large>| rx.peek()) < 1024);
}

#[test]
fn a_boxed_receipt_ends_and_waits_as_any_other() {
    let (tx, mut rx) = channel::<u64>(1);
    assert_eq!(rx.try_recv_boxed(), Err(shmpsc::error::TryRecvError::Empty));
    tx.try_send_ref(&1).unwrap();
    assert_eq!(tx.try_send_ref(&2), Err(TrySendError::Full(())));
    assert_eq!(rx.try_recv_boxed(), Ok(Box::new(1)));
    let thread = thread::spawn(move || {
        tx.blocking_send_ref(&3).unwrap();
        tx.blocking_send_ref(&4).unwrap();
        block_on(tx.send_ref(&5)).unwrap();
        tx
    });
    assert_eq!((rx.blocking_recv_boxed(), rx.blocking_recv_boxed()), (Some(Box::new(3)), Some(Box::new(4))));
    assert_eq!(block_on(rx.recv_boxed()), Some(Box::new(5)));
    let tx = thread.join().unwrap();
    rx.close();
    assert_eq!(tx.try_send_ref(&6), Err(TrySendError::Closed(())));
    assert_eq!(tx.blocking_send_ref(&6), Err(SendError(())));
    assert_eq!(block_on(tx.send_ref(&6)), Err(SendError(())));
    assert_eq!(rx.try_recv_boxed(), Err(shmpsc::error::TryRecvError::Disconnected));
    assert_eq!((rx.blocking_recv_boxed(), block_on(rx.recv_boxed())), (None, None));
}
