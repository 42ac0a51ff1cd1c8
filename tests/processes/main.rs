//! The channel between real processes: meeting, handing over, flow, order, waking, dying, stopping, leaving, forking, connecting. No
//! process is simulated, and nothing but the published API is used.
//!
//! Each file has tests and the roles that their children play.

mod connecting;
mod death;
mod flow;
mod fork;
mod forked;
mod handoff;
mod leave;
mod line;
mod listening;
mod meeting;
#[path = "../support/mod.rs"]
mod people;
mod permits;
mod runtimes;
mod stop;
mod traces;
#[path = "../soak/scenarios/mod.rs"]
mod trials;
mod wake;
mod wakers;
mod wrappers;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use people::{Patience, Value, chance::Chance, how::How, kinds::Kind, ledger::Ledger};
use shmpsc::{Options, Receiver, Sender};
use trials::cycles::Fences;

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    if let Some(role) = role.strip_prefix(meeting::ROLES) {
        return meeting::plays(role, &path);
    }
    if let Some(role) = role.strip_prefix(handoff::ROLES) {
        return handoff::plays(role, &path);
    }
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let how = || How::of(words[1]);
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    let fences = |at: usize| Fences::of(words[at]);
    match words[0] {
        "sends" => flow::sends(how(), number(2), number(3), &path),
        "batches" => flow::batches(number(1), number(2), &path),
        "tries" => flow::tries(number(1), number(2), &path),
        "tries-on" => stop::tries(number(1), number(2), &path),
        "times-out" => flow::times_out(number(1), number(2), &path),
        "stands" => line::stands(how(), number(2), &path),
        "comes-and-goes" => line::comes_and_goes(&path),
        "waits-in-crowd" => line::waits_in_crowd(number(1), &path),
        "stands-in-crowd" => trials::line::stands_in_crowd(number(1), &path),
        "works-with-permits" => trials::permits::works(number(1), number(2), number(3), &path),
        "receives-asleep" => wake::receives_asleep(how(), number(2), &path),
        "sends-asleep" => wake::sends_asleep(how(), number(2), &path),
        "asks" => trials::cycles::asks(Kind::of(words[1]), How::of(words[2]), fences(3), number(4), &path),
        "answers" => {
            trials::cycles::answers(Kind::of(words[1]), How::of(words[2]), fences(3), number(4), &path)
        }
        "fills" => trials::cycles::fills(how(), number(2), &path),
        "drains" => trials::cycles::drains(how(), fences(2), number(3), &path),
        "hosts" => death::hosts(&path),
        "awaits-closing" => death::awaits_closing(how(), &path),
        "holds" => death::holds(number(1), &path),
        "sends-for-ever" => death::sends_for_ever(number(1), number(2), &path),
        "reserves" => permits::reserves(number(1), &path),
        "reserves-in-line" => permits::reserves_in_line(how(), number(2), &path),
        "keeps-a-weak-one" => permits::keeps_a_weak_one(&path),
        "sinks" => wrappers::sinks(how(), number(2), number(3), &path),
        "sink-holds" => wrappers::sink_holds(how(), &path),
        "breaks-its-connection" => leave::breaks_its_connection(&path),
        "exits" => leave::exits(number(1), &path),
        "sends-and-forks" => fork::sends_and_forks(&path),
        "hosts-and-forks" => fork::hosts_and_forks(&path),
        "forks-while-waiting" => fork::forks_while_waiting(&path),
        "forks-with-everything" => forked::forks_with_everything(&path),
        "forks-while-a-task-listens" => forked::forks_while_a_task_listens(&path),
        "sends-when-told" => runtimes::sends_when_told(&path),
        "receives-when-told" => runtimes::receives_when_told(&path),
        "keeps-a-name" => connecting::keeps_a_name(number(1), &path),
        "gives-up" => connecting::gives_up(&path),
        "forks-while-connecting" => connecting::forks_while_connecting(&path),
        "closes-when-told" => listening::closes_when_told(&path),
        "sends-in-a-crowd" => listening::sends_in_a_crowd(number(1), &path),
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

/// Short spells of different length, so that what another process does is met at any of its steps. Nothing is waited for
/// by it: a test must hold whatever happens meanwhile.
struct Moments(Chance);

impl Moments {
    fn new() -> Moments {
        Moments(Chance::new(1))
    }

    fn number(&mut self) -> u64 {
        self.0.number()
    }

    /// Up to two milliseconds.
    fn pass(&mut self) {
        let until = Instant::now() + Duration::from_nanos(self.0.below(2_000_000));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }
}
