//! What the receiver does that is killed or stopped. It says just before and just after it that it is there, and nothing in between.

use std::{
    fmt::Write,
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use nix::sys::{ptrace, signal::raise};
use shmpsc::{
    Receiver,
    error::{OpenError, RecvTimeoutError, TryRecvError},
};

use crate::{
    around::{CAPACITY, MEMBERS, Queued},
    operations::MARK,
    people::{eventually, next_order, stay, tell},
    world::{Value, value},
};

/// How the channel is once the operation has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Open,
    /// Closed, and what is queued can be received.
    Closed,
    /// There is no receiver.
    Gone,
}

/// One operation of a receiver, or two that belong together.
pub struct Operation {
    pub name: &'static str,
    /// How many values it takes at most.
    pub takes: u64,
    pub queued: &'static [Queued],
    pub then: Then,
    /// Whether the receiver was closed before.
    pub is_closed: bool,
    /// Whether it may sleep, until there is a value.
    pub sleeps: bool,
    /// Whether it is too long a way for a sample.
    pub is_long: bool,
    /// Whether all its positions before a half-full queue are visited also in a sample.
    pub is_short: bool,
    is_async: bool,
    act: fn(&mut Hands),
}

/// What a receiver has at hand.
struct Hands {
    receiver: Option<Receiver<Value>>,
    /// What the operation has received.
    taken: Vec<Value>,
    /// What it has seen and not received.
    peeked: Option<Value>,
}

impl Hands {
    fn new(receiver: Receiver<Value>) -> Hands {
        Hands { receiver: Some(receiver), taken: Vec::with_capacity(16), peeked: None }
    }

    fn receiver(&mut self) -> &mut Receiver<Value> {
        self.receiver.as_mut().expect("it has not been dropped")
    }

    /// Receives so many values, which are there or will come.
    fn receives(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.receiver().blocking_recv().expect("more will come")).collect()
    }
}

use Queued::{AtTheWrap, Dead, Full, Half, Late, None as Nothing, Stalled};

const WITHOUT_WAIT: &[Queued] = &[Nothing, Half, Full, AtTheWrap, Stalled, Late, Dead];
const WITH_VALUES: &[Queued] = &[Half, Full, AtTheWrap, Stalled, Late, Dead];

const fn operation(
    name: &'static str,
    takes: u64,
    queued: &'static [Queued],
    act: fn(&mut Hands),
) -> Operation {
    Operation {
        name,
        takes,
        queued,
        then: Then::Open,
        is_closed: false,
        sleeps: false,
        is_long: false,
        is_short: false,
        is_async: false,
        act,
    }
}

const fn task(operation: Operation) -> Operation {
    Operation { is_async: true, ..operation }
}

const fn ending(then: Then, operation: Operation) -> Operation {
    Operation { then, ..operation }
}

const fn asleep(operation: Operation) -> Operation {
    Operation { sleeps: true, is_long: true, queued: &[Nothing], ..operation }
}

const fn long(operation: Operation) -> Operation {
    Operation { is_long: true, ..operation }
}

const fn short(operation: Operation) -> Operation {
    Operation { is_short: true, ..operation }
}

const fn closed(operation: Operation) -> Operation {
    Operation { is_closed: true, ..operation }
}

pub const ALL: &[Operation] = &[
    short(operation("try-recv", 1, WITHOUT_WAIT, try_recv)),
    short(operation("try-recv-many", 3, WITHOUT_WAIT, try_recv_many)),
    short(operation("blocking-recv", 1, WITH_VALUES, blocking_recv)),
    asleep(operation("blocking-recv-asleep", 1, &[], blocking_recv)),
    short(operation("recv-timeout", 1, &[Nothing, Half], recv_timeout)),
    short(task(operation("recv", 1, WITH_VALUES, recv))),
    task(asleep(operation("recv-asleep", 1, &[], recv))),
    long(task(operation("recv-cancelled", 1, &[Nothing], recv_cancelled))),
    short(task(operation("recv-many", 3, &[Half, Full, AtTheWrap, Late], recv_many))),
    short(operation("try-peek", 0, WITHOUT_WAIT, try_peek)),
    short(operation("peek-recv", 1, WITH_VALUES, peek_recv)),
    ending(Then::Closed, operation("close", 0, &[Nothing, Full, Stalled], close)),
    ending(Then::Closed, closed(operation("end", 0, &[Nothing], end))),
    long(ending(Then::Gone, operation("drop", 0, &[Nothing, Full, Late], drop_it))),
    long(ending(Then::Gone, closed(operation("drop-closed", 0, &[Half], drop_it)))),
];

/// Nobody else may take part in it, so it is led through a scene of its own.
pub const HAND_OVER: Operation = operation("hand-over", 0, &[], hand_over);

impl Operation {
    pub fn named(name: &str) -> &'static Operation {
        let found = ALL.iter().chain([&HAND_OVER]).find(|operation| operation.name == name);
        found.unwrap_or_else(|| panic!("no operation {name} of a receiver"))
    }
}

fn try_recv(hands: &mut Hands) {
    if let Ok(value) = hands.receiver().try_recv() {
        hands.taken.push(value);
    }
}

fn try_recv_many(hands: &mut Hands) {
    let Hands { receiver, taken, .. } = hands;
    let _ = receiver.as_mut().expect("it is there").try_recv_many(taken, 3);
}

