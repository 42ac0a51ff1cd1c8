//! What the sender does that is killed or stopped. It says just before and just after it that it is there, and nothing in between.

use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use nix::sys::{
    ptrace,
    signal::{Signal, raise},
};
use shmpsc::{OwnedPermit, Sender, error::SendError};
use tokio::task::coop;

use crate::{
    people::{stay, tell, wait_for_parent},
    world::{Fill, Value, value},
};

/// The signal by which it says where it is.
pub const MARK: Signal = Signal::SIGUSR1;

type Reserving = dyn Future<Output = Result<OwnedPermit<Value>, SendError<()>>>;

/// What a sender has at hand.
struct Hands {
    who: u64,
    sender: Option<Sender<Value>>,
    spare: Vec<Sender<Value>>,
    waiting: Option<Pin<Box<Reserving>>>,
    /// How many values have been acknowledged.
    sent: u64,
}

impl Hands {
    fn sender(&self) -> &Sender<Value> {
        self.sender.as_ref().expect("it has not left")
    }

    fn value(&self, at: u64) -> Value {
        value(self.who, self.sent + at)
    }

    fn batch(&self) -> [Value; 3] {
        [self.value(0), self.value(1), self.value(2)]
    }
}

/// One operation of a sender, or two that belong together.
pub struct Operation {
    pub name: &'static str,
    /// How many values it sends at most.
    pub values: u64,
    pub fills: &'static [Fill],
    /// Whether it may sleep, until the receiver takes a value.
    pub sleeps: bool,
    prepare: fn(&mut Hands),
    act: fn(&mut Hands),
}

const fn operation(name: &'static str, values: u64, act: fn(&mut Hands)) -> Operation {
    Operation { name, values, fills: &Fill::ALL, sleeps: false, prepare: |_| {}, act }
}

/// What sends may have to wake the receiver.
const fn sending(name: &'static str, values: u64, act: fn(&mut Hands)) -> Operation {
    const FILLS: [Fill; 5] = [Fill::Empty, Fill::Half, Fill::Full, Fill::AtTheWrap, Fill::Asleep];
    Operation { fills: &FILLS, ..operation(name, values, act) }
}

/// A blocking call looks for room some hundred times before it sleeps, which is too long a way for a matrix. So it has room
/// here, and how one waits in the line is shown by a task that stands in it at once: "wait" and "give-up".
const fn with_room(fills: &'static [Fill], operation: Operation) -> Operation {
    Operation { fills, ..operation }
}

pub const ALL: &[Operation] = &[
    sending("try-send", 1, try_send),
    with_room(&[Fill::Empty, Fill::Half, Fill::AtTheWrap], operation("blocking-send", 1, blocking_send)),
    sending("try-send-many", 3, try_send_many),
    with_room(&[Fill::Empty, Fill::AtTheWrap], operation("blocking-send-many", 3, blocking_send_many)),
    operation("reserve-drop", 0, reserve_drop),
    sending("reserve-send", 1, reserve_send),
    operation("reserve-many", 1, reserve_many),
    with_room(
        &[Fill::Empty, Fill::Half, Fill::AtTheWrap],
        operation("blocking-reserve", 1, blocking_reserve),
    ),
    Operation { sleeps: true, prepare: spend_the_turn, ..operation("wait", 1, wait) },
    Operation { prepare: stand_in_line, fills: &[Fill::Full], ..operation("give-up", 0, give_up) },
    operation("clone", 0, clone),
    Operation { prepare: have_a_spare_one, ..operation("drop", 0, drop_one) },
    operation("upgrade", 0, upgrade),
    operation("leave", 0, leave),
];

impl Operation {
    pub fn named(name: &str) -> &'static Operation {
        let found = ALL.iter().find(|operation| operation.name == name);
        found.unwrap_or_else(|| panic!("no operation {name}"))
    }
}

fn try_send(hands: &mut Hands) {
    hands.sent += u64::from(hands.sender().try_send(hands.value(0)).is_ok());
}

fn blocking_send(hands: &mut Hands) {
    hands.sender().blocking_send(hands.value(0)).expect("it is open");
    hands.sent += 1;
}

fn try_send_many(hands: &mut Hands) {
    hands.sent += hands.sender().try_send_many(&hands.batch()).unwrap_or(0) as u64;
}

