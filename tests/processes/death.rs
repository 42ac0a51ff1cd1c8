//! Processes are killed: the receiver's with senders asleep, senders in the line, and senders in the middle of sending.

use std::path::Path;

use crate::{
    Ledger, Moments, bind, bind_ending, connect,
    flow::let_in,
    line::line_up,
    people::{
        Person, eventually,
        how::{How, Runner, when_it_waits},
        room, start, stay, tell,
    },
};

/// Role: has the receiver, with room for one value, and never receives.
pub fn hosts(path: &Path) {
    let _receiver = bind(1, path);
    tell("bound");
    stay();
}

/// Role: tells when the channel is closed.
pub fn awaits_closing(how: How, path: &Path) {
    let sender = connect(path);
    let watched = sender.clone();
    Runner::new(how).run(async move { when_it_waits(watched.closed(), || tell("waits")).await });
    assert!(sender.is_closed());
    assert!(sender.try_send([0, 0]).is_err());
    tell("closed");
}

/// Role: has some senders and does nothing with them.
pub fn holds(count: u64, path: &Path) {
    let first = connect(path);
    let _senders: Vec<_> = (0..count).map(|_| first.clone()).collect();
    drop(first);
    tell("in");
    stay();
}

/// Role: sends until it is killed, in batches.
pub fn sends_for_ever(who: u64, batch: u64, path: &Path) {
    let sender = connect(path);
    tell("in");
    let mut sent = 0;
    loop {
        let values: Vec<_> = (sent..sent + batch).map(|n| [who, n]).collect();
        if sender.blocking_send_many(&values).is_err() {
            break;
        }
        sent += batch;
    }
}

/// Shows W52.
#[test]
fn a_killed_receiver_fails_every_sleeping_sender() {
    let _patience = crate::patience();
    let room = room();
    let mut host = start("hosts", &room.name());
    assert_eq!(host.hear(), "bound");
    let sender = connect(&room.name());
    sender.try_send([99, 0]).unwrap();
    let mut line = line_up(&How::ALL, &room.name());
    let watch = |how| start(&format!("awaits-closing {how}"), &room.name());
    let mut watchers = How::ASYNC.map(watch);
    watchers.iter_mut().for_each(|watcher| assert_eq!(watcher.hear(), "waits"));
    host.kill();
    line.iter_mut().for_each(|person| assert_eq!(person.hear(), "closed"));
    watchers.iter_mut().for_each(|watcher| assert_eq!(watcher.hear(), "closed"));
    line.into_iter().for_each(Person::end);
    watchers.into_iter().for_each(Person::end);
    eventually("this process hears it too", || sender.is_closed());
}

/// Shows W18.
#[test]
fn a_sender_killed_in_the_line_lets_those_behind_go_on() {
    let _patience = crate::patience();
    for how in How::ALL {
        for dead in [0, 1, 3] {
            let room = room();
            let mut receiver = bind_ending(1, &room.name());
            let filler = connect(&room.name());
            filler.try_send([99, 0]).unwrap();
            let mut line = line_up(&[how; 4], &room.name());
            drop(filler);
            line[dead].kill();
            assert_eq!(receiver.blocking_recv(), Some([99, 0]));
            let living = (0..4).filter(|who| *who != dead);
            living.clone().for_each(|who| assert_eq!(receiver.blocking_recv(), Some([who as u64, 0])));
            living.for_each(|who| assert_eq!(line[who].hear(), "sent"));
            eventually("one is gone", || receiver.sender_strong_count() == 3);
            line.clear();
            assert_eq!(receiver.blocking_recv(), None, "all have been killed by now");
        }
    }
}

/// Shows W45.
#[test]
fn handles_of_the_killed_count_as_dropped() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind_ending(1, &room.name());
    let mut people = ["holds 1", "holds 5", "holds 30"].map(|role| start(role, &room.name()));
    people.iter_mut().for_each(|person| assert_eq!(person.hear(), "in"));
    assert_eq!(receiver.sender_strong_count(), 36);
    people[1].kill();
    eventually("five are gone", || receiver.sender_strong_count() == 31);
    people[2].kill();
    eventually("thirty are gone", || receiver.sender_strong_count() == 1);
    people[0].kill();
    assert_eq!(receiver.blocking_recv(), None);
}

#[test]
fn killed_senders_take_nothing_of_the_others_along() {
    let _patience = crate::patience();
    const COUNT: u64 = 5_000;
    for (capacity, batch) in [(1, 1), (16, 1), (512, 300)] {
        let room = room();
        let mut receiver = bind_ending(capacity, &room.name());
        let steady = |who| start(&format!("sends {} {who} {COUNT}", How::ALL[who as usize]), &room.name());
        let mut steady = [0, 1, 2].map(steady);
        let_in(&mut steady);
        let mut ledger = Ledger::default();
        let victims = 100..125;
        // The stream is not to end before the last victim.
        let last = connect(&room.name());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _last = last;
                let mut moments = Moments::new();
                for who in victims.clone() {
                    let mut victim = start(&format!("sends-for-ever {who} {batch}"), &room.name());
                    assert_eq!(victim.hear(), "in");
                    moments.pass();
                    victim.kill();
                }
            });
            while let Some(value) = receiver.blocking_recv() {
                ledger.enter(value);
            }
        });
        steady.into_iter().for_each(Person::end);
        (0..3).for_each(|who| assert_eq!(ledger.count(who), COUNT, "from {who}"));
        let torn = victims.filter(|who| ledger.count(*who) % batch != 0).count();
        println!("capacity {capacity}: 25 killed, {torn} of them in the middle of a batch");
    }
}
