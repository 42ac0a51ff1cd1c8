//! The matrix of the unbounded channel: a sender, or the receiver, is led to every position of its operations, or a sample, and killed
//! or stopped there. Then the rest of the world has lost nothing that was acknowledged, and the queue has no more memory than its
//! design allows.
//!
//! `sending` and `receiving` are what the led process does, `beside_sender` and `beside_receiver` what the other processes do, `memory`
//! the numbers of the channel, `handing` the hand-over of the receiver.

mod beside_receiver;
mod beside_sender;
mod handing;
mod memory;
pub mod receiving;
pub mod sending;

use std::{fmt, time::Instant};

use crate::{
    part::{Fate, Part, Position},
    steps::{Led, Stands},
    way::Way,
};

/// Of a way with more instructions than this, the whole matrix has only the positions before and behind every change and call.
const LONG: usize = 30_000;

/// One operation of a process that is led, or two that belong together.
pub struct Operation<F: 'static, A> {
    pub name: &'static str,
    /// How the queue stands before.
    pub fills: &'static [F],
    /// Whether all its positions are visited also in a sample, the first time.
    pub is_short: bool,
    pub act: A,
}

/// All but the process that is led. It is used for one death or stop.
trait World: Sized {
    type Fill: Copy + fmt::Display + 'static;
    type Act: 'static;

    /// A new world, and in it a process that stands before its operation.
    fn before(operation: &Operation<Self::Fill, Self::Act>, fill: Self::Fill) -> (Self, Led);

    /// What the others do while the process sleeps.
    fn meanwhile(&mut self);

    /// The process is killed where it stands.
    fn sees_a_death(self, led: Led, operation: &Operation<Self::Fill, Self::Act>);

    /// The process stays where it stands, goes on after that, and ends its operation.
    fn sees_a_stop(self, led: Led, stands: Stands, operation: &Operation<Self::Fill, Self::Act>);
}

/// Says where the process was, if anything fails.
struct Failing<'a, F: fmt::Display>(&'a Position<F>);

impl<F: fmt::Display> Drop for Failing<'_, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Leads a new process to a position, unless the operation ends before, and lets it happen there. Gives where it stood, and whether that
/// was where the first run was then.
fn happens<W: World>(
    operation: &Operation<W::Fill, W::Act>,
    way: &Way,
    position: &Position<W::Fill>,
) -> (Stands, bool) {
    let _failing = Failing(position);
    let (mut world, mut led) = W::before(operation, position.fill);
    let stands = match way.leads(&mut led, position.steps, || world.meanwhile()) {
        Some((_, stands)) => stands,
        None => {
            led.dies();
            (world, led) = W::before(operation, position.fill);
            way.leads_slowly(&mut led, position.steps, || world.meanwhile()).1
        }
    };
    let is_on_it = way.is_on_it(&led, position.steps, stands);
    match position.fate {
        Fate::Killed => world.sees_a_death(led, operation),
        Fate::Stopped => world.sees_a_stop(led, stands, operation),
    }
    (stands, is_on_it)
}

/// The way of an operation.
fn way<W: World>(operation: &Operation<W::Fill, W::Act>, fill: W::Fill) -> Way {
    let (mut world, mut led) = W::before(operation, fill);
    let mut way = Way::of(&mut led, || world.meanwhile());
    led.dies();
    let (mut world, mut led) = W::before(operation, fill);
    way.sees_changes(&mut led, || world.meanwhile());
    led.dies();
    way
}

