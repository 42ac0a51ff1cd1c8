//! What the sender does that is killed or stopped. It says just before and just after it that it is there, and nothing in between.

use std::{future::Future, path::Path, pin::Pin};

use nix::sys::{
    ptrace,
    signal::{Signal, raise},
};

use crate::{
    acts::*,
    people::{stay, tell, wait_for_parent},
    world::Fill,
};

/// The signal by which it says where it is.
pub const MARK: Signal = Signal::SIGUSR1;

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
    /// Whether all its positions are visited also in a sample.
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
    short(waiting(sending(operation("blocking-send", 1, Thread(blocking_send))))),
    short(at(EMPTY_AND_FULL, waiting(operation("blocking-send-timeout", 1, Thread(blocking_send_timeout))))),
    at(FULL, looking(operation("time-out", 1, Thread(time_out)))),
    short(sending(operation("try-send-many", 3, Thread(try_send_many)))),
    waiting(operation("blocking-send-many", 3, Thread(blocking_send_many))),
    short(operation("reserve-drop", 0, Thread(reserve_drop))),
    short(sending(operation("reserve-send", 1, Thread(reserve_send)))),
    short(operation("reserve-many", 1, Thread(reserve_many))),
    at(EMPTY_AND_FULL, operation("reserve-owned", 1, Thread(reserve_owned))),
    short(waiting(operation("blocking-reserve", 1, Thread(blocking_reserve)))),
    in_line(prepared(spend_the_turn, operation("wait", 1, Task(|hands| Box::pin(async { wait(hands) }))))),
    short(at(
        FULL,
        prepared(stand_in_line, operation("give-up", 0, Task(|hands| Box::pin(async { give_up(hands) })))),
    )),
    short(waiting(sending(operation("send", 1, Task(|hands| Box::pin(send(hands))))))),
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
    short(operation("clone", 0, Thread(clone))),
    short(prepared(have_a_spare_one, operation("drop", 0, Thread(drop_one)))),
    short(ending(operation("upgrade", 0, Thread(upgrade)))),
    short(at(EMPTY, operation("weak", 0, Thread(weak)))),
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
