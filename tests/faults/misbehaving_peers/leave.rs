//! Members that leave in ways that are not meant: without their lifeline, as a copy, by another's mouth.

use std::{
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};
use shmpsc::Options;

use crate::{
    people::{
        Value, acts::close_all_connections, eventually, how::How, room, start, start_with, stay, tell,
        wait_for_parent,
    },
    raw::{INVITATION, Raw, Seat, invite},
    world::{CAPACITY, World},
};

/// Who sends after it has hung up.
const WHO: u64 = 50;

/// Role: closes its lifeline and goes on: sends, and keeps a permit.
pub fn closes_and_goes_on(path: &Path) {
    let sender = shmpsc::connect(path).unwrap();
    close_all_connections();
    for n in 0..1000 {
        sender.blocking_send([WHO, n]).unwrap();
    }
    let _permit = sender.blocking_reserve().unwrap();
    tell("done");
    wait_for_parent();
    sender.blocking_send([WHO, 1000]).unwrap();
    tell("done");
    stay();
}

/// Role: is a member, and has a copy of itself that says things on its lifeline until it is hung up on.
pub fn forks(path: &Path) {
    let seat = Seat::take(path).unwrap();
    let relay = crate::raw::message(crate::raw::RELAY, 8);
    // SAFETY: the copy calls only what is safe in a signal handler, and ends by `_exit`.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        while seat.line.say(&relay).is_ok() {}
        let words = b"\n@the copy was hung up on\n";
        // SAFETY: writes bytes of its own; the parent's test harness must not run on in the copy.
        unsafe {
            libc::write(1, words.as_ptr().cast(), words.len());
            libc::_exit(0)
        }
    }
    assert!(copy > 0);
    tell("done");
    stay();
}

/// Role: sends its lifeline over its standard input.
pub fn passes_its_lifeline(path: &Path) {
    let seat = Seat::take(path).unwrap();
    let to = Raw(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    to.say_with(b"take it", &[seat.line.0.as_fd()], SendFlags::empty()).unwrap();
    tell("done");
    loop {
        std::thread::park();
    }
}

/// Role: has the only permit, hangs up, and gives it back when it is told to.
pub fn closes_and_gives_back(path: &Path) {
    let sender = shmpsc::connect::<Value>(path).unwrap();
    let permit = sender.try_reserve().unwrap();
    close_all_connections();
    tell("done");
    wait_for_parent();
    drop(permit);
    tell("done");
    stay();
}

/// Shows W113, T55.
#[test]
fn a_member_without_lifeline_still_wakes_tasks_of_other_senders() {
    let _patience = crate::patience();
    for how in How::ASYNC {
        let room = room();
        let mut receiver = Options::new().capacity(1).bind::<Value>(room.name()).unwrap();
        let mut neighbour = start("closes-and-gives-back", &room.name());
        assert_eq!(neighbour.hear(), "done");
        let mut waits = start(&format!("sends {how} 7"), &room.name());
        assert_eq!(waits.hear(), "in");
        waits.order(1);
        waits.sleeps();
        neighbour.say();
        assert_eq!(neighbour.hear(), "done");
        assert_eq!(waits.hear(), "sent", "nobody else did anything");
        assert_eq!(receiver.try_recv(), Ok([7, 0]));
        waits.end();
    }
}

/// Shows T55.
#[test]
fn a_closed_lifeline_keeps_its_number_until_its_member_ends() {
    let _patience = crate::patience();
    let mut world = World::with_members(How::CurrentThread, 6);
    let mut neighbour = start("closes-and-goes-on", &world.path());
    world.goes_on_beside(&mut neighbour, false);
    eventually("all came", || world.received(WHO) == 1000);
    let full = |world: &World| shmpsc::connect::<[u64; 2]>(world.path()).unwrap_err().to_string();
    assert_eq!(
        full(&world),
        format!(
            "all 6 places for processes in the channel at {} are taken; make it with a larger `max_processes`",
            world.path().display()
        )
    );
    assert_eq!(world.sender.capacity(), CAPACITY - 1, "its permit is its own");
    neighbour.say();
    world.goes_on_beside(&mut neighbour, false);
    eventually("all came", || world.received(WHO) == 1001);
    neighbour.kill();
    world.ends_as_before();
}

/// Shows T58.
#[test]
fn who_is_killed_is_dead_although_a_copy_speaks_on_its_lifeline() {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let mut neighbour = start("forks", &world.path());
    assert_eq!(neighbour.hear(), "done");
    (0..3).for_each(|_| world.exchange());
    assert_eq!(world.sender.strong_count(), 5);
    neighbour.strike();
    eventually("it is counted out", || world.sender.strong_count() == 4);
    assert_eq!(neighbour.hear(), "the copy was hung up on");
    world.ends_as_before();
}

/// Shows T57.
#[test]
fn a_passed_lifeline_speaks_for_its_member_until_it_closes() {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    let mut neighbour = start_with("passes-its-lifeline", &world.path(), |command| {
        command.stdin(theirs);
    })
    .unwrap();
    assert_eq!(neighbour.hear(), "done");
    let passed: [OwnedFd; 1] = Raw(ours).hear().unwrap().descriptors.try_into().unwrap();
    let [line] = passed.map(Raw);
    line.say(&invite(1)).unwrap();
    let answer = line.hear_more().unwrap();
    assert_eq!((answer.kind(), answer.descriptors.len()), (INVITATION, 1));
    assert_eq!(world.sender.strong_count(), 6);
    world.exchange();
    neighbour.kill();
    // What was invited is this process's now, and stays.
    eventually("the member is counted out", || world.sender.strong_count() == 5);
    while line.hear().is_some() {}
    assert!(line.say(&invite(2)).is_err(), "nobody is spoken for any more");
    drop(answer);
    world.ends_as_before();
}
