//! Senders of several processes that wait for room stand in one line: first come, first served.

use std::{
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU64, Ordering},
    },
    task::{Context, Waker},
    thread,
};

use shmpsc::{
    Receiver, Sender,
    error::{TryRecvError, TrySendError},
};
use tokio::task::yield_now;

use crate::{
    bind, connect,
    people::{
        Person, Room, Value, eventually,
        how::{How, Runner, when_it_waits},
        room, start, tell, wait_for_parent, watch,
    },
    trials,
};

/// Waiting senders that come and go, more than the line has records.
const COME_AND_GO: u64 = 5_000;
/// How many of them wait at once.
const AT_ONCE: u64 = 50;
/// Senders of one process that wait at once: those of two are more than the line has records.
const TASKS: u64 = 2_250;
const THREADS: u64 = 8;

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
        assert_eq!(filler.try_send([99, 99]), Err(TrySendError::Full([99, 99])), "no sender passes by");
        assert_eq!(receiver.blocking_recv(), Some(value), "{hows:?}");
        assert_eq!(person.hear(), "sent", "{hows:?}");
    }
    for value in sent.skip(hows.len()) {
        assert_eq!(receiver.try_recv(), Ok(value), "{hows:?}");
    }
    line.into_iter().for_each(Person::end);
    filler.try_send([99, 99]).expect("no sender waits any more");
}

#[test]
fn senders_of_several_processes_wake_in_order_of_arrival() {
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
fn waiters_complete_in_order_though_some_give_up_and_some_die() {
    for capacity in [1, 3] {
        let tally = trials::line::run(capacity, 5);
        println!("capacity {capacity}: {tally:?}");
        assert_eq!(tally.waited, tally.completed + tally.gave_up + tally.died);
    }
}

/// A send that waits and is not polled again.
type Held<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Polls a send once, which waits.
fn hold(sender: &Sender<Value>, value: Value) -> Held<'_> {
    let mut held: Held<'_> = Box::pin(async move { sender.send(value).await.expect("the channel is open") });
    assert!(held.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    held
}

/// Has many senders wait behind those that wait already, and give up.
fn come_and_go(sender: &Sender<Value>) {
    for _ in 0..COME_AND_GO / AT_ONCE {
        let waiting: Vec<_> = (0..AT_ONCE).map(|n| hold(sender, [98, n])).collect();
        drop(waiting);
    }
}

/// Role: has many senders come to the line and leave it, when it is told to.
pub fn comes_and_goes(path: &Path) {
    let sender = connect(path);
    tell("in");
    wait_for_parent();
    come_and_go(&sender);
    tell("gone");
    wait_for_parent();
}

/// A full channel for three values.
fn full() -> (Room, Receiver<Value>, Sender<Value>) {
    let room = room();
    let receiver = bind(3, &room.name());
    let filler = connect(&room.name());
    assert_eq!(filler.try_send_many(&[[99, 0], [99, 1], [99, 2]]), Ok(3));
    (room, receiver, filler)
}

/// Sends in a thread that says which it is.
fn send_as(id: &AtomicI32, sender: &Sender<Value>, value: Value) {
    // After this it sleeps nowhere but in the line.
    id.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::Release);
    sender.blocking_send(value).expect("the channel is open");
}

/// Waits until a thread of this process sleeps that has said which it is just before it sends.
fn sleeps_in_the_line(id: &AtomicI32) {
    eventually("it sleeps in the line", || match id.load(Ordering::Acquire) {
        0 => false,
        id => watch::sleeps_here(id),
    });
}

fn drain(receiver: &mut Receiver<Value>) {
    for n in 0..3 {
        assert_eq!(receiver.try_recv(), Ok([99, n]));
    }
}

