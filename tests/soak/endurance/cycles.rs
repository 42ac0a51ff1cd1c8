//! A million times a process falls asleep and is woken by the other one: in each way to wait, and with both kinds of fences.

use std::time::{Duration, Instant};

use crate::{
    Scale,
    people::{how::How, kinds::Kind},
    trials::cycles::{Done, Fences, For, wait_for_each_other},
};

const EACH: [For; 3] = [For::Values(Kind::Bounded), For::Values(Kind::Unbounded), For::Room];

/// Has two processes wait for each other until they slept `sleeps` times, or so long.
fn until_slept(how: How, fences: Fences, what: For, sleeps: u64, longest: Duration) -> Done {
    let (mut all, began) = (Done::default(), Instant::now());
    while all.sleeps < sleeps && (all.turns == 0 || began.elapsed() < longest) {
        let turns = (sleeps - all.sleeps).min(sleeps / 4).max(sleeps / 10);
        let done = wait_for_each_other(how, fences, what, turns);
        assert!(done.sleeps > turns / 4, "only {} sleeps in {turns} turns", done.sleeps);
        all.add(done);
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
        for what in EACH {
            let done = until_slept(how, Fences::Usual, what, scale.of(all) / 2, Duration::MAX);
            tell(&format!("{how}, {what}"), &done);
        }
    }
}

/// No longer than this with each kind of fences in each way to wait.
const LONGEST: Duration = Duration::from_secs(300);

/// As [`show`], a million times with each kind of fences, blocking and as a task, or as often as the time lets.
pub fn show_fences(scale: Scale) {
    for fences in Fences::ALL {
        for how in [How::Blocking, How::CurrentThread] {
            let mut all = Done::default();
            for what in EACH {
                let part = u64::try_from(EACH.len()).expect("three");
                let sleeps = scale.of(1_000_000).div_ceil(part);
                all.add(until_slept(how, fences, what, sleeps, LONGEST / EACH.len() as u32));
            }
            tell(&format!("{fences} fences, {how}"), &all);
        }
    }
}

fn tell(what: &str, Done { turns, sleeps, seconds }: &Done) {
    let each = seconds / *turns as f64 * 1e6;
    println!(
        "   {what}: {sleeps} times asleep and woken in {turns} turns, none lost; {seconds:.1} s, {each:.0} us a turn"
    );
}
