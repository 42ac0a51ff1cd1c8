//! The matrix: a sender, or the receiver, is stepped through an operation one instruction at a time, and killed or stopped at each;
//! the rest of the world then shows that it has lost nothing. The published API between real processes, and the kernel's `ptrace`.
//!
//! `cargo test` takes all positions of the short operations at one fill level, and a sample of the others, and says so;
//! `.ci/matrix` takes all. A position is the number of instructions that the led thread has run since it stood just before the
//! call; the last one is just after it. Not visited are those that differ from others in nothing that anybody could notice; `way`
//! says which, and prints how many. `operations` is what the sender does (`acts` how), `steps` how it is led, `world` everybody
//! else. `receiver` is the same for the receiver, with `receiving` what that does, `around` and `others` everybody else; `handing`
//! is its way to another process, and `taking` that way with a process at each end. `part` says which positions are taken.
//! `unbounded` is all of this for the unbounded channel. `path` counts the instructions of calls that need not wait.

mod acts;
mod around;
mod handing;
mod operations;
mod others;
mod part;
mod path;
#[path = "../../support/mod.rs"]
mod people;
mod receiver;
mod receiving;
mod sleeper;
mod steps;
mod taking;
mod unbounded;
mod way;
mod world;

use std::time::{Duration, Instant};

use nix::{
    sys::{
        ptrace,
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, fork},
};
use operations::Operation;
use part::{Fate, Part, Position, spread};
use people::{Patience, start};
use steps::{Led, Stands};
use way::Way;
use world::{Fill, WHO, World};

/// How many positions of each operation a sample has, at most, unless the operation is short.
const SAMPLE: usize = 3;

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    match words[0] {
        "operates" => operations::operates(words[1], WHO, &path),
        "receives" => receiving::receives(words[1], &path),
        "gives" => taking::gives(&path),
        "takes" => taking::takes(&path),
        "operates-unbounded" => unbounded::sending::operates(words[1], &path),
        "fills-unbounded" => unbounded::sending::fills(words[1].parse().expect("a number"), &path),
        "receives-unbounded" => unbounded::receiving::receives(words[1], &path),
        "calls" => path::calls(words[1], words[2], &path),
        "stands-by" => others::stands_by(words[1].parse().expect("a number"), &path),
        other => panic!("no role {other}"),
    }
}

/// Nothing waits for this; it turns a lost wakeup into a failure.
fn patience() -> Patience {
    people::patience(Duration::from_secs(if Part::asked_for().is_sample() { 600 } else { 7200 }))
}

/// Whether this process may lead its children; if not, the test says that it is left out.
fn can_lead() -> bool {
    // SAFETY: the copy makes two system calls and nothing else.
    let may_be_led = match unsafe { fork() }.expect("a child") {
        // SAFETY: ends the copy; the test harness must not run on in it.
        ForkResult::Child => unsafe { nix::libc::_exit(i32::from(ptrace::traceme().is_err())) },
        ForkResult::Parent { child } => waitpid(child, None) == Ok(WaitStatus::Exited(child, 0)),
    };
    if !may_be_led {
        people::left_out("the system does not let a process trace its children");
    }
    may_be_led
}

/// At what fill levels. A sample takes one: half full if the operation is short, else the first of its levels for the killed
/// and the last for the stopped.
fn fills(part: Part, operation: &Operation, fate: Fate) -> Vec<Fill> {
    if !part.is_sample() {
        return operation.fills.to_vec();
    }
    let fills = || operation.short_fills();
    let half = fills().find(|fill| operation.is_short && *fill == Fill::Half);
    let one = half.or_else(|| match fate {
        Fate::Killed => fills().next(),
        Fate::Stopped => fills().last(),
    });
    one.into_iter().collect()
}

/// The positions, and how they are called.
fn positions(part: Part, way: &Way, is_short: bool) -> (Vec<usize>, &'static str) {
    match part {
        _ if part.takes_all(is_short) => (way.positions(), "every instruction"),
        Part::Windows => (way.windows(), "before and behind every change and call"),
        Part::Whole | Part::Sample => (spread(way.windows(), SAMPLE).collect(), "a sample"),
    }
}

