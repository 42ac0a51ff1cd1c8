//! Again and again a process falls asleep and is woken by another one, after pauses of all lengths. One lost wakeup
//! would be the end: there is no timer that could hide it.

use std::{
    hint::spin_loop,
    path::Path,
    time::{Duration, Instant},
};

use shmpsc::Options;

use crate::people::{
    Person,
    chance::Chance,
    how::{How, Runner},
    kinds::{Kind, Receiving, Sending},
    room, start, tell, wait_for_parent, watch,
};

/// Which fences the channels have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fences {
    /// Asymmetric, where the system lets them.
    Usual,
    Full,
}

impl Fences {
    pub const ALL: [Fences; 2] = [Fences::Usual, Fences::Full];

    /// As a word of a role.
    pub fn of(word: &str) -> Fences {
        let named = Fences::ALL.into_iter().find(|fences| fences.to_string() == word);
        named.unwrap_or_else(|| panic!("no fences are called {word}"))
    }
}

impl std::fmt::Display for Fences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What two processes wait for.
#[derive(Clone, Copy, Debug)]
pub enum For {
    /// For each other's values, in two channels of this kind.
    Values(Kind),
    /// One of them for room to send.
    Room,
}

impl std::fmt::Display for For {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            For::Values(Kind::Bounded) => f.write_str("nothing to receive"),
            For::Values(Kind::Unbounded) => f.write_str("nothing to receive, unbounded"),
            For::Room => f.write_str("no room to send"),
        }
    }
}

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

fn bind(kind: Kind, fences: Fences, path: &Path) -> Receiving {
    let options = Options::new().capacity(1);
    kind.bind(if fences == Fences::Full { options } else { options.asymmetric_fences() }, path).unwrap()
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
pub fn answers(kind: Kind, how: How, fences: Fences, count: u64, path: &Path) {
    let from = bind(kind, fences, path);
    tell("bound");
    wait_for_parent();
    let to = kind.connect(Options::new(), &path.with_extension("back")).unwrap();
    converse(how, to, from, count, false);
}

/// Role: asks, and gets the answers under another name.
pub fn asks(kind: Kind, how: How, fences: Fences, count: u64, path: &Path) {
    let from = bind(kind, fences, &path.with_extension("back"));
    let to = kind.connect(Options::new(), path).unwrap();
    converse(how, to, from, count, true);
}

/// Role: receives `count` values, each after a pause, in which who sends falls asleep.
pub fn drains(how: How, fences: Fences, count: u64, path: &Path) {
    let mut receiver = bind(Kind::Bounded, fences, path);
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
pub struct Done {
    pub turns: u64,
    pub sleeps: u64,
    pub seconds: f64,
}

impl Done {
    pub fn add(&mut self, more: Done) {
        self.turns += more.turns;
        self.sleeps += more.sleeps;
        self.seconds += more.seconds;
    }
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

/// Has two processes wait for each other, or one of them for the other, so many times. A turn is no sleep if what is waited for came while
/// the other one had the processor.
pub fn wait_for_each_other(how: How, fences: Fences, what: For, turns: u64) -> Done {
    let (first, second) = match what {
        // Each question and each answer is one turn.
        For::Values(kind) => {
            let each = turns.div_ceil(2);
            (format!("answers {kind} {how} {fences} {each}"), format!("asks {kind} {how} {fences} {each}"))
        }
        For::Room => (format!("drains {how} {fences} {turns}"), format!("fills {how} {turns}")),
    };
    Done { turns, ..run(&first, &second) }
}
