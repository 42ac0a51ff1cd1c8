//! A million times somebody falls asleep and is woken by the other process, after pauses of all lengths. One lost wakeup
//! would be the end: there is no timer that could hide it.

use std::{
    hint::spin_loop,
    path::Path,
    time::{Duration, Instant},
};

use shmpsc::Options;

use crate::{
    Scale,
    people::{
        Person,
        chance::Chance,
        how::{How, Runner},
        kinds::{Kind, Receiving, Sending},
        room, start, tell, wait_for_parent, watch,
    },
};

/// Pauses from none at all to some three times as long as a thread looks again before it sleeps.
struct Pauses(Chance);

impl Pauses {
    const LONGEST: u64 = 300_000;

    fn new(seed: u64) -> Pauses {
        Pauses(Chance::new(seed))
    }

    fn pause(&mut self) {
        let until = Instant::now() + Duration::from_nanos(self.0.below(Pauses::LONGEST));
        while Instant::now() < until {
            spin_loop();
        }
    }
}

fn bind(kind: Kind, path: &Path) -> Receiving {
    kind.bind(Options::new().capacity(1), path).unwrap()
}

/// Asks or answers `count` times, always after a pause, and checks that questions and answers come in turn.
fn converse(how: How, to: Sending, mut from: Receiving, count: u64, begins: bool) {
    let mut pauses = Pauses::new(if begins { 1 } else { 2 });
    // It stays to the end, so that its threads can be counted.
    let runner = Runner::new(how);
    tell("ready");
    wait_for_parent();
    if how == How::Blocking {
        for n in 0..count {
            if begins {
                pauses.pause();
                to.blocking_send([n, 0]).unwrap();
            }
            assert_eq!(from.blocking_recv().map(|[n, _]| n), Some(n));
            if !begins {
                pauses.pause();
                to.blocking_send([n, 1]).unwrap();
            }
        }
    } else {
        runner.run(async move {
            for n in 0..count {
                if begins {
                    pauses.pause();
                    to.send([n, 0]).await.unwrap();
                }
                assert_eq!(from.recv().await.map(|[n, _]| n), Some(n));
                if !begins {
                    pauses.pause();
                    to.send([n, 1]).await.unwrap();
                }
            }
        });
    }
    tell("done");
    wait_for_parent();
}

/// Role: has a name, and answers.
pub fn answers(kind: Kind, how: How, count: u64, path: &Path) {
    let from = bind(kind, path);
    tell("bound");
    wait_for_parent();
    let to = kind.connect(Options::new(), &path.with_extension("back")).unwrap();
    converse(how, to, from, count, false);
}

/// Role: asks, and gets the answers under another name.
pub fn asks(kind: Kind, how: How, count: u64, path: &Path) {
    let from = bind(kind, &path.with_extension("back"));
    let to = kind.connect(Options::new(), path).unwrap();
    converse(how, to, from, count, true);
}

/// Role: receives `count` values, each after a pause, in which who sends falls asleep.
pub fn drains(how: How, count: u64, path: &Path) {
    let mut receiver = bind(Kind::Bounded, path);
    let mut pauses = Pauses::new(3);
    let runner = Runner::new(how);
    tell("bound");
    wait_for_parent();
    tell("ready");
    wait_for_parent();
    if how == How::Blocking {
        for n in 0..count {
            pauses.pause();
            assert_eq!(receiver.blocking_recv(), Some([0, n]));
        }
    } else {
        runner.run(async move {
            for n in 0..count {
                pauses.pause();
                assert_eq!(receiver.recv().await, Some([0, n]));
            }
        });
    }
    tell("done");
    wait_for_parent();
}

/// Role: sends `count` values, mostly into a full queue.
pub fn fills(how: How, count: u64, path: &Path) {
    let sender = shmpsc::connect(path).unwrap();
    let runner = Runner::new(how);
    tell("ready");
    wait_for_parent();
    runner.send_all(sender, 0, count);
    tell("done");
    wait_for_parent();
}

/// What two processes did.
#[derive(Default)]
struct Done {
    turns: u64,
    sleeps: u64,
    seconds: f64,
}

/// Runs two processes in their roles.
fn run(first: &str, second: &str) -> Done {
    let room = room();
    let mut first = start(first, &room.name());
    assert_eq!(first.hear(), "bound");
    let mut second = start(second, &room.name());
    assert_eq!(second.hear(), "ready");
    first.say();
    assert_eq!(first.hear(), "ready");
    let mut both = [first, second];
    let slept = |both: &[Person]| both.iter().map(|one| watch::sleeps(one.pid())).sum::<u64>();
    let before = slept(&both);
    let began = Instant::now();
    both.iter_mut().for_each(Person::say);
    both.iter_mut().for_each(|one| assert_eq!(one.hear(), "done"));
    let seconds = began.elapsed().as_secs_f64();
    let sleeps = slept(&both) - before;
    both.into_iter().for_each(Person::end);
    Done { turns: 0, sleeps, seconds }
}

/// Has two processes wait for each other until they slept `sleeps` times. A turn is no sleep if what is waited for came while
/// the other one had the processor.
fn until_slept(sleeps: u64, pair: impl Fn(u64) -> [String; 2]) -> Done {
    let mut all = Done::default();
    while all.sleeps < sleeps {
        let turns = (sleeps - all.sleeps).max(sleeps / 10);
        let [first, second] = pair(turns);
        let done = run(&first, &second);
        assert!(done.sleeps > turns / 4, "only {} sleeps in {turns} turns", done.sleeps);
        all.turns += turns;
        all.sleeps += done.sleeps;
        all.seconds += done.seconds;
    }
    all
}

pub fn show(scale: Scale) {
    for (how, all) in [
        (How::Blocking, 1_000_000),
        (How::CurrentThread, 1_000_000),
        (How::MultiThread, 100_000),
        (How::Plain, 100_000),
    ] {
        let half = scale.of(all) / 2;
        // Each question and each answer is one turn.
        let empty = |kind: Kind| {
            until_slept(half, |turns| {
                let turns = turns.div_ceil(2);
                [format!("answers {kind} {how} {turns}"), format!("asks {kind} {how} {turns}")]
            })
        };
        let [bounded, unbounded] = Kind::ALL.map(empty);
        let full =
            until_slept(half, |turns| [format!("drains {how} {turns}"), format!("fills {how} {turns}")]);
        for (what, Done { turns, sleeps, seconds }) in [
            ("nothing to receive", bounded),
            ("nothing to receive, unbounded", unbounded),
            ("no room to send", full),
        ] {
            let each = seconds / turns as f64 * 1e6;
            println!(
                "   {how}, {what}: {sleeps} times asleep and woken in {turns} turns, none lost; {seconds:.1} s, {each:.0} us a turn"
            );
        }
    }
}
