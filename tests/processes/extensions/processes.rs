//! Peeking, and receiving with a timeout, while the senders live in other processes: stopped and killed ones too.

use std::{
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::channel as told_by,
    },
    thread,
    time::{Duration, Instant as RealInstant},
};

use shmpsc::{
    Options, connect,
    error::{RecvTimeoutError, TryRecvError},
};

use crate::{
    HOUR,
    adapter::Blocked,
    people::{
        Value, acts, eventually,
        how::{How, Runner, when_it_waits},
        ledger::Ledger,
        patience, room, start, tell, wait_for_parent,
    },
};

/// Role: sends one value each time the parent says so.
pub fn sends_when_told(path: &Path) {
    let sender = connect::<Value>(path).unwrap();
    for n in 0.. {
        tell("ready");
        wait_for_parent();
        sender.blocking_send([n, n]).unwrap();
    }
}

/// Role: sends in batches until it is told to stop.
pub fn sends_on(who: u64, batch: u64, path: &Path) {
    let sender = connect::<Value>(path).unwrap();
    tell("in");
    wait_for_parent();
    acts::tries_until_told(&sender, who, batch);
}

#[test]
fn a_peek_is_woken_by_another_process() {
    let _patience = patience(Duration::from_secs(180));
    for how in How::ALL {
        let room = room();
        let mut receiver = Options::new().capacity(4).bind::<Value>(room.name()).unwrap();
        let runner = Runner::new(how);
        let mut child = start("sends-when-told", &room.name());
        for n in 0..10 {
            assert_eq!(child.hear(), "ready");
            let peeked;
            (receiver, peeked) = if how == How::Blocking {
                let peeking = Blocked::asleep_in(move || {
                    let peeked = receiver.blocking_peek();
                    (receiver, peeked)
                });
                child.say();
                peeking.returned()
            } else {
                let (tell, told) = told_by();
                let go = thread::spawn(move || {
                    told.recv().unwrap();
                    child.say();
                    child
                });
                let peeked = runner.run(async move {
                    let peeked = when_it_waits(receiver.peek(), || tell.send(()).unwrap()).await;
                    (receiver, peeked)
                });
                child = go.join().unwrap();
                peeked
            };
            assert_eq!(peeked, Some([n, n]));
            assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok([n, n]), Err(TryRecvError::Empty)));
        }
    }
}

#[test]
fn the_peeked_value_of_a_sender_that_was_killed_is_received() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut child = start("sends-when-told", &room.name());
    assert_eq!(child.hear(), "ready");
    child.say();
    assert_eq!(receiver.blocking_peek(), Some([0, 0]));
    child.kill();
    eventually("its death is known", || receiver.sender_strong_count() == 0);
    assert_eq!((receiver.blocking_peek(), receiver.blocking_recv()), (Some([0, 0]), Some([0, 0])));
    assert_eq!(receiver.blocking_peek(), None);
}

#[test]
fn a_blocking_timeout_runs_out_or_ends_by_another_process() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut child = start("sends-when-told", &room.name());
    for n in 0..20 {
        assert_eq!(child.hear(), "ready");
        let (begun, limit) = (RealInstant::now(), Duration::from_millis(n % 3));
        assert_eq!(receiver.blocking_recv_timeout(limit), Err(RecvTimeoutError::Timeout));
        assert!(begun.elapsed() >= limit);
        let receiving = Blocked::asleep_in(move || (receiver.blocking_recv_timeout(HOUR), receiver));
        child.say();
        let (received, back) = receiving.returned();
        assert_eq!(received, Ok([n, n]));
        receiver = back;
    }
    let receiving = Blocked::asleep_in(move || receiver.blocking_recv_timeout(HOUR));
    child.kill();
    assert_eq!(receiving.returned(), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_tasks_timeout_runs_out_or_ends_by_another_process() {
    let _patience = patience(Duration::from_secs(180));
    for how in [How::CurrentThread, How::MultiThread] {
        let room = room();
        let mut receiver =
            Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
        let mut child = start("sends-when-told", &room.name());
        Runner::new(how).run(async move {
            for n in 0..20 {
                assert_eq!(child.hear(), "ready");
                let limit = Duration::from_millis(n % 3);
                assert_eq!(receiver.recv_timeout(limit).await, Err(RecvTimeoutError::Timeout));
                let received = when_it_waits(receiver.recv_timeout(HOUR), || child.say()).await;
                assert_eq!(received, Ok([n, n]));
            }
            let ended = when_it_waits(receiver.recv_timeout(HOUR), || child.kill()).await;
            assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
        });
    }
}

#[test]
fn a_peeked_value_comes_next_although_a_stopped_sender_goes_on() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4096).bind::<Value>(room.name()).unwrap();
    let ours = connect::<Value>(&room.name()).unwrap();
    let mut person = start("sends-on 0 60", &room.name());
    assert_eq!(person.hear(), "in");
    person.say();
    let mut ledger = Ledger::default();
    let mut values = Vec::new();
    for round in 0..300 {
        let is_stopped = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                person.stop();
                is_stopped.store(true, Relaxed);
            });
            while !is_stopped.load(Relaxed) {
                let _ = receiver.try_recv_many(&mut values, 4096);
                values.drain(..).for_each(|value| ledger.enter(value));
            }
        });
        while let Ok(value) = receiver.try_recv() {
            ledger.enter(value);
        }
        // It may be in the middle of a send. Its late values would go before ours, were it not peeked before they come.
        ours.try_send([1, round]).unwrap();
        assert_eq!(receiver.try_peek(), Ok([1, round]));
        person.go_on();
        eventually("more comes from it", || ours.len() > 100);
        assert_eq!(receiver.try_peek(), Ok([1, round]));
        if round % 2 == 0 {
            values.push(receiver.try_recv().unwrap());
        } else {
            receiver.try_recv_many(&mut values, 10).unwrap();
        }
        assert_eq!(values[0], [1, round]);
        values.drain(..).for_each(|value| ledger.enter(value));
    }
    person.say();
    let sent = person.hear().parse::<u64>().unwrap();
    person.end();
    while let Ok(value) = receiver.try_recv() {
        ledger.enter(value);
    }
    assert_eq!([ledger.count(0), ledger.count(1)], [sent, 300]);
}
