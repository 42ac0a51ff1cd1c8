//! Four senders, of which one is stopped between its claim and its publish: how long the others' values are under way.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::sys::{
    ptrace,
    signal::{Signal, kill, raise},
    wait::{WaitStatus, waitpid},
};
use shmpsc::{Options, Receiver};

use crate::{
    child::{Partner, now},
    harness::{
        child::orders,
        quantiles::{self, P99, SHARES},
        spread::Spread,
        table::{Table, figure},
    },
};

/// When it was sent, on the clock of all.
type Value = [u64; 1];

/// The last value of a sender in a sample.
const END: Value = [0];
/// The value of the sender that is stopped.
const LATE: Value = [1];

const CAPACITY: usize = 1024;
/// Senders that are not stopped.
const OTHERS: usize = 3;

/// How much is offered: the time between two values of a sender.
const LOADS: [(&str, Duration); 2] = [
    ("each of three sends every 100 µs", Duration::from_micros(100)),
    ("each of three as fast as it can", Duration::ZERO),
];

/// Role: sends as it is told.
pub(crate) fn sends(path: &Path) {
    let sender = shmpsc::connect::<Value>(path).expect("a host");
    println!("in");
    for order in orders() {
        let (pause, length) = order.split_once(' ').expect("two numbers");
        let [pause, length] =
            [pause, length].map(|word| Duration::from_nanos(word.parse().expect("a number")));
        let begin = Instant::now();
        let mut next = begin;
        while next.duration_since(begin) < length {
            if pause.is_zero() {
                next = Instant::now();
            } else {
                next += pause;
                sleep(next.saturating_duration_since(Instant::now()));
            }
            sender.blocking_send([now()]).expect("a receiver");
        }
        sender.blocking_send(END).expect("a receiver");
    }
}

/// Role: is stopped in its only send.
pub(crate) fn stalls(path: &Path) {
    let sender = shmpsc::connect::<Value>(path).expect("a host");
    println!("in");
    ptrace::traceme().expect("the parent may lead it");
    raise(Signal::SIGUSR1).expect("the parent hears it");
    sender.try_send(LATE).expect("there is room");
    println!("sent");
    orders().for_each(drop);
}

/// A sender that has claimed a position and is stopped before it has published.
fn stop_one(receiver: &Receiver<Value>, path: &Path) -> Partner {
    let stalls = Partner::start("stalls", path);
    let pid = stalls.pid();
    let stands = || waitpid(pid, None).expect("it is led");
    assert_eq!(stands(), WaitStatus::Stopped(pid, Signal::SIGUSR1));
    while receiver.is_empty() {
        ptrace::step(pid, None).expect("it stands still");
        assert_eq!(stands(), WaitStatus::Stopped(pid, Signal::SIGTRAP));
    }
    // Not led any more, and stopped with all its threads, at this instruction.
    ptrace::detach(pid, Signal::SIGSTOP).expect("it stands still");
    stalls
}

/// The time that each value was under way.
fn sample(
    receiver: &mut Receiver<Value>,
    others: &mut [Partner],
    pause: Duration,
    length: Duration,
) -> Vec<u64> {
    let order = format!("{} {}", pause.as_nanos(), length.as_nanos());
    others.iter_mut().for_each(|other| other.say(&order));
    let (mut ended, mut times) = (0, Vec::new());
    while ended < others.len() {
        match receiver.blocking_recv().expect("senders") {
            END => ended += 1,
            LATE => panic!("it was not stopped in the middle of its send"),
            [sent] => times.push(now().saturating_sub(sent)),
        }
    }
    // What came while all began is no load that was asked for.
    times.split_off(times.len() / 10)
}

pub(crate) fn measure(directory: &Path, rounds: usize, length: Duration) {
    let path = directory.join("stopped");
    let mut receiver = Options::new().capacity(CAPACITY).bind::<Value>(&path).expect("a new name");
    let mut others: Vec<_> = (0..OTHERS).map(|_| Partner::start("sends", &path)).collect();
    let each = length / (rounds * LOADS.len() * 2) as u32;
    println!(
        "one of four senders stopped between claim and publish: time from send to receipt of the others' values"
    );
    println!("µs, median (p10..p90) over {rounds} rounds\n");
    let head = ["senders", "the fourth"].into_iter().map(str::to_owned);
    let mut table = Table::new(head.chain(SHARES.map(|(name, _)| name.to_owned())));
    for (load, pause) in LOADS {
        let [mut idle, mut stopped] = [const { Vec::new() }; 2];
        let mut undisturbed = |receiver: &mut Receiver<Value>, others: &mut [Partner]| {
            idle.push(quantiles::of(&mut sample(receiver, others, pause, each)).0);
        };
        let mut disturbed = |receiver: &mut Receiver<Value>, others: &mut [Partner]| {
            let mut stalls = stop_one(receiver, &path);
            stopped.push(quantiles::of(&mut sample(receiver, others, pause, each)).0);
            kill(stalls.pid(), Signal::SIGCONT).expect("it is ours");
            assert_eq!(stalls.hear(), "sent");
            assert_eq!(receiver.blocking_recv(), Some(LATE), "its value comes when it goes on");
        };
        sample(&mut receiver, &mut others, pause, each / 4);
        for round in 0..rounds {
            // The order changes, so that neither has the warmer machine.
            if round % 2 == 0 {
                undisturbed(&mut receiver, &mut others);
                disturbed(&mut receiver, &mut others);
            } else {
                disturbed(&mut receiver, &mut others);
                undisturbed(&mut receiver, &mut others);
            }
        }
        for (fourth, rounds) in [("idle", &idle), ("stopped", &stopped)] {
            let cells = (0..SHARES.len()).map(|which| quantiles::cell(rounds, which));
            table.row([load.to_owned(), fourth.to_owned()].into_iter().chain(cells));
        }
        let column = |rounds: &[[f64; 3]], which| rounds.iter().map(|round| round[which]).collect::<Vec<_>>();
        let ratios = (0..SHARES.len()).map(|which| {
            let ratio = Spread::of_ratios(&column(&stopped, which), &column(&idle, which)).expect("rounds");
            let goal = if which == P99 && ratio.median > 2.0 { ", over 2" } else { "" };
            figure(ratio) + goal
        });
        table.row([load.to_owned(), "stopped : idle".to_owned()].into_iter().chain(ratios));
    }
    table.print();
    println!();
}
