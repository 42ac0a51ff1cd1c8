//! Who sleeps is woken by another process, however it sleeps.

use std::path::Path;

use crate::{
    bind, connect,
    people::{
        how::{How, Runner},
        kinds::Kind,
        room, start, tell,
    },
    trials::cycles::{Done, Fences, For, wait_for_each_other},
};

/// Role: receives `count` values, and tells each time it has to wait.
pub fn receives_asleep(how: How, count: u64, path: &Path) {
    let runner = Runner::new(how);
    let mut receiver = bind(4, path).into();
    for n in 0..count {
        let (back, received) = runner.recv(receiver, || tell("waits"));
        assert_eq!(received, Some([n, n]));
        receiver = back;
    }
}

/// Role: sends `count` values through a full queue, and tells each time it has to wait.
pub fn sends_asleep(how: How, count: u64, path: &Path) {
    let runner = Runner::new(how);
    let sender = connect(path);
    for n in 0..count {
        runner.send(&sender, [n, n], || tell("waits")).unwrap();
    }
}

const COUNT: u64 = 20;

#[test]
fn a_sleeping_receiver_is_woken_by_another_process() {
    let _patience = crate::patience();
    for how in How::ALL {
        let room = room();
        let mut child = start(&format!("receives-asleep {how} {COUNT}"), &room.name());
        let mut sender = None;
        for n in 0..COUNT {
            assert_eq!(child.hear(), "waits");
            child.sleeps();
            let sender = sender.get_or_insert_with(|| connect(&room.name()));
            sender.try_send([n, n]).unwrap();
        }
        child.end();
    }
}

#[test]
fn a_sleeping_sender_is_woken_by_another_process() {
    let _patience = crate::patience();
    for how in How::ALL {
        let room = room();
        let mut receiver = bind(1, &room.name());
        // Taken first, so that the queue is full when the child comes.
        connect(&room.name()).try_send([99, 99]).unwrap();
        let mut child = start(&format!("sends-asleep {how} {COUNT}"), &room.name());
        let mut expected = [99, 99];
        for n in 0..COUNT {
            assert_eq!(child.hear(), "waits");
            child.sleeps();
            assert_eq!(receiver.try_recv(), Ok(expected));
            expected = [n, n];
        }
        assert_eq!(receiver.blocking_recv(), Some(expected));
        child.end();
    }
}

#[test]
fn no_wake_is_lost_with_either_kind_of_fences() {
    let _patience = crate::patience();
    for fences in Fences::ALL {
        let mut all = Done::default();
        for how in [How::Blocking, How::CurrentThread] {
            for what in [For::Values(Kind::Bounded), For::Values(Kind::Unbounded), For::Room] {
                all.add(wait_for_each_other(how, fences, what, 2_500));
            }
        }
        println!("{fences} fences: {} times asleep and woken in {} turns", all.sleeps, all.turns);
    }
}
