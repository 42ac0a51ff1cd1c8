//! How many instructions a call runs that need not wait: one process is led through it, from the first instruction to the return. The
//! queue is neither full nor empty, the other end does not sleep, and nothing happens for the first time. `cargo test` shows that the
//! same call runs as many each time; in a release build the limits hold, which `.ci/matrix path::` shows.

use std::{
    fmt,
    future::Future,
    hint::black_box,
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use nix::sys::{ptrace, signal::raise};
use shmpsc::{Options, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::runtime;

use crate::{
    operations::MARK,
    people::{patience, room, start, tell, wait_for_parent},
    steps::{Led, Stands},
};

/// The bounded queue never comes to its end, and the unbounded one not to that of a chunk.
const CAPACITY: usize = 1024;

/// How many values are queued before a receiver is led.
const QUEUED: u64 = 200;

/// How many calls come before the first that is counted. With those they fit the turn that tokio gives a task.
const BEFORE: usize = 40;

/// How many values the receiver takes between the calls of a sender.
const TAKEN: usize = 16;

/// How many calls are counted, one after the other.
const COUNTED: usize = 4;

/// One call, with all that it returns.
struct Call<E> {
    name: &'static str,
    /// It runs fewer instructions in a release build.
    limit: Option<usize>,
    /// Whether a task makes it.
    is_polled: bool,
    /// Gives whether it did what it is for.
    act: fn(&mut E, &mut Context<'_>) -> bool,
}

const fn call<E>(name: &'static str, act: fn(&mut E, &mut Context<'_>) -> bool) -> Call<E> {
    Call { name, limit: None, is_polled: false, act }
}

const fn polled<E>(call: Call<E>) -> Call<E> {
    Call { is_polled: true, ..call }
}

const fn below<E>(limit: usize, call: Call<E>) -> Call<E> {
    Call { limit: Some(limit), ..call }
}

const SENDER: &[Call<Sender<u64>>] = &[
    below(80, call("try_send", |sender, _| sender.try_send(7).is_ok())),
    call("blocking_send", |sender, _| sender.blocking_send(7).is_ok()),
    polled(call("send", |sender, cx| matches!(pin!(sender.send(7)).poll(cx), Poll::Ready(Ok(()))))),
];

const RECEIVER: &[Call<Receiver<u64>>] = &[
    below(60, call("try_recv", |receiver, _| receiver.try_recv() == Ok(7))),
    call("blocking_recv", |receiver, _| receiver.blocking_recv() == Some(7)),
    polled(call("recv", |receiver, cx| pin!(receiver.recv()).poll(cx) == Poll::Ready(Some(7)))),
];

const UNBOUNDED_SENDER: &[Call<UnboundedSender<u64>>] = &[
    below(80, call("try_send", |sender, _| sender.try_send(7).is_ok())),
    call("send", |sender, _| sender.send(7).is_ok()),
];

const UNBOUNDED_RECEIVER: &[Call<UnboundedReceiver<u64>>] = &[
    below(60, call("try_recv", |receiver, _| receiver.try_recv() == Ok(7))),
    call("blocking_recv", |receiver, _| receiver.blocking_recv() == Some(7)),
    polled(call("recv", |receiver, cx| pin!(receiver.recv()).poll(cx) == Poll::Ready(Some(7)))),
];

/// Role: has an end of a channel, and makes calls when told, the last of them between two marks.
pub fn calls(end: &str, name: &str, path: &Path) {
    match end {
        "sender" => makes(SENDER, name, shmpsc::connect(path).unwrap()),
        "receiver" => makes(RECEIVER, name, receiver(path)),
        "unbounded-sender" => makes(UNBOUNDED_SENDER, name, shmpsc::connect_unbounded(path).unwrap()),
        "unbounded-receiver" => makes(UNBOUNDED_RECEIVER, name, unbounded_receiver(path)),
        other => panic!("no end {other}"),
    }
}

fn receiver(path: &Path) -> Receiver<u64> {
    Options::new().capacity(CAPACITY).bind(path).unwrap()
}

fn unbounded_receiver(path: &Path) -> UnboundedReceiver<u64> {
    Options::new().bind_unbounded(path).unwrap()
}

fn makes<E>(calls: &[Call<E>], name: &str, mut end: E) {
    let call = calls.iter().find(|call| call.name == name).expect("it has such a call");
    // What is called is known only when it runs, so none of it becomes a part of the caller.
    let act = black_box(call.act);
    let mut all = |cx: &mut Context<'_>| {
        tell("it has its end");
        wait_for_parent();
        (0..BEFORE).for_each(|_| assert!(act(&mut end, cx)));
        ptrace::traceme().expect("the parent may lead it");
        tell(format_args!("{} {}", rustix::thread::gettid().as_raw_nonzero(), act as usize));
        wait_for_parent();
        // After the wait.
        assert!(act(&mut end, cx));
        raise(MARK).expect("the parent hears it");
        let done: [bool; COUNTED] = std::array::from_fn(|_| act(&mut end, cx));
        raise(MARK).expect("the parent hears it");
        assert_eq!(done, [true; COUNTED]);
    };
    if call.is_polled {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(std::future::poll_fn(|cx| {
            all(cx);
            Poll::Ready(())
        }));
    } else {
        all(&mut Context::from_waker(Waker::noop()));
    }
    tell("it did what it is for");
}

/// What was counted of a call.
struct Counts {
    name: String,
    limit: Option<usize>,
    counts: [usize; COUNTED],
}

impl Counts {
    /// Counts what a new process runs. `first`: what happens before it makes the first call, `then`: before it makes the last.
    fn of<E>(end: &str, call: &Call<E>, path: &Path, first: impl FnOnce(), then: impl FnOnce()) -> Counts {
        let Call { name, limit, .. } = *call;
        let mut person = start(&format!("calls {end} {name}"), path);
        person.hear();
        first();
        person.say();
        let word = person.hear();
        let (thread, address) = word.split_once(' ').expect("two words");
        let address = address.parse().expect("an address");
        then();
        person.say();
        let mut led = Led::at_its_mark(person, thread.parse().expect("a thread"), false);
        let counts = std::array::from_fn(|_| {
            assert_eq!(led.runs_to(address, 1, false, || {}), Stands::Inside, "it makes the call");
            let behind = led.returns_to();
            let mut steps = 0;
            while led.stands_at() != behind {
                assert_eq!(led.step(|| {}), Stands::Inside, "it comes back from the call");
                steps += 1;
            }
            steps
        });
        led.goes_on_to_its_end(|| {});
        assert_eq!(led.tells(), "it did what it is for");
        Counts { name: format!("{end}: {name}"), limit, counts }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<34} {:>4} instructions", self.name, self.counts[0])?;
        self.limit.map_or(Ok(()), |limit| write!(f, ", to be fewer than {limit} in a release build"))
    }
}

