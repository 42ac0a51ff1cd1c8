//! Senders are stopped (SIGSTOP) at any instant and go on later: they are not dead, and nothing of theirs is lost or
//! doubled.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

use shmpsc::{Receiver, error::TryRecvError};

use crate::{
    Ledger, Moments, bind_ending, connect,
    flow::{enter, let_in},
    people::{Person, Value, acts, eventually, how::How, room, start},
};

/// Role: sends in batches of up to `batch` until it is told to stop.
pub fn tries(who: u64, batch: u64, path: &Path) {
    acts::tries_until_told(&enter(path), who, batch);
}

/// How many values have come from whom; for another thread than the receiver's.
#[derive(Default)]
struct Counts([AtomicU64; 3]);

impl Counts {
    /// Until more has come from each of `senders`.
    fn grow(&self, mut senders: impl Iterator<Item = usize>) {
        const MORE: u64 = 100;
        senders.all(|who| {
            let before = self.0[who].load(Relaxed);
            eventually("more comes from the others", || self.0[who].load(Relaxed) >= before + MORE);
            true
        });
    }

    /// Receives to the end of the stream.
    fn receive(&self, receiver: &mut Receiver<Value>) -> Ledger {
        let mut ledger = Ledger::default();
        while let Some(value) = receiver.blocking_recv() {
            ledger.enter(value);
            if let Some(count) = self.0.get(value[0] as usize) {
                count.store(value[1] + 1, Relaxed);
            }
        }
        ledger
    }
}

/// The last thing that a sender does.
fn finish(mut person: Person) -> u64 {
    person.say();
    let sent = person.hear().parse().unwrap();
    person.end();
    sent
}

#[test]
fn a_sender_stopped_while_it_sends_holds_nobody_up() {
    let _patience = crate::patience();
    for (capacity, batch) in [(8, 1), (130, 60), (4096, 1000)] {
        let room = room();
        let mut receiver = bind_ending(capacity, &room.name());
        let mut people = [0, 1, 2].map(|who| start(&format!("tries-on {who} {batch}"), &room.name()));
        let_in(&mut people);
        let counts = Counts::default();
        let (sent, ledger) = thread::scope(|scope| {
            let stops = scope.spawn(|| {
                let mut moments = Moments::new();
                for round in 0..50 {
                    moments.pass();
                    let stopped = &people[round % 3];
                    stopped.stop();
                    // It holds at most a batch of the capacity, and the others go on.
                    counts.grow((0..3).filter(|who| *who != round % 3));
                    stopped.go_on();
                }
                people.map(finish)
            });
            let ledger = counts.receive(&mut receiver);
            (stops.join().unwrap(), ledger)
        });
        assert_eq!([0, 1, 2].map(|who| ledger.count(who)), sent);
    }
}

#[test]
fn a_sender_killed_after_it_was_stopped_holds_nobody_up() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind_ending(130, &room.name());
    let mut people = [0, 1].map(|who| start(&format!("tries-on {who} 1"), &room.name()));
    let_in(&mut people);
    let counts = Counts::default();
    let (sent, ledger) = thread::scope(|scope| {
        let stops = scope.spawn(|| {
            let mut moments = Moments::new();
            for who in 100..120 {
                let mut victim = start(&format!("tries-on {who} 60"), &room.name());
                let_in(std::slice::from_mut(&mut victim));
                for _ in 0..3 {
                    moments.pass();
                    victim.stop();
                    counts.grow(0..2);
                    victim.go_on();
                }
                moments.pass();
                victim.stop();
                counts.grow(0..2);
                victim.kill();
                counts.grow(0..2);
            }
            people.map(finish)
        });
        let ledger = counts.receive(&mut receiver);
        (stops.join().unwrap(), ledger)
    });
    assert_eq!([0, 1].map(|who| ledger.count(who)), sent);
}

/// Shows W19.
#[test]
fn senders_that_wait_can_be_stopped_and_go_on() {
    let _patience = crate::patience();
    const COUNT: u64 = 5_000;
    for hows in [[How::Blocking; 3], [How::CurrentThread, How::MultiThread, How::Plain]] {
        let room = room();
        let mut receiver = bind_ending(2, &room.name());
        let role = |who| start(&format!("sends {} {who} {COUNT}", hows[who]), &room.name());
        let mut people = [0, 1, 2].map(role);
        let_in(&mut people);
        let mut ledger = Ledger::default();
        let mut moments = Moments::new();
        for round in 0..50 {
            let stopped = &people[round % 3];
            stopped.stop();
            // Whatever comes; nothing need, as the others may stand behind the stopped one.
            for _ in 0..moments.number() % 50 {
                match receiver.try_recv() {
                    Ok(value) => ledger.enter(value),
                    Err(TryRecvError::Empty) => std::thread::yield_now(),
                    Err(TryRecvError::Disconnected) => panic!("three senders are left"),
                }
            }
            stopped.go_on();
            for _ in 0..moments.number() % 50 {
                ledger.enter(receiver.blocking_recv().expect("three senders are left"));
            }
            moments.pass();
        }
        while let Some(value) = receiver.blocking_recv() {
            ledger.enter(value);
        }
        people.into_iter().for_each(Person::end);
        (0..3).for_each(|who| assert_eq!(ledger.count(who), COUNT, "from {who}"));
    }
}

/// Shows W52.
#[test]
fn a_stopped_receiver_holds_senders_and_loses_nothing() {
    let _patience = crate::patience();
    let room = room();
    for how in How::ALL {
        let mut receiver = start(&format!("receives-asleep {how} 100"), &room.name());
        assert_eq!(receiver.hear(), "waits");
        let sender = connect(&room.name());
        receiver.sleeps();
        receiver.stop();
        // It is woken while it is stopped; the queue fills, and then who sends waits.
        (0..4).for_each(|n| sender.try_send([n, n]).unwrap());
        assert!(sender.try_send([4, 4]).is_err());
        receiver.go_on();
        (4..100).for_each(|n| sender.blocking_send([n, n]).unwrap());
        receiver.end();
    }
}
