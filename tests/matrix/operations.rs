//! What the sender does that is killed or stopped. It says just before and just after it that it is there, and nothing in between.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_sink::Sink;
use nix::sys::{
    ptrace,
    signal::{Signal, raise},
};
use shmpsc::{OwnedPermit, Sender, WeakSender, error::SendError, sink::PollSender};
use tokio::task::coop;

use crate::{
    people::{stay, tell, wait_for_parent},
    world::{Fill, Value, value},
};

/// The signal by which it says where it is.
pub const MARK: Signal = Signal::SIGUSR1;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(100_000);

pub type Reserving = dyn Future<Output = Result<OwnedPermit<Value>, SendError<()>>>;

/// What a sender has at hand.
struct Hands {
    who: u64,
    path: PathBuf,
    sender: Option<Sender<Value>>,
    spare: Vec<Sender<Value>>,
    weak: Vec<WeakSender<Value>>,
    waiting: Option<Pin<Box<Reserving>>>,
    polled: Option<PollSender<Value>>,
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

/// Who acts.
#[derive(Clone, Copy)]
enum Act {
    Thread(fn(&mut Hands)),
    /// A task of a runtime with this thread alone.
    Task(for<'a> fn(&'a mut Hands) -> Pin<Box<dyn Future<Output = ()> + 'a>>),
}

/// One operation of a sender, or two that belong together.
pub struct Operation {
    pub name: &'static str,
    /// How many values it sends at most.
    pub values: u64,
    pub fills: &'static [Fill],
    /// Whether it may sleep, until the receiver takes a value.
    sleeps: bool,
    /// Whether it looks for room hundreds of times before it sleeps.
    looks: bool,
    /// Whether all its windows are visited also in a sample.
    pub is_short: bool,
    prepare: fn(&mut Hands),
    act: Act,
}

const fn operation(name: &'static str, values: u64, act: Act) -> Operation {
    Operation {
        name,
        values,
        fills: &Fill::ALL,
        sleeps: false,
        looks: false,
        is_short: false,
        prepare: |_| {},
        act,
    }
}

/// What sends may have to wake the receiver, and may be the last that is sent.
const fn sending(operation: Operation) -> Operation {
    const FILLS: [Fill; 6] =
        [Fill::Empty, Fill::Half, Fill::Full, Fill::AtTheWrap, Fill::Asleep, Fill::Alone];
    Operation { fills: &FILLS, ..operation }
}

/// What may end the stream.
const fn ending(operation: Operation) -> Operation {
    const FILLS: [Fill; 5] = [Fill::Empty, Fill::Half, Fill::Full, Fill::AtTheWrap, Fill::Alone];
    Operation { fills: &FILLS, ..operation }
}

/// What waits while the queue is full.
const fn waiting(operation: Operation) -> Operation {
    Operation { sleeps: true, ..looking(operation) }
}

const fn looking(operation: Operation) -> Operation {
    Operation { looks: true, ..operation }
}

/// What stands in the line at once, and sleeps.
const fn in_line(operation: Operation) -> Operation {
    Operation { sleeps: true, fills: &[Fill::Full, Fill::Empty, Fill::Half, Fill::AtTheWrap], ..operation }
}

const fn short(operation: Operation) -> Operation {
    Operation { is_short: true, ..operation }
}

const fn at(fills: &'static [Fill], operation: Operation) -> Operation {
    Operation { fills, ..operation }
}

const fn prepared(prepare: fn(&mut Hands), operation: Operation) -> Operation {
    Operation { prepare, ..operation }
}

const EMPTY_AND_FULL: &[Fill] = &[Fill::Empty, Fill::Full];
const FULL: &[Fill] = &[Fill::Full];
const EMPTY: &[Fill] = &[Fill::Empty];

use Act::{Task, Thread};

pub const ALL: &[Operation] = &[
    short(sending(operation("try-send", 1, Thread(try_send)))),
    waiting(sending(operation("blocking-send", 1, Thread(blocking_send)))),
    at(EMPTY_AND_FULL, waiting(operation("blocking-send-timeout", 1, Thread(blocking_send_timeout)))),
    at(FULL, looking(operation("time-out", 1, Thread(time_out)))),
    sending(operation("try-send-many", 3, Thread(try_send_many))),
    waiting(operation("blocking-send-many", 3, Thread(blocking_send_many))),
    short(operation("reserve-drop", 0, Thread(reserve_drop))),
    short(sending(operation("reserve-send", 1, Thread(reserve_send)))),
    operation("reserve-many", 1, Thread(reserve_many)),
    at(EMPTY_AND_FULL, operation("reserve-owned", 1, Thread(reserve_owned))),
    waiting(operation("blocking-reserve", 1, Thread(blocking_reserve))),
    in_line(prepared(spend_the_turn, operation("wait", 1, Task(|hands| Box::pin(async { wait(hands) }))))),
    at(
        FULL,
        prepared(stand_in_line, operation("give-up", 0, Task(|hands| Box::pin(async { give_up(hands) })))),
    ),
    waiting(sending(operation("send", 1, Task(|hands| Box::pin(send(hands)))))),
    at(EMPTY_AND_FULL, waiting(operation("send-many", 3, Task(|hands| Box::pin(send_many(hands)))))),
    at(EMPTY_AND_FULL, waiting(operation("send-timeout", 1, Task(|hands| Box::pin(send_timeout(hands)))))),
    at(EMPTY_AND_FULL, waiting(operation("await-permit", 1, Task(|hands| Box::pin(await_permit(hands)))))),
    at(EMPTY_AND_FULL, waiting(operation("await-many", 1, Task(|hands| Box::pin(await_many(hands)))))),
    at(FULL, looking(operation("cancel", 1, Task(|hands| Box::pin(async { cancel(hands) }))))),
    at(
        EMPTY_AND_FULL,
        waiting(prepared(have_a_sink, operation("sink", 1, Task(|hands| Box::pin(use_sink(hands)))))),
    ),
    at(
        EMPTY_AND_FULL,
        looking(prepared(
            have_a_sink,
            operation("sink-abort", 0, Task(|hands| Box::pin(async { abort_sink(hands) }))),
        )),
    ),
    operation("clone", 0, Thread(clone)),
    prepared(have_a_spare_one, operation("drop", 0, Thread(drop_one))),
    ending(operation("upgrade", 0, Thread(upgrade))),
    at(EMPTY, operation("weak", 0, Thread(weak))),
    ending(operation("leave", 0, Thread(leave))),
    at(EMPTY, operation("hand-over", 0, Thread(hand_over))),
    at(EMPTY, operation("connect", 0, Thread(connect))),
];

impl Operation {
    pub fn named(name: &str) -> &'static Operation {
        let found = ALL.iter().find(|operation| operation.name == name);
        found.unwrap_or_else(|| panic!("no operation {name}"))
    }