/// All calls of the four ends.
fn counted() -> Vec<Counts> {
    let mut all = Vec::new();
    for call in SENDER {
        let room = room();
        let mut receiver = receiver(&room.name());
        let takes = || (0..TAKEN).for_each(|_| assert_eq!(receiver.try_recv(), Ok(7)));
        all.push(Counts::of("sender", call, &room.name(), || {}, takes));
    }
    for call in UNBOUNDED_SENDER {
        let room = room();
        let mut receiver = unbounded_receiver(&room.name());
        let takes = || (0..TAKEN).for_each(|_| assert_eq!(receiver.try_recv(), Ok(7)));
        all.push(Counts::of("unbounded-sender", call, &room.name(), || {}, takes));
    }
    for call in RECEIVER {
        let (room, mut sender) = (room(), None);
        let sends = || {
            let sender = sender.insert(shmpsc::connect::<u64>(room.name()).unwrap());
            (0..QUEUED).for_each(|_| sender.try_send(7).unwrap());
        };
        all.push(Counts::of("receiver", call, &room.name(), sends, || {}));
    }
    for call in UNBOUNDED_RECEIVER {
        let (room, mut sender) = (room(), None);
        let sends = || {
            let sender = sender.insert(shmpsc::connect_unbounded::<u64>(room.name()).unwrap());
            (0..QUEUED).for_each(|_| sender.try_send(7).unwrap());
        };
        all.push(Counts::of("unbounded-receiver", call, &room.name(), sends, || {}));
    }
    all
}

#[test]
fn a_call_that_need_not_wait_runs_the_same_each_time() {
    if !crate::can_lead() {
        return;
    }
    let _patience = patience(Duration::from_secs(600));
    let all = counted();
    all.iter().for_each(|call| println!("{call}"));
    for Counts { name, counts, .. } in all {
        assert!(counts[0] > 0 && counts == [counts[0]; COUNTED], "{name}: {counts:?} instructions");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the limits are those of a release build: `.ci/matrix path::`")]
fn a_send_and_a_receive_that_need_not_wait_are_short() {
    if !crate::can_lead() {
        return;
    }
    let _patience = patience(Duration::from_secs(600));
    let is_long = |call: &Counts| call.limit.is_some_and(|limit| call.counts[0] >= limit);
    let long: Vec<_> = counted().into_iter().filter(is_long).map(|call| call.to_string()).collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
