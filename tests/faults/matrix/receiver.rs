//! The receiver's part of the matrix: it is led to every position of its operations, or a sample, and killed or stopped there.

use std::time::Instant;

use crate::{
    around::{Around, Queued, Scene},
    part::{Fate, Part, Position, spread},
    people::start,
    receiving::{self, Operation},
    steps::{Led, Stands},
    way::Way,
};

/// How many positions of each operation and each state of the queue a sample has, beside the last one, unless the operation is short
/// and the queue half full. Of those that are too long a way it has only that one.
const SAMPLE: usize = 1;

/// How many of each the part of windows has: the memory is not looked at here.
const STRIDES: usize = 26;

/// Behind everything.
const ITS_END: usize = usize::MAX;

/// Says where the receiver was, if anything fails.
struct Failing<'a>(&'a Position<Queued>);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the receiver is {}", self.0);
        }
    }
}

/// A new receiver that stands before its operation, those around it, and how many values it finds at least.
fn stands_before<'a>(around: &'a mut Around, operation: &Operation, queued: Queued) -> (Led, Scene<'a>, u64) {
    let mut receiver = start(&format!("receives {}", operation.name), &around.path());
    let thread = receiver.hear().parse().expect("a thread");
    let mut scene = Scene::meets(around);
    let found = scene.prepares(&mut receiver, operation, queued);
    receiver.order("operates");
    (Led::at_its_mark(receiver, thread, operation.sleeps), scene, found)
}

/// Leads a new receiver to a position, unless the operation ends before, and lets it happen there. Without a way it runs to its end.
/// Gives where it stood, and whether that was where the first run was then.
fn happens(
    around: &mut Around,
    operation: &Operation,
    position: &Position<Queued>,
    way: Option<&Way>,
) -> (Stands, bool) {
    let _failing = Failing(position);
    let (mut led, mut scene, found) = stands_before(around, operation, position.fill);
    let there = match way {
        Some(way) => way.leads(&mut led, position.steps, || scene.wakes_it()).map(|(_, stands)| stands),
        None => {
            led.goes_on_to_its_end(|| scene.wakes_it());
            Some(Stands::AtItsEnd)
        }
    };
    let (mut led, mut scene, found, stands) = match there {
        Some(stands) => (led, scene, found, stands),
        None => {
            dies(led, scene, operation, position.fill);
            let (mut led, mut scene, found) = stands_before(around, operation, position.fill);
            let way = way.expect("who has no way goes to its end");
            let (_, stands) = way.leads_slowly(&mut led, position.steps, || scene.wakes_it());
            (led, scene, found, stands)
        }
    };
    let is_on_it = way.is_none_or(|way| way.is_on_it(&led, position.steps, stands));
    match position.fate {
        Fate::Killed => dies(led, scene, operation, position.fill),
        Fate::Stopped => {
            led.freezes();
            scene.is_stopped(operation, position.fill);
            led.thaws();
            if stands == Stands::Inside {
                led.goes_on_to_its_end(|| scene.wakes_it());
            }
            let told = led.tells();
            let count = scene.enters(&told);
            let least = if operation.sleeps { 1 } else { found.min(operation.takes) };
            assert!((least..=operation.takes.max(least)).contains(&count), "{told}, of {found}");
            scene.is_well(&mut led, operation.then);
            led.dies();
            scene.ends(operation.takes);
        }
    }
    (stands, is_on_it)
}

/// All wait for room when it dies.
fn dies(led: Led, mut scene: Scene<'_>, operation: &Operation, queued: Queued) {
    if queued != Queued::Full && !operation.is_closed {
        scene.presses();
    }
    led.dies();
    scene.ends(operation.takes);
}

/// The way of an operation.
fn way(around: &mut Around, operation: &Operation, queued: Queued) -> Way {
    let (mut led, mut scene, _) = stands_before(around, operation, queued);
    let way = Way::of(&mut led, || scene.wakes_it());
    dies(led, scene, operation, queued);
    way
}

