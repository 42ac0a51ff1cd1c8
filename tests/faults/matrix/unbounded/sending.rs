//! What a sender of the unbounded channel does that is killed or stopped. It says just before and just after it that it is there, and
//! nothing in between.

use std::path::{Path, PathBuf};

use nix::sys::{ptrace, signal::raise};
use shmpsc::{UnboundedSender, WeakUnboundedSender};

use super::{
    beside_sender::Fill::{self, Ahead, Alone, Asleep, Border, Grow, Inside, Limit},
    memory::sends,
};
use crate::{
    operations::MARK,
    people::{stay, tell, wait_for_parent},
    world::{Value, WHO, value},
};

pub struct Act {
    /// How many values it sends at most.
    pub values: u64,
    prepare: fn(&mut Hands),
    act: fn(&mut Hands),
}

pub type Operation = super::Operation<Fill, Act>;

/// What a sender has at hand.
struct Hands {
    path: PathBuf,
    sender: Option<UnboundedSender<Value>>,
    spare: Vec<UnboundedSender<Value>>,
    weak: Vec<WeakUnboundedSender<Value>>,
    /// How many values have been acknowledged.
    sent: u64,
}

impl Hands {
    fn sender(&self) -> &UnboundedSender<Value> {
        self.sender.as_ref().expect("it has not left")
    }

    fn batch(&self) -> [Value; 3] {
        [0, 1, 2].map(|at| value(WHO, self.sent + at))
    }
}

const fn operation(
    name: &'static str,
    values: u64,
    fills: &'static [Fill],
    act: fn(&mut Hands),
) -> Operation {
    super::Operation { name, fills, is_short: false, act: Act { values, prepare: |_| {}, act } }
}

const fn short(operation: Operation) -> Operation {
    super::Operation { is_short: true, ..operation }
}

pub static ALL: &[Operation] = &[
    short(operation("try-send", 1, &[Inside, Grow, Ahead, Limit, Asleep, Alone], try_send)),
    operation("send", 1, &[Grow, Inside, Limit], send),
    operation("try-send-many", 3, &[Border, Ahead, Inside, Limit], try_send_many),
    operation("send-many", 3, &[Border, Limit], send_many),
    operation("clone", 0, &[Inside], clone),
    super::Operation {
        act: Act { values: 0, prepare: clone, act: drop_one },
        ..operation("drop", 0, &[Inside], drop_one)
    },
    operation("upgrade", 0, &[Inside, Alone], upgrade),
    operation("weak", 0, &[Inside], weak),
    operation("leave", 0, &[Inside, Alone], leave),
    operation("connect", 0, &[Inside], connect),
];

pub fn named(name: &str) -> &'static Operation {
    let found = ALL.iter().find(|operation| operation.name == name);
    found.unwrap_or_else(|| panic!("no operation {name} of an unbounded sender"))
}

fn try_send(hands: &mut Hands) {
    hands.sent += u64::from(hands.sender().try_send(value(WHO, hands.sent)).is_ok());
}

fn send(hands: &mut Hands) {
    hands.sent += u64::from(hands.sender().send(value(WHO, hands.sent)).is_ok());
}

fn try_send_many(hands: &mut Hands) {
    hands.sent += hands.sender().try_send_many(&hands.batch()).unwrap_or(0) as u64;
}

fn send_many(hands: &mut Hands) {
    hands.sent += match hands.sender().send_many(&hands.batch()) {
        Ok(()) => 3,
        Err(error) => error.sent as u64,
    };
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

/// Drops the process's only sender.
fn leave(hands: &mut Hands) {
    drop(hands.sender.take());
}

fn connect(hands: &mut Hands) {
    hands.sender = Some(shmpsc::connect_unbounded(&hands.path).expect("there is a number"));
}

/// Role: tells its thread and how much it has sent, and operates between two marks when told; then tells how much it has sent.
pub fn operates(name: &str, path: &Path) {
    let Act { prepare, act, .. } = named(name).act;
    let sender = (name != "connect").then(|| shmpsc::connect_unbounded(path).unwrap());
    let mut hands = Hands {
        path: path.to_owned(),
        sender,
        spare: Vec::with_capacity(4),
        weak: Vec::with_capacity(4),
        sent: 0,
    };
    // Once before, so that nothing is done for the first time; but not what can be done only once.
    if !["leave", "connect"].contains(&name) {
        prepare(&mut hands);
        act(&mut hands);
    }
    ptrace::traceme().expect("the parent may lead it");
    tell(format_args!("{} {}", rustix::thread::gettid().as_raw_nonzero(), hands.sent));
    wait_for_parent();
    prepare(&mut hands);
    raise(MARK).expect("the parent hears it");
    act(&mut hands);
    raise(MARK).expect("the parent hears it");
    tell(hands.sent);
    stay();
}

/// Role: sends so many values of the number 0.
pub fn fills(count: u64, path: &Path) {
    let sender = shmpsc::connect_unbounded(path).unwrap();
    assert_eq!(sends(&sender, 0, 0, count), count);
    tell("filled");
    stay();
}
