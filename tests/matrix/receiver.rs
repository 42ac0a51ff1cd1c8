//! The receiver's part of the matrix: it is led to every position of its operations, or a sample, and killed or stopped there.

use std::{fmt, time::Instant};

use crate::{
    Fate,
    around::{Around, Queued, Scene},
    is_whole,
    people::start,
    receiving::{self, Operation},
    steps::{Led, Stands},
};

/// How many positions of each operation and each state of the queue a sample has, beside the last one. Of those that are too long
/// a way it has only that one.
const SAMPLE: usize = 1;

/// Before it sleeps, or passes a sender, a receiver looks for a value for some ten thousand instructions, and nothing but its last
/// looks differ. So only this many instructions before that are positions, and all behind it.
const LAST_LOOKS: usize = 2000;

/// Behind everything.
const ITS_END: usize = usize::MAX;

/// Where the receiver was when it happened.
#[derive(Clone, Copy)]
struct Position {
    fate: Fate,
    operation: &'static str,
    queued: Queued,
    steps: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { fate, operation, queued, steps } = self;
        write!(f, "{} {steps} instructions after the start of {operation}, {queued}", fate.name())
    }
}

/// Says where the receiver was, if anything fails.
struct Failing<'a>(&'a Position);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the receiver is {}", self.0);
        }
    }
}

/// How an operation went.
struct Went {
    steps: usize,
    /// After how many steps it slept first.
    slept: Option<usize>,
    stands: Stands,
}

/// Leads a new receiver to a position, unless the operation ends before, and lets it happen there. It cannot sleep in the first
/// `awake` steps. If it need not be led to its end, it runs.
fn happens(
    around: &mut Around,
    operation: &Operation,
    position: &Position,
    awake: usize,
    is_led: bool,
) -> Went {
    let _failing = Failing(position);
    let mut receiver = start(&format!("receives {}", operation.name), &around.path());
    let thread = receiver.hear().parse().expect("a thread");
    let mut scene = Scene::meets(around);
    let found = scene.prepares(&mut receiver, operation, position.queued);
    receiver.order("operates");
    let mut led = Led::at_its_mark(receiver, thread, false);
    let mut went = Went { steps: 0, slept: None, stands: Stands::Inside };
    while is_led && went.steps < position.steps && went.stands == Stands::Inside {
        led.may_sleep(operation.sleeps && went.steps >= awake);
        went.stands = led.step(|| {
            went.slept.get_or_insert(went.steps);
            scene.wakes_it();
        });
        went.steps += 1;
    }
    led.may_sleep(operation.sleeps);
    if !is_led {
        led.goes_on_to_its_end(|| scene.wakes_it());
        went.stands = Stands::AtItsEnd;
    }
    match position.fate {
        Fate::Killed => {
            if position.queued != Queued::Full && !operation.is_closed {
                scene.presses();
            }
            led.dies();
        }
        Fate::Stopped => {
            led.freezes();
            scene.is_stopped(operation, position.queued);
            led.thaws();
            if went.stands == Stands::Inside {
                led.goes_on_to_its_end(|| scene.wakes_it());
            }
            let told = led.tells();
            let count = scene.enters(&told);
            let least = if operation.sleeps { 1 } else { found.min(operation.takes) };
            assert!((least..=operation.takes.max(least)).contains(&count), "{told}, of {found}");
            scene.is_well(&mut led, operation.then);
            led.dies();
        }
    }
    scene.ends(operation.takes);
    went
}

/// Every position of an operation, or a sample, in every state of the queue.
#[track_caller]
fn at_every_instruction(fate: Fate, name: &str) {
    let _patience = crate::patience();
    let operation = Operation::named(name);
    for &queued in operation.queued {
        let began = Instant::now();
        // The others meet one receiver after the other under one name.
        let mut around = Around::new();
        let position = |steps| Position { fate, operation: operation.name, queued, steps };
        let looks_long = operation.sleeps || matches!(queued, Queued::Stalled | Queued::Dead);
        let is_led = is_whole() || !(looks_long || operation.is_long);
        let went = happens(&mut around, operation, &position(ITS_END), 0, is_led);
        assert_eq!(went.stands, Stands::AtItsEnd);
        let length = went.steps;
        let look = if looks_long { went.slept.unwrap_or(length) } else { 0 };
        let first = look.saturating_sub(LAST_LOOKS);
        let every = if is_whole() { 1 } else { length.div_ceil(SAMPLE) };
        // Its end is a position; if all are taken, it comes again.
        let mut count = usize::from(!is_whole());
        // Where the kernel or the others make it longer than it was, all of it is followed to its end.
        for steps in
            (first + every / 2..).take_while(|steps| is_whole() || *steps < length).step_by(every.max(1))
        {
            let went = happens(&mut around, operation, &position(steps), first, true);
            count += 1;
            if went.stands == Stands::AtItsEnd {
                break;
            }
        }
        let part = match (is_whole(), first) {
            (true, 0) => "every instruction".to_owned(),
            (true, first) => format!("every instruction from the {first}th"),
            (false, _) => "a sample".to_owned(),
        };
        println!(
            "the receiver, {name}, {queued}: {length} instructions; {} at {count} positions ({part}); {:.1} s",
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
            let all: Vec<_> = receiving::ALL.iter().map(|operation| operation.name).collect();
            assert_eq!(shown, all);
        }
    };
}

matrix! {
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