    /// Those that a sample takes. Where it looks for long, it takes minutes even to find the way.
    pub fn short_fills(&self) -> impl Iterator<Item = Fill> {
        self.fills.iter().copied().filter(|fill| !(self.looks && *fill == Fill::Full))
    }

    pub fn may_sleep(&self, fill: Fill) -> bool {
        self.sleeps && fill == Fill::Full
    }
}
fn try_send(hands: &mut Hands) {
    hands.sent += u64::from(hands.sender().try_send(hands.value(0)).is_ok());
}

fn blocking_send(hands: &mut Hands) {
    hands.sender().blocking_send(hands.value(0)).expect("it is open");
    hands.sent += 1;
}

fn blocking_send_timeout(hands: &mut Hands) {
    hands.sender().blocking_send_timeout(hands.value(0), LONG).expect("it is open");
    hands.sent += 1;
}

/// Waits in vain, unless it has been stopped for so long that there is room.
fn time_out(hands: &mut Hands) {
    let sent = hands.sender().blocking_send_timeout(hands.value(0), Duration::from_nanos(1));
    hands.sent += u64::from(sent.is_ok());
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

/// Sends on one, which gives the sender back, and releases another.
fn reserve_owned(hands: &mut Hands) {
    let sender = hands.sender.take().expect("it has not left");
    let sender = match sender.try_reserve_owned() {
        Ok(permit) => {
            let sender = permit.send(hands.value(0));
            hands.sent += 1;
            sender
        }
        Err(full) => full.into_inner(),
    };
    let sender = match sender.try_reserve_owned() {
        Ok(permit) => permit.release(),
        Err(full) => full.into_inner(),
    };
    hands.sender = Some(sender);
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

async fn send(hands: &mut Hands) {
    hands.sender().send(hands.value(0)).await.expect("it is open");
    hands.sent += 1;
}

async fn send_many(hands: &mut Hands) {
    hands.sender().send_many(&hands.batch()).await.expect("it is open");
    hands.sent += 3;
}

async fn send_timeout(hands: &mut Hands) {
    hands.sender().send_timeout(hands.value(0), LONG).await.expect("it is open");
    hands.sent += 1;
}

async fn await_permit(hands: &mut Hands) {
    hands.sender().reserve().await.expect("it is open").send(hands.value(0));
    hands.sent += 1;
}

/// Awaits two, uses one, gives one back.
async fn await_many(hands: &mut Hands) {
    let mut permits = hands.sender().reserve_many(2).await.expect("it is open");
    permits.next().expect("there are two").send(hands.value(0));
    drop(permits);
    hands.sent += 1;
}

/// Begins to send and thinks better of it.
fn cancel(hands: &mut Hands) {
    let is_sent = {
        let mut sending = Box::pin(hands.sender().send(hands.value(0)));
        sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    hands.sent += u64::from(is_sent);
}

fn have_a_sink(hands: &mut Hands) {
    if hands.polled.is_none() {
        hands.polled = Some(PollSender::new(hands.sender().clone()));
    }
}

async fn use_sink(hands: &mut Hands) {
    let value = hands.value(0);
    let sink = hands.polled.as_mut().expect("it has one");
    std::future::poll_fn(|cx| Pin::new(&mut *sink).poll_ready(cx)).await.expect("it is open");
    Pin::new(sink).start_send(value).expect("it is open");
    hands.sent += 1;
}

/// Has a permit or a place in the line, and gives it up.
fn abort_sink(hands: &mut Hands) {
    let sink = hands.polled.as_mut().expect("it has one");
    let _ = sink.poll_reserve(&mut Context::from_waker(Waker::noop()));
    assert!(sink.abort_send());
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

fn weak(hands: &mut Hands) {
    hands.weak.push(hands.sender().downgrade());
    hands.weak.push(hands.weak[0].clone());
    hands.weak.clear();
}

/// Makes a descriptor that carries a sender, and closes it.
fn hand_over(hands: &mut Hands) {
    drop(hands.sender().clone().into_fd().expect("there is a number"));
}

fn connect(hands: &mut Hands) {
    hands.sender = Some(shmpsc::connect(&hands.path).expect("there is a number"));
}

/// Drops the process's only sender.
fn leave(hands: &mut Hands) {
    drop(hands.sender.take());
}

/// Role: tells its thread and how much it has sent, and operates between two marks when told; then tells how much it has sent.
pub fn operates(name: &str, who: u64, path: &Path) {
    let operation = Operation::named(name);
    let sender = (name != "connect").then(|| shmpsc::connect(path).unwrap());
    let mut hands = Hands {
        who,
        path: path.to_owned(),
        sender,
        spare: Vec::with_capacity(4),
        weak: Vec::with_capacity(4),
        waiting: None,
        polled: None,
        sent: 0,
    };
    // Once before, so that nothing is done for the first time; but not what can be done only once, or not yet.
    let is_repeated = !["give-up", "leave", "connect"].contains(&name);
    match operation.act {
        Act::Thread(act) => {
            if is_repeated {
                (operation.prepare)(&mut hands);
                act(&mut hands);
            }
            is_led_from_here(&hands);
            (operation.prepare)(&mut hands);
            raise(MARK).expect("the parent hears it");
            act(&mut hands);
            raise(MARK).expect("the parent hears it");
        }
        Act::Task(act) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if is_repeated {
                    (operation.prepare)(&mut hands);
                    act(&mut hands).await;
                }
                is_led_from_here(&hands);
                (operation.prepare)(&mut hands);
                let acting = act(&mut hands);
                raise(MARK).expect("the parent hears it");
                acting.await;
                raise(MARK).expect("the parent hears it");
                tell(hands.sent);
                stay();
            });
        }
    }
    tell(hands.sent);
    stay();
}

fn is_led_from_here(hands: &Hands) {
    ptrace::traceme().expect("the parent may lead it");
    tell(format_args!("{} {}", rustix::thread::gettid().as_raw_nonzero(), hands.sent));
    wait_for_parent();
}
