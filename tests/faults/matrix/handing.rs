//! The receiver is handed over, and killed or stopped at each beginning and end of a call to the system on the way, while somebody
//! asks to be let in.

use crate::{
    part::{Fate, at_every_system_call},
    people::{Person, Room, ledger::Ledger, room, start},
    receiving::HAND_OVER,
    steps::{Led, Pace, Stands},
};

const CALLER: u64 = 10;
const SENDER: u64 = 20;

/// Two values of a process that has ended go along.
fn queues(receiver: &mut Person, room: &Room) {
    let mut sender = start(&format!("stands-by {SENDER}"), &room.name());
    assert_eq!(sender.obeys("meets"), "met");
    assert_eq!(sender.obeys("sends 2"), "2 open");
    sender.kill();
    assert_eq!(receiver.obeys("is-alone"), "alone");
}

fn enters(ledger: &mut Ledger, told: &str) {
    for word in told.split(' ').skip(1) {
        let (who, n) = word.split_once('.').expect("two numbers");
        ledger.enter([who.parse().expect("a number"), n.parse().expect("a number")]);
    }
}

/// Leads a new receiver to a position, unless the hand-over ends before, and lets it happen there.
fn happens(fate: Fate, caller: &mut Person, room: &Room, steps: usize) -> (usize, Stands) {
    let mut receiver = start(&format!("receives {}", HAND_OVER.name), &room.name());
    let thread = receiver.hear().parse().expect("a thread");
    queues(&mut receiver, room);
    receiver.order("operates");
    let mut led = Led::at_its_mark(receiver, thread, false).at_pace(Pace::SystemCall);
    let (went, stands) = led.goes(steps);
    match fate {
        Fate::Killed => {
            assert_eq!(caller.obeys("calls"), "calls");
            led.dies();
            // Let in before or not at all; either way nobody waits, and the name is free for the next.
            if caller.obeys("called") == "met" {
                assert_eq!(caller.obeys("mourns"), "mourned");
            }
        }
        Fate::Stopped => {
            led.freezes();
            assert_eq!(caller.obeys("calls"), "calls");
            led.thaws();
            if stands == Stands::Inside {
                led.goes_on_to_its_end(|| {});
            }
            assert_eq!(led.tells(), "received");
            let called = caller.obeys("called");
            if led.obeys("is-there") == "false" {
                // The caller was let in before the door was shut. Then nothing is handed over, and all ends.
                led.dies();
                if called == "met" {
                    assert_eq!(caller.obeys("mourns"), "mourned");
                }
                return (went, stands);
            }
            // Or the giver has sent it away; whoever has the receiver then lets it in.
            if called != "met" {
                println!("{went} system calls after the start of {}: {called}", HAND_OVER.name);
                assert_eq!(caller.obeys("meets"), "met");
            }
            assert_eq!(caller.obeys("sends 2"), "2 open");
            let mut ledger = Ledger::default();
            enters(&mut ledger, &led.obeys("receives 4"));
            assert_eq!([SENDER, CALLER].map(|who| ledger.count(who)), [2, 2], "what was sent goes along");
            assert_eq!(led.obeys("finds-nothing"), "nothing");
            led.dies();
            assert_eq!(caller.obeys("mourns"), "mourned");
        }
    }
    (went, stands)
}

#[track_caller]
fn happens_at_every_system_call(fate: Fate) {
    if !crate::can_lead() {
        return;
    }
    let _patience = crate::patience();
    let room = room();
    let mut caller = start(&format!("stands-by {CALLER}"), &room.name());
    let what = format!("{}, {}", HAND_OVER.name, fate.name());
    at_every_system_call(&what, |steps| happens(fate, &mut caller, &room, steps));
}

/// Shows W106, T19.
#[test]
fn who_is_killed_handing_the_receiver_over_closes_the_channel() {
    happens_at_every_system_call(Fate::Killed);
}

/// Shows W106, T19.
#[test]
fn who_is_stopped_handing_the_receiver_over_takes_all_along() {
    happens_at_every_system_call(Fate::Stopped);
}