/// A new sender that stands before its operation, and how many of its values have been acknowledged.
fn stands_before(world: &mut World, operation: &Operation, fill: Fill) -> (Led, u64) {
    let mut sender = start(&format!("operates {}", operation.name), &world.path());
    let word = sender.hear();
    let told: Vec<&str> = word.split(' ').collect();
    let (thread, acknowledged) = (told[0].parse().expect("a thread"), told[1].parse().expect("a count"));
    world.hears(acknowledged);
    world.fills(fill);
    sender.say();
    (Led::at_its_mark(sender, thread, operation.may_sleep(fill)), acknowledged)
}

/// Leads a new sender to a position, unless the operation ends before, and lets it happen there. Gives where it stood, and
/// whether that was where the first run was then.
fn happens(operation: &Operation, way: &Way, mut position: Position<Fill>) -> (Stands, bool) {
    let mut world = World::new();
    let (mut led, acknowledged) = stands_before(&mut world, operation, position.fill);
    let there = way.leads(&mut led, position.steps, || world.takes_one());
    let (steps, stands) = there.unwrap_or_else(|| {
        world = World::new();
        (led, _) = stands_before(&mut world, operation, position.fill);
        way.leads_slowly(&mut led, position.steps, || world.takes_one())
    });
    let is_on_it = way.is_on_it(&led, position.steps, stands);
    position.steps = steps;
    world.waits_behind(position);
    match (position.fate, stands) {
        (Fate::Killed, Stands::Inside) => {
            led.dies();
            world.ends_well(position, acknowledged..=acknowledged + operation.values);
        }
        (fate, stands) => {
            if let Fate::Stopped = fate {
                world.passes_by(position, if Part::asked_for().is_sample() { 200 } else { 10_000 });
            }
            if stands == Stands::Inside {
                led.goes_on_to_its_end(|| world.takes_one());
            }
            let acknowledged = led.tells().parse().expect("a count");
            led.dies();
            world.ends_well(position, acknowledged..=acknowledged);
        }
    }
    (stands, is_on_it)
}

/// The way of an operation.
fn way(operation: &Operation, fill: Fill) -> Way {
    let mut world = World::new();
    let (mut led, _) = stands_before(&mut world, operation, fill);
    let mut way = Way::of(&mut led, || world.takes_one());
    led.dies();
    let mut world = World::new();
    let (mut led, _) = stands_before(&mut world, operation, fill);
    way.sees_changes(&mut led, || world.takes_one());
    led.dies();
    way
}

/// The positions of an operation, or a part of them, at every fill level.
#[track_caller]
fn at_every_instruction(fate: Fate, name: &str) {
    if !can_lead() {
        return;
    }
    let _patience = patience();
    let operation = Operation::named(name);
    let part = Part::asked_for();
    let fills = fills(part, operation, fate);
    if fills.len() < operation.fills.len() {
        println!("{name}: {} of {} fill levels (a sample)", fills.len(), operation.fills.len());
    }
    for fill in fills {
        let began = Instant::now();
        let way = way(operation, fill);
        let (taken, called) = positions(part, &way, operation.is_short);
        let position = |steps| Position { fate, operation: operation.name, fill, steps };
        let mut count = taken.len();
        let strays = taken.into_iter().filter(|steps| !happens(operation, &way, position(*steps)).1).count();
        if part.takes_all(operation.is_short) {
            // Where the kernel or the others make it longer than it was, all of it is followed to its end.
            let behind = (way.length + 1..)
                .take_while(|steps| happens(operation, &way, position(*steps)).0 == Stands::Inside);
            count += behind.count();
        }
        println!(
            "{name}, {fill}: {} at {count} positions ({called}) of {}, {strays} of them beside the first run's way; {way}; {:.1} s",
            fate.name(),
            way.positions().len(),
            began.elapsed().as_secs_f64()
        );
    }
}

