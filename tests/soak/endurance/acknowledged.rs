//! A sender is killed right after its send succeeded, 10^5 times in a channel of each kind: what was acknowledged comes, once.

use std::{
    collections::HashMap,
    io::{Read, Write},
    path::Path,
    process::exit,
    thread,
    time::Instant,
};

use nix::{
    sys::{
        signal::{Signal, kill, raise},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork},
};
use shmpsc::Options;

use crate::{
    Scale,
    people::{
        self, Person, Value,
        how::{How, Runner},
        kinds::{Kind, Receiving, Sending},
        ledger::Ledger,
        room, start, tell, wait_for_parent,
    },
};

/// Processes whose forked children are killed.
const PARENTS: u64 = 2;
/// Threads of a sender's process that send; the first one's end is everybody's.
const THREADS: u64 = 3;

const LAST: Value = [u64::MAX, 0];

/// How a value is sent, and who kills after that.
#[derive(Clone, Copy)]
enum Act {
    TrySend,
    BlockingSend,
    Send(How),
    SendMany,
    /// Of a bounded channel.
    PermitSend,
    /// The other threads are sending at that moment.
    OfManyThreads,
    /// Not the sender kills itself: its parent does, as soon as it hears that the send succeeded.
    ByParent,
}

const ACTS: [Act; 8] = [
    Act::PermitSend,
    Act::TrySend,
    Act::BlockingSend,
    Act::Send(How::CurrentThread),
    Act::Send(How::Plain),
    Act::SendMany,
    Act::OfManyThreads,
    Act::ByParent,
];

/// What can be done in a channel of that kind.
fn acts(kind: Kind) -> &'static [Act] {
    if kind == Kind::Bounded { &ACTS } else { &ACTS[1..] }
}

impl Act {
    /// How many values the first thread has sent when it is killed.
    fn values(self) -> u64 {
        if let Act::SendMany | Act::OfManyThreads = self { 3 } else { 1 }
    }
}

/// Under which name a thread of the sender `who` sends.
fn name(who: u64, thread: u64) -> u64 {
    who * THREADS + thread
}

/// Role: forks `count` senders, one after the other, and tells of each what was acknowledged to its threads.
pub fn forks_who_is_killed(kind: Kind, parent: u64, count: u64, path: &Path) {
    tell("in");
    wait_for_parent();
    for at in 0..count {
        let who = parent * count + at;
        let act = acts(kind)[(at % acts(kind).len() as u64) as usize];
        let (mut hears, says) = std::io::pipe().expect("a pipe");
        // SAFETY: this process has one thread.
        let child = match unsafe { fork() }.expect("a child") {
            ForkResult::Child => {
                drop(hears);
                people::die_with_parent();
                send_and_die(kind, act, who, says, path)
            }
            ForkResult::Parent { child } => child,
        };
        drop(says);
        let mut acknowledged = [act.values(), 0, 0];
        if let Act::ByParent = act {
            hears.read_exact(&mut [0]).expect("it sends");
            kill(child, Signal::SIGKILL).expect("it lives");
        }
        let mut others = Vec::new();
        hears.read_to_end(&mut others).expect("its threads write until it dies");
        others.into_iter().for_each(|thread| acknowledged[usize::from(thread)] += 1);
        assert!(was_killed(child), "a sender failed before it could be killed");
        let [first, second, third] = acknowledged;
        tell(format_args!("{who} {first} {second} {third}"));
    }
    tell("done");
}

/// That a sender was killed is its acknowledgement: it kills itself for no other reason.
fn was_killed(child: Pid) -> bool {
    matches!(waitpid(child, None).expect("it is ours"), WaitStatus::Signaled(_, Signal::SIGKILL, _))
}

fn send_and_die(kind: Kind, act: Act, who: u64, mut says: std::io::PipeWriter, path: &Path) -> ! {
    let Ok(sender) = kind.connect(Options::new(), path) else { exit(1) };
    let value = [name(who, 0), 0];
    let three = [0, 1, 2].map(|n| [name(who, 0), n]);
    let sent = match act {
        Act::TrySend => try_until_sent(&sender, value),
        Act::BlockingSend | Act::ByParent => sender.blocking_send(value).is_ok(),
        Act::Send(how) => Runner::new(how).run(async move {
            let sent = sender.send(value).await.is_ok();
            die_if(sent)
        }),
        Act::SendMany => sender.blocking_send_many(&three),
        Act::PermitSend => {
            let Sending::Bounded(sender) = sender else { exit(1) };
            sender.blocking_reserve().map(|permit| permit.send(value)).is_ok()
        }
        Act::OfManyThreads => {
            for thread in 1..THREADS {
                let (sender, says) = (sender.clone(), says.try_clone().expect("a descriptor"));
                thread::spawn(move || send_for_ever(&sender, who, thread, says));
            }
            three.into_iter().all(|value| sender.blocking_send(value).is_ok())
        }
    };
    if let Act::ByParent = act {
        let _ = says.write_all(&[0]);
        thread::park();
    }
    die_if(sent)
}

