//! Several processes send to one: every value comes once, and those of one sender in its order.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use shmpsc::{
    Sender,
    error::{SendTimeoutError, TrySendError},
};

use crate::{
    Ledger, bind_ending, connect,
    people::{
        Person, Value,
        how::{How, Runner},
        room, start, tell, wait_for_parent,
    },
};

/// In a child: connects, and goes on when all the others have done so too.
pub fn enter(path: &Path) -> Sender<Value> {
    let sender = connect(path);
    tell("in");
    wait_for_parent();
    sender
}

/// What the parent does meanwhile.
pub fn let_in(children: &mut [Person]) {
    children.iter_mut().for_each(|child| assert_eq!(child.hear(), "in"));
    children.iter_mut().for_each(Person::say);
}

/// Role: sends `count` values.
pub fn sends(how: How, who: u64, count: u64, path: &Path) {
    Runner::new(how).send_all(enter(path), who, count);
}

/// Role: sends `count` values in batches of all lengths, every second one as a task.
pub fn batches(who: u64, count: u64, path: &Path) {
    let sender = enter(path);
    let runner = Runner::new(How::Plain);
    let mut sent = 0;
    for length in (1..20).cycle() {
        let batch: Vec<_> = (sent..count.min(sent + length)).map(|n| [who, n]).collect();
        sent += batch.len() as u64;
        if length % 2 == 0 {
            sender.blocking_send_many(&batch).unwrap();
        } else {
            let sender = sender.clone();
            runner.run(async move { sender.send_many(&batch).await }).unwrap();
        }
        if sent == count {
            break;
        }
    }
}

/// Role: sends `count` values without ever standing in the line.
pub fn tries(who: u64, count: u64, path: &Path) {
    let sender = enter(path);
    for n in 0..count {
        while let Err(refused) = sender.try_send([who, n]) {
            assert_eq!(refused, TrySendError::Full([who, n]));
            std::thread::yield_now();
        }
    }
}

/// Role: sends `count` values, and often gives its place in the line up.
pub fn times_out(who: u64, count: u64, path: &Path) {
    let sender = enter(path);
    Runner::new(How::CurrentThread).run(async move {
        for n in 0..count {
            while let Err(refused) = sender.send_timeout([who, n], Duration::from_micros(n % 200)).await {
                assert_eq!(refused, SendTimeoutError::Timeout([who, n]));
            }
        }
    });
}

#[test]
fn every_value_comes_once_and_in_its_senders_order() {
    let _patience = crate::patience();
    for capacity in [1, 2, 8] {
        for receiving in How::ALL {
            const COUNT: u64 = 400;
            let room = room();
            let receiver = bind_ending(capacity, &room.name());
            let role = |(who, how)| format!("sends {how} {who} {COUNT}");
            let roles = (0..).zip(How::ALL).map(role);
            let mut children: Vec<_> = roles.map(|role| start(&role, &room.name())).collect();
            let_in(&mut children);
            let ledger = Arc::new(Mutex::new(Ledger::default()));
            let entered = ledger.clone();
            Runner::new(receiving).receive_all(receiver, move |value| entered.lock().unwrap().enter(value));
            children.into_iter().for_each(Person::end);
            (0..4).for_each(|who| assert_eq!(ledger.lock().unwrap().count(who), COUNT, "from {who}"));
        }
    }
}

#[test]
fn batches_tries_and_timeouts_of_several_processes_mix() {
    let _patience = crate::patience();
    const COUNT: u64 = 1000;
    for capacity in [1, 7] {
        let room = room();
        let mut receiver = bind_ending(capacity, &room.name());
        let roles = ["batches 0 1000", "tries 1 1000", "times-out 2 1000", "sends Blocking 3 1000"];
        let mut children = roles.map(|role| start(role, &room.name()));
        let_in(&mut children);
        let mut ledger = Ledger::default();
        let mut values = Vec::new();
        for limit in (1..=5).cycle() {
            if receiver.blocking_recv_many(&mut values, limit) == 0 {
                break;
            }
            assert!(values.len() <= limit);
            values.drain(..).for_each(|value| ledger.enter(value));
        }
        children.into_iter().for_each(Person::end);
        (0..4).for_each(|who| assert_eq!(ledger.count(who), COUNT, "from {who}"));
    }
}
