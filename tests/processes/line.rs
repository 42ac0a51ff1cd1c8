//! Senders of several processes that wait for room stand in one line: first come, first served.

use std::path::Path;

use shmpsc::error::TrySendError;

use crate::{
    bind, connect,
    people::{
        Person,
        how::{How, Runner},
        room, start, tell, wait_for_parent,
    },
    trials,
};

/// Role: sends one value when it is told to, and tells when it waits and what came of it.
pub fn stands(how: How, who: u64, path: &Path) {
    let runner = Runner::new(how);
    let sender = connect(path);
    tell("in");
    wait_for_parent();
    match runner.send(&sender, [who, 0], || tell("waits")) {
        Ok(()) => tell("sent"),
        Err(closed) => {
            assert_eq!(closed.0, [who, 0], "the value is given back");
            assert!(sender.is_closed());
            tell("closed");
        }
    }
    wait_for_parent();
}

/// Has one process for each of `hows` stand in the line, in this order. The queue must be full.
pub fn line_up(hows: &[How], path: &Path) -> Vec<Person> {
    let role = |(who, how)| format!("stands {how} {who}");
    let mut line: Vec<_> = (0..).zip(hows).map(role).map(|role| start(&role, path)).collect();
    line.iter_mut().for_each(|person| assert_eq!(person.hear(), "in"));
    for person in &mut line {
        person.say();
        assert_eq!(person.hear(), "waits");
        person.sleeps();
    }
    line
}

fn wake_in_order(hows: &[How], capacity: usize) {
    let room = room();
    let mut receiver = bind(capacity, &room.name());
    let filler = connect(&room.name());
    let full: Vec<_> = (0..capacity as u64).map(|n| [99, n]).collect();
    assert_eq!(filler.try_send_many(&full), Ok(capacity));
    let mut line = line_up(hows, &room.name());
    let sent = full.into_iter().chain((0..hows.len() as u64).map(|who| [who, 0]));
    for (value, person) in sent.clone().zip(&mut line) {
        assert_eq!(filler.try_send([99, 99]), Err(TrySendError::Full([99, 99])), "nobody passes by");
        assert_eq!(receiver.blocking_recv(), Some(value), "{hows:?}");
        assert_eq!(person.hear(), "sent", "{hows:?}");
    }
    for value in sent.skip(hows.len()) {
        assert_eq!(receiver.try_recv(), Ok(value), "{hows:?}");
    }
    line.into_iter().for_each(Person::end);
    filler.try_send([99, 99]).expect("nobody waits any more");
}

#[test]
fn senders_of_several_processes_wake_in_the_order_in_which_they_came() {
    let _patience = crate::patience();
    for how in How::ALL {
        wake_in_order(&[how; 5], 1);
    }
}

#[test]
fn threads_and_tasks_stand_in_one_line() {
    let _patience = crate::patience();
    use How::{Blocking, CurrentThread, MultiThread, Plain};
    let mixed = [MultiThread, Blocking, Plain, Blocking, CurrentThread, Plain, MultiThread, Blocking];
    for capacity in [1, 2, 3] {
        wake_in_order(&mixed, capacity);
    }
}

#[test]
fn two_hundred_waiters_complete_in_the_order_in_which_they_came_although_some_give_up_and_some_die() {
    for capacity in [1, 3] {
        let tally = trials::line::run(capacity, 5);
        println!("capacity {capacity}: {tally:?}");
        assert_eq!(tally.waited, tally.completed + tally.gave_up + tally.died);
    }
}