/// The two tests of each operation of a list.
macro_rules! matrix {
    ($operations:expr; $($operation:literal: $killed:ident, $stopped:ident;)*) => {
        $(
            #[test]
            fn $killed() {
                at_every_instruction(Fate::Killed, $operation);
            }

            #[test]
            fn $stopped() {
                at_every_instruction(Fate::Stopped, $operation);
            }
        )*

        #[test]
        fn no_operation_is_left_out() {
            let shown: &[&str] = &[$($operation),*];
            let all: Vec<_> = $operations.iter().map(|operation| operation.name).collect();
            assert_eq!(shown, all);
        }
    };
}
use matrix;

// Shows W8, W19, W20, W22, W34, W36, W38, W40, W46, W47, W50, W51, W93, W111, T1, T2, T70.
matrix! {
    operations::ALL;
    "try-send": who_is_killed_in_try_send_takes_nothing_along, who_is_stopped_in_try_send_is_passed;
    "blocking-send": who_is_killed_in_blocking_send_takes_nothing_along, who_is_stopped_in_blocking_send_is_passed;
    "blocking-send-timeout": who_is_killed_sending_in_time_takes_nothing_along, who_is_stopped_sending_in_time_is_passed;
    "time-out": who_is_killed_timing_out_takes_nothing_along, who_is_stopped_timing_out_is_passed;
    "try-send-many": who_is_killed_in_try_send_many_takes_nothing_along, who_is_stopped_in_try_send_many_is_passed;
    "blocking-send-many": who_is_killed_in_blocking_send_many_takes_nothing_along, who_is_stopped_in_blocking_send_many_is_passed;
    "reserve-drop": who_is_killed_giving_a_permit_back_takes_nothing_along, who_is_stopped_giving_a_permit_back_is_passed;
    "reserve-send": who_is_killed_using_a_permit_takes_nothing_along, who_is_stopped_using_a_permit_is_passed;
    "reserve-many": who_is_killed_with_many_permits_takes_nothing_along, who_is_stopped_with_many_permits_is_passed;
    "reserve-owned": who_is_killed_with_an_owned_permit_takes_nothing_along, who_is_stopped_with_an_owned_permit_is_passed;
    "blocking-reserve": who_is_killed_in_blocking_reserve_takes_nothing_along, who_is_stopped_in_blocking_reserve_is_passed;
    "wait": who_is_killed_in_the_line_takes_nothing_along, who_is_stopped_in_the_line_is_passed;
    "give-up": who_is_killed_leaving_the_line_takes_nothing_along, who_is_stopped_leaving_the_line_is_passed;
    "send": who_is_killed_in_send_takes_nothing_along, who_is_stopped_in_send_is_passed;
    "send-many": who_is_killed_in_send_many_takes_nothing_along, who_is_stopped_in_send_many_is_passed;
    "send-timeout": who_is_killed_in_send_timeout_takes_nothing_along, who_is_stopped_in_send_timeout_is_passed;
    "await-permit": who_is_killed_in_reserve_takes_nothing_along, who_is_stopped_in_reserve_is_passed;
    "await-many": who_is_killed_in_reserve_many_takes_nothing_along, who_is_stopped_in_reserve_many_is_passed;
    "cancel": who_is_killed_cancelling_takes_nothing_along, who_is_stopped_cancelling_is_passed;
    "sink": who_is_killed_in_a_sink_takes_nothing_along, who_is_stopped_in_a_sink_is_passed;
    "sink-abort": who_is_killed_aborting_a_sink_takes_nothing_along, who_is_stopped_aborting_a_sink_is_passed;
    "clone": who_is_killed_cloning_takes_nothing_along, who_is_stopped_cloning_is_passed;
    "drop": who_is_killed_dropping_takes_nothing_along, who_is_stopped_dropping_is_passed;
    "upgrade": who_is_killed_upgrading_takes_nothing_along, who_is_stopped_upgrading_is_passed;
    "weak": who_is_killed_with_weak_handles_takes_nothing_along, who_is_stopped_with_weak_handles_is_passed;
    "leave": who_is_killed_leaving_takes_nothing_along, who_is_stopped_leaving_is_passed;
    "hand-over": who_is_killed_handing_a_sender_over_takes_nothing_along, who_is_stopped_handing_a_sender_over_is_passed;
    "connect": who_is_killed_connecting_takes_nothing_along, who_is_stopped_connecting_is_passed;
}
