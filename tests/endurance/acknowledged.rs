//! A sender is killed right after its send succeeded, 10^5 times: what was acknowledged comes, once.

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
use shmpsc::{Options, Receiver, Sender};

use crate::{
    Scale,
    people::{
        self, Person, Value,
        how::{How, Runner},
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
enum Kind {
    TrySend,
    BlockingSend,
    Send(How),
    SendMany,
    PermitSend,
    /// The other threads are sending at that moment.
    OfManyThreads,
    /// Not the sender kills itself: its parent does, as soon as it hears that the send succeeded.
    ByParent,
}

const KINDS: [Kind; 8] = [
    Kind::TrySend,
    Kind::BlockingSend,
    Kind::Send(How::CurrentThread),
    Kind::Send(How::Plain),
    Kind::SendMany,
    Kind::PermitSend,
    Kind::OfManyThreads,
    Kind::ByParent,
];

impl Kind {
    /// How many values the first thread has sent when it is killed.
    fn values(self) -> u64 {
        if let Kind::SendMany | Kind::OfManyThreads = self { 3 } else { 1 }
    }
}

/// Under which name a thread of the sender `who` sends.
fn name(who: u64, thread: u64) -> u64 {
    who * THREADS + thread
}

/// Role: forks `count` senders, one after the other, and tells of each what was acknowledged to its threads.
pub fn forks_who_is_killed(parent: u64, count: u64, path: &Path) {
    tell("in");
    wait_for_parent();
    for at in 0..count {
        let who = parent * count + at;
        let kind = KINDS[(at % KINDS.len() as u64) as usize];
        let (mut hears, says) = std::io::pipe().expect("a pipe");
        // SAFETY: this process has one thread.
        let child = match unsafe { fork() }.expect("a child") {
            ForkResult::Child => {
                drop(hears);
                people::die_with_parent();
                send_and_die(kind, who, says, path)
            }
            ForkResult::Parent { child } => child,
        };
        drop(says);
        let mut acknowledged = [kind.values(), 0, 0];
        if let Kind::ByParent = kind {
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

fn send_and_die(kind: Kind, who: u64, mut says: std::io::PipeWriter, path: &Path) -> ! {
    let Ok(sender) = shmpsc::connect::<Value>(path) else { exit(1) };
    let value = [name(who, 0), 0];
    let three = [0, 1, 2].map(|n| [name(who, 0), n]);
    let sent = match kind {
        Kind::TrySend => try_until_sent(&sender, value),
        Kind::BlockingSend | Kind::ByParent => sender.blocking_send(value).is_ok(),
        Kind::Send(how) => Runner::new(how).run(async move {
            let sent = sender.send(value).await.is_ok();
            die_if(sent)
        }),
        Kind::SendMany => sender.blocking_send_many(&three).is_ok(),
        Kind::PermitSend => sender.blocking_reserve().map(|permit| permit.send(value)).is_ok(),
        Kind::OfManyThreads => {
            for thread in 1..THREADS {
                let (sender, says) = (sender.clone(), says.try_clone().expect("a descriptor"));
                thread::spawn(move || send_for_ever(&sender, who, thread, says));
            }
            three.into_iter().all(|value| sender.blocking_send(value).is_ok())
        }
    };
    if let Kind::ByParent = kind {
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

fn try_until_sent(sender: &Sender<Value>, value: Value) -> bool {
    while sender.try_send(value).is_err() {
        if sender.is_closed() {
            return false;
        }
        thread::yield_now();
    }
    true
}

fn send_for_ever(sender: &Sender<Value>, who: u64, thread: u64, mut says: std::io::PipeWriter) {
    for n in 0.. {
        let sent = sender.blocking_send([name(who, thread), n]).is_ok();
        if !sent || says.write_all(&[thread as u8]).is_err() {
            return;
        }
    }
}

pub fn show(scale: Scale) {
    let each = scale.of(100_000) / PARENTS;
    let room = room();
    let receiver = Options::new().capacity(4).members(1023).bind::<Value>(room.name()).unwrap();
    let own: Sender<Value> = shmpsc::connect(room.name()).unwrap();
    let role = |parent: u64| format!("forks-who-is-killed {parent} {each}");
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
        "   {} kills right after a send had succeeded: {} values acknowledged, {} received, {lost} lost, 0 twice or out of order, \
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

fn drain(mut receiver: Receiver<Value>) -> Ledger {
    let mut ledger = Ledger::default();
    loop {
        match receiver.blocking_recv().expect("the last value has not come yet") {
            LAST => return ledger,
            value => ledger.enter(value),
        }
    }
}
