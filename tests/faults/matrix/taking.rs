//! The receiver is handed over from one process to another, and one of the two is killed at each beginning and end of a call to the
//! system with which the other one takes it.

use std::{os::unix::net::UnixListener, path::Path};

use nix::sys::{ptrace, signal::raise};
use shmpsc::Receiver;

use crate::{
    operations::MARK,
    part::at_every_system_call,
    people::{
        descriptors::{pass, passed},
        eventually, next_order, room, start, stay, tell,
    },
    receiving::tell_values,
    steps::{Led, Pace, Stands},
    world::{Value, value},
};

const GIVER: u64 = 30;

/// What the taker receives if it gets the receiver.
const ALL: &str = "received 30.0 30.1";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Killed {
    Giver,
    Taker,
}

/// Role: sends two values, gives the receiver to whoever calls, and sees it end when told.
pub fn gives(path: &Path) {
    let (sender, receiver) = shmpsc::channel(4);
    (0..2).for_each(|n| sender.try_send(value(GIVER, n)).unwrap());
    let listener = UnixListener::bind(path).unwrap();
    tell("listening");
    let (stream, _) = listener.accept().unwrap();
    pass(&stream, receiver.into_fd().unwrap());
    drop(stream);
    while let Some(order) = next_order() {
        assert_eq!(order, "mourns");
        eventually("the receiver is gone", || sender.is_closed());
        tell("mourned");
    }
    stay();
}

/// Role: takes the receiver between two marks, and receives to the end.
pub fn takes(path: &Path) {
    ptrace::traceme().expect("the parent may lead it");
    let descriptor = passed(path);
    tell(rustix::thread::gettid().as_raw_nonzero());
    raise(MARK).expect("the parent hears it");
    let taken = Receiver::<Value>::from_fd(descriptor);
    raise(MARK).expect("the parent hears it");
    match taken {
        Ok(mut receiver) => {
            let values: Vec<Value> = std::iter::from_fn(|| receiver.blocking_recv()).collect();
            tell_values(&values);
        }
        Err(error) => tell(format_args!("failed: {error}")),
    }
    stay();
}

/// Leads a new taker to a position, unless it has taken the receiver before, and lets it happen there.
fn happens(who: Killed, steps: usize) -> (usize, Stands) {
    let room = room();
    let mut giver = start("gives", &room.name());
    assert_eq!(giver.hear(), "listening");
    let mut taker = start("takes", &room.name());
    let thread = taker.hear().parse().expect("a thread");
    let mut led = Led::at_its_mark(taker, thread, false).at_pace(Pace::SystemCall);
    let (went, stands) = led.goes(steps);
    match who {
        Killed::Giver => {
            giver.kill();
            if stands == Stands::Inside {
                led.goes_on_to_its_end(|| {});
            }
            let told = led.tells();
            let has_failed = stands == Stands::Inside && told.starts_with("failed: ");
            assert!(has_failed || told == ALL, "{told}, {went} system calls after the start");
            led.dies();
        }
        Killed::Taker => {
            led.dies();
            assert_eq!(giver.obeys("mourns"), "mourned");
        }
    }
    (went, stands)
}

#[track_caller]
fn happens_at_every_system_call(who: Killed) {
    if !crate::can_lead() {
        return;
    }
    let _patience = crate::patience();
    at_every_system_call(&format!("taken by another process, {who:?} killed"), |steps| happens(who, steps));
}

/// Shows W108.
#[test]
fn a_giver_killed_during_the_take_leaves_all_or_an_error() {
    happens_at_every_system_call(Killed::Giver);
}

/// Shows W108.
#[test]
fn who_is_killed_taking_the_receiver_closes_the_channel() {
    happens_at_every_system_call(Killed::Taker);
}
