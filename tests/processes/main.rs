//! The channel between real processes: flow, order, waking, dying, stopping, leaving, forking. No process is simulated, and
//! nothing but the published API is used.
//!
//! Each file has tests and the roles that their children play.

mod death;
mod flow;
mod fork;
mod leave;
mod line;
#[path = "../people/mod.rs"]
mod people;
mod permits;
mod runtimes;
mod stop;
mod traces;
mod wake;
mod wrappers;

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use people::{Patience, Value, how::How};
use shmpsc::{Options, Receiver, Sender};

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let how = || How::of(words[1]);
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    match words[0] {
        "sends" => flow::sends(how(), number(2), number(3), &path),
        "batches" => flow::batches(number(1), number(2), &path),
        "tries" => flow::tries(number(1), number(2), &path),
        "tries-on" => stop::tries(number(1), number(2), &path),
        "times-out" => flow::times_out(number(1), number(2), &path),
        "stands" => line::stands(how(), number(2), &path),
        "receives-asleep" => wake::receives_asleep(how(), number(2), &path),
        "sends-asleep" => wake::sends_asleep(how(), number(2), &path),
        "hosts" => death::hosts(&path),
        "awaits-closing" => death::awaits_closing(how(), &path),
        "holds" => death::holds(number(1), &path),
        "sends-for-ever" => death::sends_for_ever(number(1), number(2), &path),
        "reserves" => permits::reserves(number(1), &path),
        "reserves-in-line" => permits::reserves_in_line(how(), number(2), &path),
        "keeps-a-weak-one" => permits::keeps_a_weak_one(&path),
        "sinks" => wrappers::sinks(how(), number(2), number(3), &path),
        "sink-holds" => wrappers::sink_holds(how(), &path),
        "exits" => leave::exits(number(1), &path),
        "sends-and-forks" => fork::sends_and_forks(&path),
        "hosts-and-forks" => fork::hosts_and_forks(&path),
        "forks-while-waiting" => fork::forks_while_waiting(&path),
        "sends-when-told" => runtimes::sends_when_told(&path),
        "receives-when-told" => runtimes::receives_when_told(&path),
        other => panic!("no role {other}"),
    }
}

/// No test of these takes longer than a few seconds.
fn patience() -> Patience {
    people::patience(Duration::from_secs(180))
}

fn bind(capacity: usize, path: &Path) -> Receiver<Value> {
    Options::new().capacity(capacity).bind(path).unwrap()
}

/// A receiver whose stream ends with the last sender.
fn bind_ending(capacity: usize, path: &Path) -> Receiver<Value> {
    Options::new().capacity(capacity).end_with_last_sender().bind(path).unwrap()
}

fn connect(path: &Path) -> Sender<Value> {
    shmpsc::connect(path).unwrap()
}

/// What came from whom: each value `[who, n]` once, and in the order of its sender.
#[derive(Default)]
struct Ledger {
    next: HashMap<u64, u64>,
}

impl Ledger {
    #[track_caller]
    fn enter(&mut self, [who, n]: Value) {
        let next = self.next.entry(who).or_insert(0);
        assert_eq!(n, *next, "from {who}: none lost, none twice, in order");
        *next += 1;
    }

    fn count(&self, who: u64) -> u64 {
        self.next.get(&who).copied().unwrap_or(0)
    }
}

/// Short spells of different length, so that what another process does is met at any of its steps. Nothing is waited for
/// by it: a test must hold whatever happens meanwhile.
struct Moments(u64);

impl Moments {
    fn new() -> Moments {
        Moments(0x9e37_79b9_7f4a_7c15)
    }

    fn number(&mut self) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Up to two milliseconds.
    fn pass(&mut self) {
        let until = Instant::now() + Duration::from_nanos(self.number() % 2_000_000);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }
}
