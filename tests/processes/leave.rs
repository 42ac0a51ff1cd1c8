//! Processes leave: without a word, by dropping the receiver, and by closing it.

use std::{path::Path, thread};

use shmpsc::{
    Receiver, Sender,
    error::{OpenError, TryRecvError, TrySendError},
};

use crate::{
    bind, bind_ending, connect,
    line::line_up,
    people::{
        Person, Room, Value, acts::break_all_connections, eventually, how::How, next_order, room, start,
        stay, tell,
    },
};

/// Role: sends `count` values and ends without dropping anything.
pub fn exits(count: u64, path: &Path) {
    let sender = connect(path);
    (0..count).for_each(|n| sender.blocking_send([n, n]).unwrap());
    std::process::exit(0);
}

/// Role: has a permit, waits in every way, and loses the connection to the receiver's process, which lives.
pub fn breaks_its_connection(path: &Path) {
    let sender = connect(path);
    let permit = sender.try_reserve().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let tasks: Vec<_> = (0..3)
        .map(|way| {
            let sender = sender.clone();
            runtime.spawn(async move {
                match way {
                    0 => assert!(sender.send([1, 1]).await.is_err()),
                    1 => assert!(sender.reserve().await.is_err()),
                    _ => sender.closed().await,
                }
            })
        })
        .collect();
    thread::scope(|scope| {
        let threads = [0, 1].map(|way| {
            let sender = &sender;
            scope.spawn(move || match way {
                0 => assert!(sender.blocking_send([1, 1]).is_err()),
                _ => assert!(sender.blocking_reserve().is_err()),
            })
        });
        tell("waits");
        next_order();
        break_all_connections();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    tasks.into_iter().for_each(|task| runtime.block_on(task).unwrap());
    assert!(sender.is_closed());
    assert_eq!(sender.try_send([1, 1]), Err(TrySendError::Closed([1, 1])));
    assert!(sender.try_reserve().is_err() && runtime.block_on(sender.send([1, 1])).is_err());
    assert!(matches!(sender.clone().into_fd(), Err(OpenError::Closed { .. })));
    tell("closed");
    next_order();
    drop(permit);
    tell("given back");
    next_order();
    drop(sender);
    tell("dropped");
    stay();
}

/// A channel for two values: one is the value of a sender here, the other the permit of a child, whose sends all wait.
fn a_full_channel_with_a_waiting_child() -> (Room, Receiver<Value>, Sender<Value>, Person) {
    let room = room();
    let receiver = bind_ending(2, &room.name());
    let other = connect(&room.name());
    other.try_send([2, 2]).unwrap();
    let mut child = start("breaks-its-connection", &room.name());
    assert_eq!(child.hear(), "waits");
    (room, receiver, other, child)
}

/// Shows W114, T56.
#[test]
fn a_sender_that_loses_its_connection_is_closed_and_no_other() {
    let _patience = crate::patience();
    let (room, mut receiver, other, mut child) = a_full_channel_with_a_waiting_child();
    child.sleeps();
    assert_eq!(child.obeys("break it"), "closed");
    assert!(!other.is_closed() && !receiver.is_closed());
    assert_eq!(other.capacity(), 0, "the permit is kept");
    assert_eq!(child.obeys("give back"), "given back");
    assert_eq!(other.capacity(), 1);
    assert_eq!(child.obeys("drop it"), "dropped");
    assert_eq!(receiver.sender_strong_count(), 1);
    assert_eq!(receiver.blocking_recv(), Some([2, 2]));
    (0..10).for_each(|n| {
        other.blocking_send([n, n]).unwrap();
        assert_eq!(receiver.blocking_recv(), Some([n, n]));
    });
    drop(connect(&room.name()));
    child.kill();
    eventually("nothing is held", || other.capacity() == 2 && receiver.sender_strong_count() == 1);
    drop(other);
    assert_eq!(receiver.blocking_recv(), None);
}

/// Shows T56.
#[test]
fn a_permit_of_a_sender_without_connection_is_free_when_it_dies() {
    let _patience = crate::patience();
    let (_room, mut receiver, other, mut child) = a_full_channel_with_a_waiting_child();
    assert_eq!(child.obeys("break it"), "closed");
    child.kill();
    eventually("the permit is free", || other.capacity() == 1);
    other.try_send([3, 3]).unwrap();
    drop(other);
    assert_eq!(receiver.blocking_recv(), Some([2, 2]));
    assert_eq!(receiver.blocking_recv(), Some([3, 3]));
    assert_eq!(receiver.blocking_recv(), None);
}

/// Shows W111.
#[test]
fn values_sent_before_an_exit_arrive_and_then_the_stream_ends() {
    let _patience = crate::patience();
    for count in [0, 1, 5, 300] {
        let room = room();
        let mut receiver = bind_ending(4, &room.name());
        let child = start(&format!("exits {count}"), &room.name());
        (0..count).for_each(|n| assert_eq!(receiver.blocking_recv(), Some([n, n])));
        assert_eq!(receiver.blocking_recv(), None);
        child.end();
    }
}

/// Shows W69.
#[test]
fn dropping_the_receiver_fails_every_sleeping_sender() {
    let _patience = crate::patience();
    let room = room();
    let receiver = bind(1, &room.name());
    connect(&room.name()).try_send([99, 0]).unwrap();
    let mut line = line_up(&How::ALL, &room.name());
    let watch = |how| start(&format!("awaits-closing {how}"), &room.name());
    let mut watchers = How::ASYNC.map(watch);
    watchers.iter_mut().for_each(|watcher| assert_eq!(watcher.hear(), "waits"));
    drop(receiver);
    line.iter_mut().for_each(|person| assert_eq!(person.hear(), "closed"));
    watchers.iter_mut().for_each(|watcher| assert_eq!(watcher.hear(), "closed"));
    assert_eq!(room.files(), 0, "the name is free again");
    line.into_iter().for_each(Person::end);
    watchers.into_iter().for_each(Person::end);
}

#[test]
fn what_was_sent_before_the_channel_was_closed_is_received() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind(3, &room.name());
    let sender = connect(&room.name());
    (0..3).for_each(|n| sender.try_send([99, n]).unwrap());
    let mut line = line_up(&How::ALL, &room.name());
    let mut watcher = start("awaits-closing Plain", &room.name());
    assert_eq!(watcher.hear(), "waits");
    receiver.close();
    line.iter_mut().for_each(|person| assert_eq!(person.hear(), "closed"));
    assert_eq!(watcher.hear(), "closed");
    assert!(sender.is_closed());
    (0..3).for_each(|n| assert_eq!(receiver.blocking_recv(), Some([99, n])));
    assert_eq!(receiver.blocking_recv(), None);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    line.into_iter().for_each(Person::end);
    watcher.end();
}
