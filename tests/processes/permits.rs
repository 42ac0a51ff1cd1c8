//! Permits and weak handles of processes: what is held keeps others out, what the dead held comes back, and weak handles
//! keep nothing.

use std::path::Path;

use shmpsc::error::TrySendError;

use crate::{
    bind, bind_ending, connect,
    people::{
        Person, eventually,
        how::{How, Runner, when_it_waits},
        room, start, stay, tell, wait_for_parent,
    },
    trials,
};

/// Role: reserves room for `count` values and holds it.
pub fn reserves(count: u64, path: &Path) {
    let sender = connect(path);
    let permits = sender.try_reserve_many(count as usize).unwrap();
    tell("holds");
    wait_for_parent();
    drop(permits);
    tell("gave back");
    stay();
}

/// Role: reserves room for `count` values, if it must with others in line, and sends them.
pub fn reserves_in_line(how: How, count: u64, path: &Path) {
    let sender = connect(path);
    let send = async move {
        let permits = when_it_waits(sender.reserve_many(count as usize), || tell("waits")).await.unwrap();
        permits.zip(0..).for_each(|(permit, n)| permit.send([count, n]));
        tell("sent");
    };
    Runner::new(how).run(send);
    stay();
}

/// Role: keeps a weak sender and no other.
pub fn keeps_a_weak_one(path: &Path) {
    let sender = connect(path);
    let weak = sender.downgrade();
    drop(sender);
    tell(weak.strong_count());
    wait_for_parent();
    match weak.upgrade() {
        Some(sender) => {
            sender.try_send([7, 7]).unwrap();
            tell("sent");
        }
        None => tell("too late"),
    }
    wait_for_parent();
}

#[test]
fn room_of_another_process_is_free_when_it_lets_go() {
    let _patience = crate::patience();
    let room = room();
    let receiver = bind(5, &room.name());
    let sender = connect(&room.name());
    let mut holder = start("reserves 3", &room.name());
    assert_eq!(holder.hear(), "holds");
    assert_eq!((sender.capacity(), receiver.capacity(), receiver.len()), (2, 2, 0));
    assert_eq!(sender.try_reserve_many(3).unwrap_err(), TrySendError::Full(()));
    holder.say();
    assert_eq!(holder.hear(), "gave back");
    assert_eq!(sender.try_reserve_many(5).unwrap().len(), 5);
}

#[test]
fn room_that_a_killed_process_held_wakes_a_waiter() {
    let _patience = crate::patience();
    for how in How::ALL {
        let room = room();
        let mut receiver = bind(3, &room.name());
        let mut holder = start("reserves 3", &room.name());
        assert_eq!(holder.hear(), "holds");
        let mut waiter = start(&format!("stands {how} 1"), &room.name());
        assert_eq!(waiter.hear(), "in");
        waiter.say();
        assert_eq!(waiter.hear(), "waits");
        waiter.sleeps();
        holder.kill();
        assert_eq!(waiter.hear(), "sent", "{how}");
        assert_eq!(receiver.blocking_recv(), Some([1, 0]));
        eventually("all of it is free", || receiver.capacity() == 3);
        waiter.end();
    }
}

#[test]
fn a_closed_channel_ends_when_its_last_permits_die() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind(3, &room.name());
    let mut holder = start("reserves 2", &room.name());
    assert_eq!(holder.hear(), "holds");
    receiver.close();
    assert!(receiver.try_recv() == Err(shmpsc::error::TryRecvError::Empty), "permits are out");
    std::thread::scope(|scope| {
        let receiving = scope.spawn(|| receiver.blocking_recv());
        holder.kill();
        assert_eq!(receiving.join().unwrap(), None);
    });
    assert_eq!(receiver.capacity(), 3);
}

#[test]
fn small_requests_of_another_process_do_not_starve_a_large_one() {
    let _patience = crate::patience();
    for how in How::ASYNC {
        let room = room();
        let mut receiver = bind(3, &room.name());
        let sender = connect(&room.name());
        (0..3).for_each(|n| sender.try_send([99, n]).unwrap());
        let mut large = start(&format!("reserves-in-line {how} 3"), &room.name());
        assert_eq!(large.hear(), "waits");
        for n in 0..3 {
            assert_eq!(receiver.blocking_recv(), Some([99, n]));
            assert_eq!(sender.try_send([0, 0]), Err(TrySendError::Full([0, 0])), "no sender passes by");
        }
        assert_eq!(large.hear(), "sent");
        (0..3).for_each(|n| assert_eq!(receiver.blocking_recv(), Some([3, n])));
        sender.try_send([0, 0]).expect("no sender waits any more");
    }
}

#[test]
fn a_weak_sender_elsewhere_does_not_keep_the_stream_open() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = bind_ending(3, &room.name());
    let sender = connect(&room.name());
    let mut children = Vec::new();
    for _ in 0..2 {
        let mut child = start("keeps-a-weak-one", &room.name());
        assert_eq!(child.hear(), "1");
        children.push(child);
    }
    assert_eq!((receiver.sender_strong_count(), receiver.sender_weak_count()), (1, 2));
    children[0].say();
    assert_eq!(children[0].hear(), "sent");
    assert_eq!(receiver.blocking_recv(), Some([7, 7]));
    drop(sender);
    assert_eq!(receiver.blocking_recv(), None);
    children[1].say();
    assert_eq!(children[1].hear(), "too late");
    children.into_iter().for_each(Person::end);
    eventually("they have left", || receiver.sender_weak_count() == 0);
}

#[test]
fn the_capacity_is_whole_after_kills_and_forgotten_permits() {
    let _patience = crate::patience();
    for shares in trials::permits::Shares::ALL {
        let tally = trials::permits::run(shares, 1000, 10);
        println!("capacity {}: {tally:?}", shares.capacity);
        assert!(tally.rounds >= 1000 && tally.killed >= 10 && tally.values > 0);
    }
}
