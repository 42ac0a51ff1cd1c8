//! Processes that fork without exec while others depend on them. (What the handles of such a child do is in `meeting.rs`.)

use std::path::Path;

use shmpsc::{Options, error::OpenError};

use crate::{
    bind, bind_ending, connect,
    people::{
        Value, eventually,
        how::{How, Runner},
        room, start, tell, wait_for_parent,
    },
};

/// Forks a copy of this process that does nothing but stay until the test has gone, and gives its pid.
fn fork_a_copy() -> libc::pid_t {
    // SAFETY: the copy calls only what is safe in a signal handler, and ends by `_exit`.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        let mut byte = 0_u8;
        // SAFETY: reads into a byte of its own; the parent's test harness must not run on in the copy.
        unsafe {
            while libc::read(0, (&raw mut byte).cast(), 1) > 0 {}
            libc::_exit(0)
        }
    }
    assert!(copy > 0);
    copy
}

/// Role: a sender's process with a copy.
pub fn sends_and_forks(path: &Path) {
    let sender = connect(path);
    sender.blocking_send([1, 1]).unwrap();
    tell(fork_a_copy());
    std::thread::park();
}

/// Role: a receiver's process with a copy.
pub fn hosts_and_forks(path: &Path) {
    let _receiver = bind(1, path);
    tell(fork_a_copy());
    std::thread::park();
}

/// Role: forks while a thread and a task of it wait for room.
pub fn forks_while_waiting(path: &Path) {
    let sender = connect(path);
    let waits = || tell("waits");
    std::thread::scope(|scope| {
        let runs = How::ALL.map(|how| {
            let sender = &sender;
            scope.spawn(move || Runner::new(how).send(sender, [1, 1], waits))
        });
        wait_for_parent();
        // SAFETY: the copy only ends.
        let copy = unsafe { libc::fork() };
        if copy == 0 {
            // SAFETY: ends the copy and nothing else.
            unsafe { libc::_exit(0) };
        }
        // SAFETY: waits for the copy just made.
        assert_eq!(unsafe { libc::waitpid(copy, std::ptr::null_mut(), 0) }, copy);
        tell("forked");
        runs.into_iter().for_each(|run| run.join().unwrap().unwrap());
    });
}

fn lives(pid: &str) -> bool {
    std::fs::exists(format!("/proc/{pid}")).unwrap()
}

/// Shows T10.
#[test]
fn a_killed_sender_is_dead_although_a_forked_copy_lives_on() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind_ending(1, &room.name());
    let mut child = start("sends-and-forks", &room.name());
    let copy = child.hear();
    child.strike();
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
    assert_eq!(receiver.blocking_recv(), None);
    assert!(lives(&copy));
}

/// Shows T20.
#[test]
fn a_killed_receiver_is_dead_although_a_forked_copy_lives_on() {
    let _patience = crate::patience();
    let room = room();
    let mut child = start("hosts-and-forks", &room.name());
    let copy = child.hear();
    let sender = connect(&room.name());
    sender.try_send([1, 1]).unwrap();
    child.strike();
    assert_eq!(sender.blocking_send([2, 2]).unwrap_err().0, [2, 2]);
    assert!(lives(&copy));
    // The lock and the socket are the copy's too, so the name is free only when it has ended.
    let taken = Options::new().bind::<Value>(room.name());
    assert!(matches!(taken, Err(OpenError::NameInUse { .. })));
    drop(child);
    eventually("the name is free", || Options::new().bind::<Value>(room.name()).is_ok());
}

/// Shows T11.
#[test]
fn a_fork_disturbs_nobody_who_waits_in_the_parent() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind_ending(1, &room.name());
    let filler = connect(&room.name());
    filler.try_send([1, 1]).unwrap();
    let mut child = start("forks-while-waiting", &room.name());
    How::ALL.iter().for_each(|_| assert_eq!(child.hear(), "waits"));
    child.sleeps();
    child.say();
    assert_eq!(child.hear(), "forked");
    drop(filler);
    (0..5).for_each(|_| assert_eq!(receiver.blocking_recv(), Some([1, 1])));
    child.end();
    assert_eq!(receiver.blocking_recv(), None);
    eventually("nobody is left", || receiver.sender_strong_count() == 0);
}