fn blocking_send_many(hands: &mut Hands) {
    hands.sender().blocking_send_many(&hands.batch()).expect("it is open");
    hands.sent += 3;
}

fn reserve_drop(hands: &mut Hands) {
    drop(hands.sender().try_reserve());
}

fn reserve_send(hands: &mut Hands) {
    let Ok(permit) = hands.sender().try_reserve() else { return };
    permit.send(hands.value(0));
    hands.sent += 1;
}

/// Takes two, uses one, gives one back.
fn reserve_many(hands: &mut Hands) {
    let Ok(mut permits) = hands.sender().try_reserve_many(2) else { return };
    permits.next().expect("there are two").send(hands.value(0));
    drop(permits);
    hands.sent += 1;
}

fn blocking_reserve(hands: &mut Hands) {
    hands.sender().blocking_reserve().expect("it is open").send(hands.value(0));
    hands.sent += 1;
}

/// It will not be granted anything before it stands in the line.
fn spend_the_turn(hands: &mut Hands) {
    while let Poll::Ready(turn) = coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
        turn.made_progress();
    }
    hands.waiting = Some(Box::pin(hands.sender().clone().reserve_owned()));
}

fn stand_in_line(hands: &mut Hands) {
    spend_the_turn(hands);
    assert!(looks(hands).is_pending());
    assert!(looks_on(hands).is_pending());
}

fn looks(hands: &mut Hands) -> Poll<Result<OwnedPermit<Value>, SendError<()>>> {
    let waiting = hands.waiting.as_mut().expect("it waits");
    waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Looks, although its turn is over.
fn looks_on(hands: &mut Hands) -> Poll<Result<OwnedPermit<Value>, SendError<()>>> {
    let waiting = hands.waiting.as_mut().expect("it waits");
    Pin::new(&mut coop::unconstrained(waiting)).poll(&mut Context::from_waker(Waker::noop()))
}

/// Stands in the line, sleeps, takes, leaves, and sends.
fn wait(hands: &mut Hands) {
    assert!(looks(hands).is_pending());
    let permit = loop {
        match looks_on(hands) {
            Poll::Ready(permit) => break permit.expect("it is open"),
            // The receiver takes a value when it sees this thread asleep.
            Poll::Pending => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    hands.spare.push(permit.send(hands.value(0)));
    hands.sent += 1;
}

/// Leaves the line.
fn give_up(hands: &mut Hands) {
    drop(hands.waiting.take());
}

fn have_a_spare_one(hands: &mut Hands) {
    hands.spare.push(hands.sender().clone());
}

fn clone(hands: &mut Hands) {
    hands.spare.push(hands.sender().clone());
}

fn drop_one(hands: &mut Hands) {
    drop(hands.spare.pop().expect("there is one"));
}

fn upgrade(hands: &mut Hands) {
    let weak = hands.sender().downgrade();
    hands.spare.push(weak.upgrade().expect("the sender is there"));
}

/// Drops the process's only sender.
fn leave(hands: &mut Hands) {
    drop(hands.sender.take());
}

/// Role: tells its thread and how much it has sent, and operates between two marks when told; then tells how much it has sent.
pub fn operates(name: &str, who: u64, path: &Path) {
    let operation = Operation::named(name);
    let sender = shmpsc::connect(path).unwrap();
    let hands = Hands { who, sender: Some(sender), spare: Vec::with_capacity(4), waiting: None, sent: 0 };
    if ["wait", "give-up"].contains(&name) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { operates_in_turn(operation, hands) });
    } else {
        operates_in_turn(operation, hands);
    }
}

fn operates_in_turn(operation: &Operation, mut hands: Hands) {
    // Once before, so that nothing is done for the first time.
    if !["give-up", "leave"].contains(&operation.name) {
        (operation.prepare)(&mut hands);
        (operation.act)(&mut hands);
    }
    ptrace::traceme().expect("the parent may lead it");
    tell(format_args!("{} {}", rustix::thread::gettid().as_raw_nonzero(), hands.sent));
    wait_for_parent();
    (operation.prepare)(&mut hands);
    raise(MARK).expect("the parent hears it");
    (operation.act)(&mut hands);
    raise(MARK).expect("the parent hears it");
    tell(hands.sent);
    stay();
}