fn blocking_recv(hands: &mut Hands) {
    let value = hands.receiver().blocking_recv().expect("it is open");
    hands.taken.push(value);
}

fn recv_timeout(hands: &mut Hands) {
    match hands.receiver().blocking_recv_timeout(Duration::ZERO) {
        Ok(value) => hands.taken.push(value),
        Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
    }
}

fn looks<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn recv(hands: &mut Hands) {
    let value = {
        let mut recv = pin!(hands.receiver().recv());
        loop {
            match looks(recv.as_mut()) {
                Poll::Ready(value) => break value.expect("it is open"),
                // A value comes when this thread is seen asleep.
                Poll::Pending => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    };
    hands.taken.push(value);
}

/// Waits, and gives up.
fn recv_cancelled(hands: &mut Hands) {
    // A value may have come after all.
    let looked = looks(pin!(hands.receiver().recv()));
    if let Poll::Ready(value) = looked {
        hands.taken.extend(value);
    }
}

fn recv_many(hands: &mut Hands) {
    let Hands { receiver, taken, .. } = hands;
    let recv = pin!(receiver.as_mut().expect("it is there").recv_many(taken, 3));
    assert!(looks(recv).is_ready());
}

fn try_peek(hands: &mut Hands) {
    hands.peeked = hands.receiver().try_peek().ok();
}

fn peek_recv(hands: &mut Hands) {
    let peeked = hands.receiver().blocking_peek();
    let received = hands.receiver().blocking_recv();
    assert_eq!(received, peeked);
    hands.taken.extend(received);
}

fn close(hands: &mut Hands) {
    hands.receiver().close();
}

fn end(hands: &mut Hands) {
    assert_eq!(hands.receiver().blocking_recv(), None);
}

fn drop_it(hands: &mut Hands) {
    drop(hands.receiver.take());
}

/// Gives the receiver away, and takes it. If somebody has joined before, it is dropped.
fn hand_over(hands: &mut Hands) {
    let receiver = hands.receiver.take().expect("it is there");
    let descriptor = match receiver.into_fd() {
        Ok(descriptor) => descriptor,
        Err(error) => {
            assert!(matches!(error, OpenError::OthersJoined { members: 1 }), "{error}");
            return;
        }
    };
    hands.receiver = Some(Receiver::from_fd(descriptor).expect("the giver lives"));
}

/// Role: binds the name, obeys orders, operates between two marks when told; then tells what that has received, and obeys on.
pub fn receives(name: &str, path: &Path) {
    let operation = Operation::named(name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let act = |hands: &mut Hands| {
        if operation.is_async {
            runtime.block_on(async { (operation.act)(hands) });
        } else {
            (operation.act)(hands);
        }
    };
    // Once before, elsewhere, so that nothing is done for the first time.
    let (sender, receiver) = shmpsc::channel(CAPACITY);
    let mut elsewhere = Hands::new(receiver);
    if operation.is_closed {
        elsewhere.receiver().close();
    } else {
        (0..CAPACITY as u64).for_each(|n| sender.try_send(value(0, n)).unwrap());
    }
    act(&mut elsewhere);
    drop((elsewhere, sender));

    let receiver = crate::part::options().capacity(CAPACITY).max_processes(MEMBERS).bind(path).unwrap();
    let mut hands = Hands::new(receiver);
    if operation.is_async {
        // So that the porter hears for it.
        runtime.block_on(async { recv_cancelled(&mut hands) });
    }
    ptrace::traceme().expect("the parent may lead it");
    tell(rustix::thread::gettid().as_raw_nonzero());
    obeys(&mut hands);
    if operation.is_async {
        runtime.block_on(async { between_marks(operation, &mut hands) });
    } else {
        between_marks(operation, &mut hands);
    }
    tell_values(&hands.taken);
    obeys(&mut hands);
    stay();
}

fn between_marks(operation: &Operation, hands: &mut Hands) {
    raise(MARK).expect("the parent hears it");
    (operation.act)(hands);
    raise(MARK).expect("the parent hears it");
}

/// Until it is told to operate, or the parent is gone.
fn obeys(hands: &mut Hands) {
    while let Some(order) = next_order() {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["operates"] => return,
            ["closes"] => {
                hands.receiver().close();
                tell("closed");
            }
            ["receives", count] => {
                let values = hands.receives(count.parse().expect("a number"));
                if let Some(peeked) = hands.peeked.take() {
                    assert_eq!(values.first(), Some(&peeked), "what was peeked comes next");
                }
                tell_values(&values);
            }
            ["is-there"] => tell(hands.receiver.is_some()),
            ["is-alone"] => {
                eventually("it is alone", || hands.receiver().sender_strong_count() == 0);
                tell("alone");
            }
            ["finds-nothing"] => {
                assert_eq!(hands.receiver().try_recv(), Err(TryRecvError::Empty));
                tell("nothing");
            }
            ["receives-to-the-end"] => {
                let values: Vec<Value> = std::iter::from_fn(|| hands.receiver().blocking_recv()).collect();
                tell_values(&values);
            }
            ref other => panic!("no order {other:?}"),
        }
    }
}

pub fn tell_values(values: &[Value]) {
    let mut told = String::from("received");
    for &[who, n, ..] in values {
        write!(told, " {who}.{n}").expect("a string grows");
    }
    assert!(values.iter().all(|&taken| taken == value(taken[0], taken[1])), "nothing is torn");
    tell(told);
}
