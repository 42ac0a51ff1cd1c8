//! What the receiver of an unbounded channel does that is killed or stopped. It says just before and just after it that it is there, and
//! nothing in between.

use std::{
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
};

use nix::sys::{ptrace, signal::raise};
use shmpsc::{
    UnboundedReceiver,
    error::{OpenError, TryRecvError},
};

use super::{
    beside_receiver::Queued::{self, Border, Exchange, GiveBack, Inside, Nothing, Stalled},
    memory::{POSITIONS, options},
};
use crate::{
    operations::MARK,
    people::{eventually, ledger::Ledger, next_order, stay, tell},
    receiving::Then,
    world::{Value, value},
};

/// As many as take part: the receiver, the two senders, and the stalled one.
const MEMBERS: usize = 4;

#[derive(Clone, Copy)]
pub struct Act {
    /// How many values it takes at most.
    pub takes: u64,
    pub then: Then,
    /// Whether it may sleep, until there is a value.
    pub sleeps: bool,
    is_async: bool,
    act: fn(&mut Hands),
}

pub type Operation = super::Operation<Queued, Act>;

/// What a receiver has at hand.
pub struct Hands {
    receiver: Option<UnboundedReceiver<Value>>,
    /// What it has received and not told.
    taken: Vec<Value>,
    ledger: Ledger,
}

impl Hands {
    fn new(receiver: UnboundedReceiver<Value>) -> Hands {
        Hands { receiver: Some(receiver), taken: Vec::with_capacity(16), ledger: Ledger::default() }
    }

    fn receiver(&mut self) -> &mut UnboundedReceiver<Value> {
        self.receiver.as_mut().expect("it has not been dropped")
    }

    /// Tells how many values it has received since it told last. Each sender's came in order.
    fn tells(&mut self) {
        tell(self.taken.len());
        for taken in self.taken.drain(..) {
            let [who, n, ..] = taken;
            assert_eq!(taken, value(who, n), "nothing is torn");
            self.ledger.enter([who, n]);
        }
    }
}

const fn operation(
    name: &'static str,
    takes: u64,
    fills: &'static [Queued],
    act: fn(&mut Hands),
) -> Operation {
    let act = Act { takes, then: Then::Open, sleeps: false, is_async: false, act };
    super::Operation { name, fills, is_short: false, act }
}

const fn task(operation: Operation) -> Operation {
    super::Operation { act: Act { is_async: true, ..operation.act }, ..operation }
}

const fn asleep(operation: Operation) -> Operation {
    super::Operation { act: Act { sleeps: true, ..operation.act }, ..operation }
}

const fn ending(then: Then, operation: Operation) -> Operation {
    super::Operation { act: Act { then, ..operation.act }, ..operation }
}

pub static ALL: &[Operation] = &[
    operation("try-recv", 1, &[Exchange, GiveBack, Inside, Stalled, Nothing], try_recv),
    task(operation("recv", 1, &[Inside, Exchange], recv)),
    task(asleep(operation("recv-asleep", 1, &[Nothing], recv))),
    operation("try-recv-many", 3, &[Border, Inside, Stalled], try_recv_many),
    operation("try-peek", 0, &[Inside, Exchange], try_peek),
    ending(Then::Closed, operation("close", 0, &[Inside, Nothing, Stalled], close)),
    ending(Then::Gone, operation("drop", 0, &[GiveBack, Nothing], drop_it)),
];

/// No other process may take part in it, so it is led through a world of its own.
pub const HAND_OVER: Operation = operation("hand-over", 0, &[], hand_over);

pub fn named(name: &str) -> &'static Operation {
    static HANDING: Operation = HAND_OVER;
    let found = ALL.iter().chain([&HANDING]).find(|operation| operation.name == name);
    found.unwrap_or_else(|| panic!("no operation {name} of an unbounded receiver"))
}

fn try_recv(hands: &mut Hands) {
    let taken = hands.receiver().try_recv();
    hands.taken.extend(taken);
}

fn try_recv_many(hands: &mut Hands) {
    let Hands { receiver, taken, .. } = hands;
    let _ = receiver.as_mut().expect("it is there").try_recv_many(taken, 3);
}

