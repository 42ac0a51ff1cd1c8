//! Senders are stopped (SIGSTOP) at any instant and go on later: they are not dead, and nothing of theirs is lost or
//! doubled.

use shmpsc::error::TryRecvError;

use crate::{
    Ledger, Moments, bind_ending, connect,
    flow::let_in,
    people::{Person, how::How, room, start},
};

#[test]
fn a_sender_stopped_while_it_sends_holds_nobody_up() {
    let _patience = crate::patience();
    const COUNT: u64 = 100_000;
    let room = room();
    let mut receiver = bind_ending(8, &room.name());
    // They never stand in the line: who is stopped at the head of the line may keep those behind it waiting.
    let mut people = [0, 1, 2].map(|who| start(&format!("tries {who} {COUNT}"), &room.name()));
    let_in(&mut people);
    let mut ledger = Ledger::default();
    let mut moments = Moments::new();
    for round in 0..50 {
        let stopped = &people[round % 3];
        let others = || (0..3).filter(|who| *who != round as u64 % 3);
        moments.pass();
        stopped.stop();
        // What the others send arrives. At most one value of the stopped one is missing, and comes when it goes on.
        let goal = others().map(|who| (ledger.count(who) + 100).min(COUNT)).collect::<Vec<_>>();
        while others().zip(&goal).any(|(who, goal)| ledger.count(who) < *goal) {
            ledger.enter(receiver.blocking_recv().expect("three senders are left"));
        }
        stopped.go_on();
        for _ in 0..100 {
            receiver.blocking_recv().into_iter().for_each(|value| ledger.enter(value));
        }
    }
    while let Some(value) = receiver.blocking_recv() {
        ledger.enter(value);
    }
    people.into_iter().for_each(Person::end);
    (0..3).for_each(|who| assert_eq!(ledger.count(who), COUNT, "from {who}"));
}

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