/// The positions of an operation, or a part of them, however the queue stands before.
fn at_every_instruction<W: World>(fate: Fate, operation: &Operation<W::Fill, W::Act>) {
    if !crate::can_lead() {
        return;
    }
    let _patience = crate::patience();
    let part = Part::asked_for();
    let name = operation.name;
    for (time, &fill) in operation.fills.iter().enumerate() {
        let began = Instant::now();
        let is_short = operation.is_short && time == 0;
        let way = way::<W>(operation, fill);
        // A sender that makes a chunk memory asks the system first how much there is, and touches nothing of the channel meanwhile.
        let part = if part == Part::Whole && way.length > LONG { Part::Windows } else { part };
        let (taken, called) = crate::positions(part, &way, is_short);
        let position = |steps| Position { fate, operation: name, fill, steps };
        let mut count = taken.len();
        let is_stray = |steps: &usize| !happens::<W>(operation, &way, &position(*steps)).1;
        let strays = taken.into_iter().filter(is_stray).count();
        if part.takes_all(is_short) {
            // Where the kernel or the others make it longer than it was, all of it is followed to its end.
            let behind = (way.length + 1..)
                .take_while(|steps| happens::<W>(operation, &way, &position(*steps)).0 == Stands::Inside);
            count += behind.count();
        }
        println!(
            "unbounded {name}, {fill}: {} at {count} positions ({called}) of {}, {strays} of them beside the first run's way; {way}; {:.1} s",
            fate.name(),
            way.positions().len(),
            began.elapsed().as_secs_f64()
        );
    }
}

mod sender {
    use super::{at_every_instruction as all_of, beside_sender::Beside, sending};
    use crate::part::Fate;

    fn at_every_instruction(fate: Fate, name: &str) {
        all_of::<Beside>(fate, sending::named(name));
    }

    // Shows T3, T4.
    crate::matrix! {
        sending::ALL;
        "try-send": a_sender_killed_in_try_send_loses_nothing, a_sender_stopped_in_try_send_is_passed;
        "send": a_sender_killed_in_send_loses_nothing, a_sender_stopped_in_send_is_passed;
        "try-send-many": a_sender_killed_in_try_send_many_loses_nothing, a_sender_stopped_in_try_send_many_is_passed;
        "send-many": a_sender_killed_in_send_many_loses_nothing, a_sender_stopped_in_send_many_is_passed;
        "clone": a_sender_killed_cloning_loses_nothing, a_sender_stopped_cloning_is_passed;
        "drop": a_sender_killed_dropping_loses_nothing, a_sender_stopped_dropping_is_passed;
        "upgrade": a_sender_killed_upgrading_loses_nothing, a_sender_stopped_upgrading_is_passed;
        "weak": a_sender_killed_with_weak_handles_loses_nothing, a_sender_stopped_with_weak_handles_is_passed;
        "leave": a_sender_killed_leaving_loses_nothing, a_sender_stopped_leaving_is_passed;
        "connect": a_sender_killed_connecting_loses_nothing, a_sender_stopped_connecting_is_passed;
    }
}

mod receiver {
    use super::{at_every_instruction as all_of, beside_receiver::Beside, receiving};
    use crate::part::Fate;

    fn at_every_instruction(fate: Fate, name: &str) {
        all_of::<Beside>(fate, receiving::named(name));
    }

    // Shows T15, T17.
    crate::matrix! {
        receiving::ALL;
        "try-recv": a_receiver_killed_in_try_recv_closes_the_channel, a_receiver_stopped_in_try_recv_holds_up_no_sender;
        "recv": a_receiver_killed_in_recv_closes_the_channel, a_receiver_stopped_in_recv_holds_up_no_sender;
        "recv-asleep": a_receiver_killed_about_to_sleep_closes_the_channel, a_receiver_stopped_about_to_sleep_wakes;
        "try-recv-many": a_receiver_killed_in_recv_many_closes_the_channel, a_receiver_stopped_in_recv_many_holds_up_no_sender;
        "try-peek": a_receiver_killed_in_try_peek_closes_the_channel, a_receiver_stopped_in_try_peek_holds_up_no_sender;
        "close": a_receiver_killed_in_close_closes_the_channel, a_receiver_stopped_in_close_holds_up_no_sender;
        "drop": a_receiver_killed_in_its_drop_closes_the_channel, a_receiver_stopped_in_its_drop_holds_up_no_sender;
    }
}
