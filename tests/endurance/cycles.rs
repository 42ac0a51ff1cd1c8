//! A million times somebody falls asleep and is woken by the other process, after pauses of all lengths. One lost wakeup
//! would be the end: there is no timer that could hide it.

use std::{
    hint::spin_loop,
    path::Path,
    time::{Duration, Instant},
};

use shmpsc::{Options, Receiver, Sender};

use crate::{
    Scale,
    people::{
        Person, Value,
        how::{How, Runner},
        room, start, tell, wait_for_parent, watch,
    },
};

/// Pauses from none at all to more than twice as long as a thread looks about before it sleeps.
struct Pauses(u64);

impl Pauses {
    const LONGEST: u64 = 100_000;

    fn new(seed: u64) -> Pauses {
        Pauses(seed)
    }

    fn pause(&mut self) {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let until = Instant::now() + Duration::from_nanos(self.0 % Pauses::LONGEST);
        while Instant::now() < until {
            spin_loop();
        }
    }
}

fn bind(path: &Path) -> Receiver<Value> {
    Options::new().capacity(1).bind(path).unwrap()
}

/// Asks or answers `count` times, always after a pause, and checks that questions and answers come in turn.
fn converse(how: How, to: Sender<Value>, mut from: Receiver<Value>, count: u64, begins: bool) {
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
pub fn answers(how: How, count: u64, path: &Path) {
    let from = bind(path);
    tell("bound");
    wait_for_parent();
    converse(how, shmpsc::connect(path.with_extension("back")).unwrap(), from, count, false);
}

/// Role: asks, and gets the answers under another name.
pub fn asks(how: How, count: u64, path: &Path) {
    let from = bind(&path.with_extension("back"));
    converse(how, shmpsc::connect(path).unwrap(), from, count, true);
}

/// Role: receives `count` values, each after a pause, in which who sends falls asleep.
pub fn drains(how: How, count: u64, path: &Path) {
    let mut receiver = bind(path);
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

/// Runs two processes in their roles, and gives how often they slept, and the seconds that took.
fn run(first: &str, second: &str) -> (u64, f64) {
    let room = room();
    let mut first = start(first, &room.name());
    assert_eq!(first.hear(), "bound");
    let mut second = start(second, &room.name());
    assert_eq!(second.hear(), "ready");
    first.say();
    assert_eq!(first.hear(), "ready");
    let mut both = [first, second];
    let slept = |both: &[Person]| both.iter().map(|one| watch::switches(one.pid()).voluntary).sum::<u64>();
    let before = slept(&both);
    let began = Instant::now();
    both.iter_mut().for_each(Person::say);
    both.iter_mut().for_each(|one| assert_eq!(one.hear(), "done"));
    let seconds = began.elapsed().as_secs_f64();
    let sleeps = slept(&both) - before;
    both.into_iter().for_each(Person::end);
    (sleeps, seconds)
}

pub fn show(scale: Scale) {
    for (how, all) in [
        (How::Blocking, 1_000_000),
        (How::CurrentThread, 1_000_000),
        (How::MultiThread, 100_000),
        (How::Plain, 100_000),
    ] {
        let half = scale.of(all) / 2;
        // Each question and each answer is one cycle.
        let turns = half / 2;
        let empty = run(&format!("answers {how} {turns}"), &format!("asks {how} {turns}"));
        let full = run(&format!("drains {how} {half}"), &format!("fills {how} {half}"));
        for (what, (sleeps, seconds)) in [("nothing to receive", empty), ("no room to send", full)] {
            let each = seconds / half as f64 * 1e6;
            println!(
                "   {how}: {half} cycles with {what} in {seconds:.1} s ({each:.0} us each), none lost; {sleeps} voluntary switches"
            );
            assert!(sleeps > half / 2, "most cycles are to sleep");
        }
    }
}
