//! Processes leave: without a word, by dropping the receiver, and by closing it.

use std::path::Path;

use shmpsc::error::TryRecvError;

use crate::{
    bind, bind_ending, connect,
    line::line_up,
    people::{Person, how::How, room, start},
};

/// Role: sends `count` values and ends without dropping anything.
pub fn exits(count: u64, path: &Path) {
    let sender = connect(path);
    (0..count).for_each(|n| sender.blocking_send([n, n]).unwrap());
    std::process::exit(0);
}

#[test]
fn what_a_process_sent_before_its_exit_arrives_and_then_the_stream_ends() {
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

#[test]
fn dropping_the_receiver_fails_every_sleeping_sender_in_every_process() {
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
