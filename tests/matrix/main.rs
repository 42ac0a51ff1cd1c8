//! The matrix: a sender, or the receiver, is stepped through an operation one instruction at a time, and killed or stopped at each;
//! the rest of the world then shows that it has lost nothing. The published API between real processes, and the kernel's `ptrace`.
//!
//! `cargo test` takes a sample of the positions and says so; `.ci/matrix` takes all. A position is the number of instructions that
//! the sender's thread has run since it stood just before the call; the last one is just after it. `operations` is what the
//! sender does, `steps` how it is led, `world` everybody else. `receiver` is the same for the receiver, with `receiving` what that
//! does, `around` and `others` everybody else; `handing` is its way to another process.

mod around;
mod handing;
mod operations;
mod others;
#[path = "../people/mod.rs"]
mod people;
mod receiver;
mod receiving;
mod steps;
mod world;

use std::{
    fmt,
    time::{Duration, Instant},
};

use operations::Operation;
use people::{Patience, start};
use steps::{Led, Stands};
use world::{Fill, World};

/// Set to anything, all positions are taken.
const WHOLE: &str = "SHMPSC_MATRIX";

/// How many positions of each operation and fill level a sample has, beside the last one.
const SAMPLE: usize = 3;

/// What happens to the sender at each position.
#[derive(Clone, Copy)]
enum Fate {
    Killed,
    Stopped,
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Fate::Killed => "killed",
            Fate::Stopped => "stopped",
        }
    }
}

/// Where the sender was when it happened.
#[derive(Clone, Copy)]
pub struct Position {
    fate: Fate,
    operation: &'static str,
    fill: Fill,
    steps: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { fate, operation, fill, steps } = self;
        write!(f, "{} {steps} instructions after the start of {operation}, {fill}", fate.name())
    }
}

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    match words[0] {
        "operates" => operations::operates(words[1], words[2].parse().expect("a number"), &path),
        "receives" => receiving::receives(words[1], &path),
        "stands-by" => others::stands_by(words[1].parse().expect("a number"), &path),
        other => panic!("no role {other}"),
    }
}

/// Nothing waits for this; it turns a lost wakeup into a failure.
fn patience() -> Patience {
    people::patience(Duration::from_secs(if is_whole() { 7200 } else { 180 }))
}

fn is_whole() -> bool {
    std::env::var_os(WHOLE).is_some()
}

/// Leads a new sender to a position, unless the operation ends before, and lets it happen there. Gives how many instructions
/// it has run and where it stands.
fn happens(world: &mut World, operation: &Operation, mut position: Position) -> (usize, Stands) {
    let who = world.new_number();
    let mut sender = start(&format!("operates {} {who}", operation.name), &world.path());
    let word = sender.hear();
    let told: Vec<&str> = word.split(' ').collect();
    let (thread, acknowledged) = (told[0].parse().expect("a thread"), told[1].parse().expect("a count"));
    world.hears_of(who, acknowledged);
    world.fills(position.fill);
    sender.say();
    let mut led = Led::at_its_mark(sender, thread, operation.sleeps);
    let (mut steps, mut stands) = (0, Stands::Inside);
    while steps < position.steps && stands == Stands::Inside {
        stands = led.step(|| world.takes_one());
        steps += 1;
    }
    position.steps = steps;
    match (position.fate, stands) {
        (Fate::Killed, Stands::Inside) => {
            led.dies();
            world.is_well(position, who, acknowledged..=acknowledged + operation.values);
        }
        (fate, stands) => {
            if let Fate::Stopped = fate {
                world.passes_by(position, if is_whole() { 10_000 } else { 200 });
            }
            if stands == Stands::Inside {
                led.goes_on_to_its_end(|| world.takes_one());
            }
            let acknowledged = led.tells().parse().expect("a count");
            led.dies();
            world.is_well(position, who, acknowledged..=acknowledged);
        }
    }
    (steps, stands)
}

/// Every position of an operation, or a sample, at every fill level.
#[track_caller]
fn at_every_instruction(fate: Fate, name: &str) {
    let _patience = patience();
    let operation = Operation::named(name);
    for &fill in operation.fills {
        let began = Instant::now();
        let mut world = World::new();
        let position = |steps| Position { fate, operation: operation.name, fill, steps };
        let (length, stands) = happens(&mut world, operation, position(usize::MAX));
        assert_eq!(stands, Stands::AtItsEnd);
        let every = if is_whole() { 1 } else { length.div_ceil(SAMPLE) };
        // Its end is a position; if all are taken, it comes again.
        let mut count = usize::from(!is_whole());
        for steps in (every / 2..).step_by(every) {
            // Where the kernel or the others make it longer than it was, all of it is followed to its end.
            if !is_whole() && steps >= length {
                break;
            }
            if fill.needs_a_new_channel() {
                world = World::new();
            }
            let (_, stands) = happens(&mut world, operation, position(steps));
            count += 1;
            if stands == Stands::AtItsEnd {
                break;
            }
        }
        let part = if is_whole() { "every instruction" } else { "a sample" };
        println!(
            "{name}, {fill}: {length} instructions; {} at {count} positions ({part}); {:.1} s",
            fate.name(),
            began.elapsed().as_secs_f64()
        );
    }
}

/// The two tests of an operation.
macro_rules! matrix {
    ($($operation:literal: $killed:ident, $stopped:ident;)*) => {
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
            let all: Vec<_> = operations::ALL.iter().map(|operation| operation.name).collect();
            assert_eq!(shown, all);
        }
    };
}

matrix! {
    "try-send": who_is_killed_in_try_send_takes_nothing_along, who_is_stopped_in_try_send_is_passed;
    "blocking-send": who_is_killed_in_send_takes_nothing_along, who_is_stopped_in_send_is_passed;
    "try-send-many": who_is_killed_in_try_send_many_takes_nothing_along, who_is_stopped_in_try_send_many_is_passed;
    "blocking-send-many": who_is_killed_in_send_many_takes_nothing_along, who_is_stopped_in_send_many_is_passed;
    "reserve-drop": who_is_killed_giving_a_permit_back_takes_nothing_along, who_is_stopped_giving_a_permit_back_is_passed;
    "reserve-send": who_is_killed_using_a_permit_takes_nothing_along, who_is_stopped_using_a_permit_is_passed;
    "reserve-many": who_is_killed_with_many_permits_takes_nothing_along, who_is_stopped_with_many_permits_is_passed;
    "blocking-reserve": who_is_killed_awaiting_a_permit_takes_nothing_along, who_is_stopped_awaiting_a_permit_is_passed;
    "wait": who_is_killed_in_the_line_takes_nothing_along, who_is_stopped_in_the_line_is_passed;
    "give-up": who_is_killed_leaving_the_line_takes_nothing_along, who_is_stopped_leaving_the_line_is_passed;
    "clone": who_is_killed_cloning_takes_nothing_along, who_is_stopped_cloning_is_passed;
    "drop": who_is_killed_dropping_takes_nothing_along, who_is_stopped_dropping_is_passed;
    "upgrade": who_is_killed_upgrading_takes_nothing_along, who_is_stopped_upgrading_is_passed;
    "leave": who_is_killed_leaving_takes_nothing_along, who_is_stopped_leaving_is_passed;
}