fn recv(hands: &mut Hands) {
    let taken = {
        let mut recv = pin!(hands.receiver().recv());
        loop {
            match recv.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(value) => break value.expect("it is open"),
                // A value comes when this thread is seen asleep.
                Poll::Pending => std::thread::sleep(std::time::Duration::from_millis(1)),
            }
        }
    };
    hands.taken.push(taken);
}

fn try_peek(hands: &mut Hands) {
    hands.receiver().try_peek().expect("there is a value");
}

fn close(hands: &mut Hands) {
    hands.receiver().close();
}

fn drop_it(hands: &mut Hands) {
    drop(hands.receiver.take());
}

/// Gives the receiver away, and takes it. If a sender has joined before, it is dropped.
fn hand_over(hands: &mut Hands) {
    let receiver = hands.receiver.take().expect("it is there");
    match receiver.into_fd() {
        Ok(descriptor) => {
            let taken = UnboundedReceiver::from_fd(descriptor).expect("the giver lives");
            hands.receiver = Some(taken);
        }
        Err(error) => assert!(matches!(error, OpenError::OthersJoined { members: 1 }), "{error}"),
    }
}

/// Role: binds the name, obeys orders, operates between two marks when told; then tells how much that has received, and obeys on.
pub fn receives(name: &str, path: &Path) {
    let Act { is_async, act, .. } = named(name).act;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let acts = |hands: &mut Hands| {
        if is_async {
            runtime.block_on(async { act(hands) });
        } else {
            act(hands);
        }
    };
    // Once before, elsewhere, at the end of a chunk, so that nothing is done for the first time.
    let (sender, receiver) = options().channel_unbounded().unwrap();
    let mut elsewhere = Hands::new(receiver);
    let values: Vec<Value> = (0..POSITIONS + 3).map(|n| value(0, n)).collect();
    sender.send_many(&values).unwrap();
    elsewhere.receiver().blocking_recv_many(&mut Vec::new(), POSITIONS as usize);
    acts(&mut elsewhere);
    drop((elsewhere, sender));

    let receiver = options().max_processes(MEMBERS).bind_unbounded(path).unwrap();
    let mut hands = Hands::new(receiver);
    if is_async {
        // So that the porter hears for it.
        runtime.block_on(async {
            let looked = pin!(hands.receiver().recv()).poll(&mut Context::from_waker(Waker::noop()));
            assert!(looked.is_pending());
        });
    }
    ptrace::traceme().expect("the parent may lead it");
    tell(rustix::thread::gettid().as_raw_nonzero());
    obeys(&mut hands);
    let between_marks = |hands: &mut Hands| {
        raise(MARK).expect("the parent hears it");
        act(hands);
        raise(MARK).expect("the parent hears it");
    };
    if is_async {
        runtime.block_on(async { between_marks(&mut hands) });
    } else {
        between_marks(&mut hands);
    }
    hands.tells();
    obeys(&mut hands);
    stay();
}

/// Until it is told to operate, or the parent is gone.
fn obeys(hands: &mut Hands) {
    while let Some(order) = next_order() {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["operates"] => return,
            ["receives", count] => {
                let count: usize = count.parse().expect("a number");
                while hands.taken.len() < count {
                    let value = hands.receiver().blocking_recv().expect("more will come");
                    hands.taken.push(value);
                }
                hands.tells();
            }
            ["receives-to-the-end"] => {
                while let Some(value) = hands.receiver().blocking_recv() {
                    hands.taken.push(value);
                }
                hands.tells();
            }
            ["came-from", who] => tell(hands.ledger.count(who.parse().expect("a number"))),
            ["memory"] => tell(hands.receiver().memory_in_use()),
            ["is-there"] => tell(hands.receiver.is_some()),
            ["is-alone"] => {
                eventually("it is alone", || hands.receiver().sender_strong_count() == 0);
                tell("alone");
            }
            ["finds-nothing"] => {
                assert_eq!(hands.receiver().try_recv(), Err(TryRecvError::Empty));
                tell("nothing");
            }
            ref other => panic!("no order {other:?}"),
        }
    }
}