/// Shows W18.
#[test]
fn a_stopped_waiter_costs_the_others_its_need_alone() {
    let _patience = crate::patience();
    let (room, mut receiver, filler) = full();
    let mut stopped = line_up(&[How::Blocking], &room.name());
    let stopped = &mut stopped[0];
    stopped.stop();
    let mut crowd = start("comes-and-goes", &room.name());
    assert_eq!(crowd.hear(), "in");
    crowd.say();
    assert_eq!(crowd.hear(), "gone");
    // One that comes now waits for room like the stopped one, and one that comes later finds some.
    let mut third = start(&format!("stands {} 1", How::Blocking), &room.name());
    assert_eq!(third.hear(), "in");
    third.say();
    assert_eq!(third.hear(), "waits");
    third.sleeps();
    drain(&mut receiver);
    assert_eq!(third.hear(), "sent");
    assert_eq!(filler.try_send([97, 0]), Ok(()));
    assert_eq!(filler.try_send([97, 1]), Err(TrySendError::Full([97, 1])), "one place is the stopped one's");
    assert_eq!(receiver.blocking_recv(), Some([1, 0]));
    assert_eq!(receiver.blocking_recv(), Some([97, 0]));
    stopped.go_on();
    assert_eq!(stopped.hear(), "sent");
    assert_eq!(receiver.blocking_recv(), Some([0, 0]));
}

#[test]
fn a_waiter_that_is_not_polled_costs_the_others_its_need_alone() {
    let _patience = crate::patience();
    let (_room, mut receiver, sender) = full();
    let held = hold(&sender, [0, 0]);
    come_and_go(&sender);
    // One that comes now waits for room like the held one, and one that comes later finds some.
    let id = AtomicI32::new(0);
    thread::scope(|scope| {
        let third = scope.spawn(|| send_as(&id, &sender, [1, 0]));
        sleeps_in_the_line(&id);
        drain(&mut receiver);
        third.join().unwrap();
    });
    sender.blocking_send([1, 1]).unwrap();
    assert_eq!(sender.try_send([1, 2]), Err(TrySendError::Full([1, 2])), "one place is the held one's");
    drop(held);
    sender.blocking_send([1, 2]).unwrap();
    for n in 0..3 {
        assert_eq!(receiver.blocking_recv(), Some([1, n]));
    }
}

/// Role: has many tasks and some threads wait, each coming behind the one before it, and tells when all do.
pub fn waits_in_crowd(process: u64, path: &Path) {
    let sender = connect(path);
    tell("in");
    wait_for_parent();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let waiting = Arc::new(AtomicU64::new(0));
    let tasks = runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|n| {
                let (sender, waiting) = (sender.clone(), waiting.clone());
                let waits = move || {
                    waiting.fetch_add(1, Ordering::Relaxed);
                };
                tokio::spawn(async move { when_it_waits(sender.send([process, n]), waits).await })
            })
            .collect();
        while waiting.load(Ordering::Relaxed) < TASKS {
            yield_now().await;
        }
        tasks
    });
    thread::scope(|scope| {
        for n in TASKS..TASKS + THREADS {
            let (sender, id) = (&sender, Arc::new(AtomicI32::new(0)));
            let mine = id.clone();
            scope.spawn(move || send_as(&mine, sender, [process, n]));
            sleeps_in_the_line(&id);
        }
        tell("all wait");
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap().expect("the channel is open");
            }
        });
    });
    tell("all sent");
    wait_for_parent();
}

/// Shows W27.
#[test]
fn more_waiters_than_records_all_get_through_in_order() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind(1, &room.name());
    let filler = connect(&room.name());
    assert_eq!(filler.try_send([99, 0]), Ok(()));
    let mut crowds = [0, 1].map(|process| start(&format!("waits-in-crowd {process}"), &room.name()));
    crowds.iter_mut().for_each(|crowd| assert_eq!(crowd.hear(), "in"));
    crowds.iter_mut().for_each(Person::say);
    crowds.iter_mut().for_each(|crowd| assert_eq!(crowd.hear(), "all wait"));
    assert_eq!(receiver.blocking_recv(), Some([99, 0]));
    let mut next = [0, 0];
    for _ in 0..2 * (TASKS + THREADS) {
        let [process, n] = receiver.blocking_recv().expect("the channel is open");
        assert_eq!(n, next[process as usize], "process {process}");
        next[process as usize] += 1;
    }
    crowds.iter_mut().for_each(|crowd| assert_eq!(crowd.hear(), "all sent"));
    crowds.into_iter().for_each(Person::end);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(filler.try_send([99, 1]), Ok(()), "no sender waits any more");
}