fn die_if(sent: bool) -> ! {
    if sent {
        let _ = raise(Signal::SIGKILL);
    }
    exit(1)
}

fn try_until_sent(sender: &Sending, value: Value) -> bool {
    loop {
        match sender.try_send(value) {
            Ok(true) => return true,
            Ok(false) => thread::yield_now(),
            Err(_) => return false,
        }
    }
}

fn send_for_ever(sender: &Sending, who: u64, thread: u64, mut says: std::io::PipeWriter) {
    for n in 0.. {
        let sent = sender.blocking_send([name(who, thread), n]).is_ok();
        if !sent || says.write_all(&[thread as u8]).is_err() {
            return;
        }
    }
}

/// Shows T7.
pub fn show(scale: Scale) {
    Kind::ALL.into_iter().for_each(|kind| show_one(kind, scale.of(100_000) / PARENTS));
}

fn show_one(kind: Kind, each: u64) {
    let room = room();
    let options = Options::new().capacity(4).memory_limit(1 << 20).max_processes(1023);
    let receiver = kind.bind(options, &room.name()).unwrap();
    let own = kind.connect(Options::new(), &room.name()).unwrap();
    let role = |parent: u64| format!("forks-who-is-killed {kind} {parent} {each}");
    let mut parents: Vec<_> = (0..PARENTS).map(|parent| start(&role(parent), &room.name())).collect();
    parents.iter_mut().for_each(|parent| assert_eq!(parent.hear(), "in"));
    let began = Instant::now();
    let (ledger, acknowledged) = thread::scope(|scope| {
        let drains = scope.spawn(|| drain(receiver));
        let hears: Vec<_> = parents.into_iter().map(|parent| scope.spawn(|| hear_all(parent))).collect();
        let acknowledged: HashMap<u64, u64> =
            hears.into_iter().flat_map(|hears| hears.join().expect("all its children were killed")).collect();
        own.blocking_send(LAST).unwrap();
        (drains.join().expect("each in order"), acknowledged)
    });
    let seconds = began.elapsed().as_secs_f64();
    let received = |name: u64| ledger.count(name);
    let lost: u64 = acknowledged.iter().map(|(&name, &sent)| sent.saturating_sub(received(name))).sum();
    // Of those that were sending at that moment one value may have come without its acknowledgement.
    let unexplained = acknowledged.iter().filter(|&(&name, &sent)| {
        let at_most = sent + u64::from(!name.is_multiple_of(THREADS));
        received(name) > at_most
    });
    let unexplained = unexplained.count();
    println!(
        "   {kind}: {} kills right after a send had succeeded: {} values acknowledged, {} received, {lost} lost, 0 twice or out of order, \
         {unexplained} from nowhere; {seconds:.1} s",
        each * PARENTS,
        acknowledged.values().sum::<u64>(),
        acknowledged.keys().map(|&name| received(name)).sum::<u64>(),
    );
    assert_eq!((lost, unexplained, acknowledged.len() as u64), (0, 0, each * PARENTS * THREADS));
}

/// What was acknowledged, by name.
fn hear_all(mut parent: Person) -> Vec<(u64, u64)> {
    parent.say();
    let mut acknowledged = Vec::new();
    loop {
        let told = parent.hear();
        if told == "done" {
            parent.end();
            return acknowledged;
        }
        let numbers: Vec<u64> = told.split(' ').map(|word| word.parse().expect("a number")).collect();
        let threads = numbers[1..].iter().enumerate();
        acknowledged.extend(threads.map(|(thread, &sent)| (name(numbers[0], thread as u64), sent)));
    }
}

fn drain(mut receiver: Receiving) -> Ledger {
    let mut ledger = Ledger::default();
    loop {
        match receiver.blocking_recv().expect("the last value has not come yet") {
            LAST => return ledger,
            value => ledger.enter(value),
        }
    }
}