/// Every position of an operation, or a part of them, in every state of the queue.
#[track_caller]
fn at_every_instruction(fate: Fate, name: &str) {
    if !crate::can_lead() {
        return;
    }
    let _patience = crate::patience();
    let operation = Operation::named(name);
    let part = Part::asked_for();
    for &queued in operation.queued {
        let began = Instant::now();
        // The others meet one receiver after the other under one name.
        let mut around = Around::new();
        let position = |steps| Position { fate, operation: operation.name, fill: queued, steps };
        // Before it sleeps, or passes a sender, a receiver looks for a value for some ten thousand instructions.
        let is_long =
            operation.is_long || operation.sleeps || matches!(queued, Queued::Stalled | Queued::Dead);
        if part.is_sample() && is_long {
            happens(&mut around, operation, &position(ITS_END), None);
            println!("the receiver, {name}, {queued}: {} at 1 positions (its end)", fate.name());
            continue;
        }
        let way = way(&mut around, operation, queued);
        let all = way.positions();
        let length = all.len();
        let is_whole = part.takes_all(operation.is_short && queued == Queued::Half);
        let most = match part {
            _ if is_whole => all.len(),
            Part::Windows => STRIDES,
            Part::Whole | Part::Sample => SAMPLE,
        };
        let (mut count, mut strays) = (1, 0);
        for steps in spread(all, most) {
            let (_, is_on_it) = happens(&mut around, operation, &position(steps), Some(&way));
            count += 1;
            strays += usize::from(!is_on_it);
        }
        // Where the kernel or the others make it longer than it was, all of it is followed to its end.
        let mut steps = way.length;
        while happens(&mut around, operation, &position(steps), Some(&way)).0 == Stands::Inside {
            steps = if is_whole { steps + 1 } else { ITS_END };
            count += 1;
        }
        let called = if is_whole { "every instruction" } else { "a sample" };
        println!(
            "the receiver, {name}, {queued}: {} at {count} positions ({called}) of {}, {strays} of them beside the first run's way; {way}; {:.1} s",
            fate.name(),
            length,
            began.elapsed().as_secs_f64()
        );
    }
}

// Shows W52, W53, W56, W57, W58, W59, W61, W62, W63, W64, W65, W68, T13, T14.
crate::matrix! {
    receiving::ALL;
    "try-recv": who_is_killed_in_try_recv_closes_the_channel, who_is_stopped_in_try_recv_holds_the_senders;
    "try-recv-many": who_is_killed_in_try_recv_many_closes_the_channel, who_is_stopped_in_try_recv_many_holds_the_senders;
    "blocking-recv": who_is_killed_in_blocking_recv_closes_the_channel, who_is_stopped_in_blocking_recv_holds_the_senders;
    "blocking-recv-asleep": a_thread_killed_about_to_sleep_closes_the_channel, a_thread_stopped_about_to_sleep_wakes;
    "recv-timeout": who_is_killed_in_recv_timeout_closes_the_channel, who_is_stopped_in_recv_timeout_holds_the_senders;
    "recv": who_is_killed_in_recv_closes_the_channel, who_is_stopped_in_recv_holds_the_senders;
    "recv-asleep": a_task_killed_about_to_sleep_closes_the_channel, a_task_stopped_about_to_sleep_wakes;
    "recv-cancelled": who_is_killed_giving_up_closes_the_channel, who_is_stopped_giving_up_holds_the_senders;
    "recv-many": who_is_killed_in_recv_many_closes_the_channel, who_is_stopped_in_recv_many_holds_the_senders;
    "try-peek": who_is_killed_in_try_peek_closes_the_channel, who_is_stopped_in_try_peek_holds_the_senders;
    "peek-recv": who_is_killed_taking_what_it_peeked_closes_the_channel, who_is_stopped_taking_what_it_peeked_holds_the_senders;
    "close": who_is_killed_in_close_closes_the_channel, who_is_stopped_in_close_fails_or_holds_the_senders;
    "end": who_is_killed_at_the_end_fails_the_senders, who_is_stopped_at_the_end_fails_the_senders;
    "drop": who_is_killed_dropping_it_closes_the_channel, who_is_stopped_dropping_it_fails_or_holds_the_senders;
    "drop-closed": who_is_killed_dropping_it_closed_fails_the_senders, who_is_stopped_dropping_it_closed_fails_the_senders;
}
