//! A member that says too much, reads nothing, or spoils what it was given.

use std::path::Path;

use rustix::io::Errno;

use crate::{
    people::{how::How, start, stay, tell},
    raw::{RELAY, Seat, invite, message},
    world::World,
};

/// Role: clears the flag that lets nobody wait, fills its doorbell, and has itself woken without reading it.
pub fn stuffs_and_never_reads(path: &Path) {
    let seat = Seat::take(path).unwrap();
    assert_eq!(seat.ring(u64::MAX - 1), Ok(8), "the counter is full now");
    assert_eq!(seat.ring(1), Err(Errno::AGAIN));
    seat.let_all_wait();
    for _ in 0..3000 {
        seat.set_relay(seat.number);
        seat.set_relay(0);
        seat.line.say(&message(RELAY, 8)).unwrap();
    }
    tell("done");
    stay();
}

/// Role: rings, and takes the ring back before anybody may have heard it.
pub fn drains_its_doorbell(path: &Path) {
    let seat = Seat::take(path).unwrap();
    for _ in 0..100_000 {
        seat.ring(1).unwrap();
        rustix::io::read(&seat.doorbell, &mut [0_u8; 8]).unwrap();
    }
    // And as one that rings all the time.
    (0..100_000).for_each(|_| assert_eq!(seat.ring(1), Ok(8)));
    tell("done");
    stay();
}

/// Role: says all the time that everybody must be woken.
pub fn relays(path: &Path) {
    let seat = Seat::take(path).unwrap();
    for n in 0..50_000 {
        seat.set_relay(if n % 2 == 0 { 0 } else { n / 2 % 256 });
        seat.line.say(&message(RELAY, 8)).unwrap();
    }
    tell("done");
    stay();
}

/// Role: stops making sense, and goes on until nothing more fits; then rings.
pub fn talks_nonsense(path: &Path) {
    let seat = Seat::take(path).unwrap();
    let mut nonsense = 0_u64;
    while seat.line.try_say(&nonsense.to_le_bytes().repeat(30)).is_ok() {
        nonsense += 1;
        assert!(nonsense < 1_000_000, "nobody is to read on for ever");
    }
    for _ in 0..100_000 {
        seat.set_relay(0);
        seat.ring(1).unwrap();
    }
    tell("done");
    stay();
}

/// Role: asks for thousands of invitations and takes none.
pub fn invites_and_never_reads(path: &Path) {
    let seat = Seat::take(path).unwrap();
    (0..5000).for_each(|request| seat.line.say(&invite(request)).unwrap());
    tell("done");
    stay();
}

/// Role: takes every place, by the door and by invitation, and hangs up on all of them at once.
pub fn takes_every_place(path: &Path) {
    let seat = Seat::take(path).unwrap();
    let mut invited = Vec::new();
    for request in 0..100 {
        seat.line.say(&invite(request)).unwrap();
        invited.extend(seat.line.hear_more().unwrap().descriptors);
    }
    assert_eq!(invited.len(), 100);
    let mut seats = Vec::new();
    let code = loop {
        match Seat::take(path) {
            Ok(seat) => seats.push(seat),
            Err(code) => break code,
        }
    };
    assert_eq!((seats.len(), code), (256 - 5 - 101, 5), "the roster is full");
    tell("done");
    crate::people::wait_for_parent();
    drop((invited, seats));
    tell("done");
    stay();
}

/// The others go on beside it, and nothing of it is left when it has been killed.
#[track_caller]
fn is_not_noticed(role: &str, host: How) {
    let _patience = crate::patience();
    let mut world = World::new(host);
    let mut neighbour = start(role, &world.path());
    world.goes_on_beside(&mut neighbour, false);
    neighbour.kill();
    world.ends_as_before();
}

/// Shows T47.
#[test]
fn a_peer_that_fills_all_it_was_given_holds_up_no_other() {
    is_not_noticed("stuffs-and-never-reads", How::CurrentThread);
    is_not_noticed("stuffs-and-never-reads", How::Plain);
}

/// Shows T48.
#[test]
fn one_that_spoils_its_doorbell_spoils_nobody_elses() {
    is_not_noticed("drains-its-doorbell", How::CurrentThread);
}

/// Shows T49.
#[test]
fn one_that_has_everybody_woken_all_the_time_holds_up_nobody() {
    is_not_noticed("relays-for-ever", How::CurrentThread);
    is_not_noticed("relays-for-ever", How::Blocking);
}

/// Shows T50.
#[test]
fn one_that_talks_nonsense_is_listened_to_no_more() {
    is_not_noticed("talks-nonsense", How::CurrentThread);
}

/// Shows T53.
#[test]
fn thousands_of_untaken_invitations_cost_nothing_that_stays() {
    is_not_noticed("invites-and-never-reads", How::Blocking);
}

/// Shows T54.
#[test]
fn a_peer_with_every_place_keeps_others_out_while_it_lives() {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let mut neighbour = start("takes-every-place", &world.path());
    world.goes_on_beside(&mut neighbour, false);
    let full = |world: &World| shmpsc::connect::<[u64; 2]>(world.path()).unwrap_err().to_string();
    assert_eq!(
        full(&world),
        format!(
            "all 256 places for processes in the channel at {} are taken; make it with a larger `max_processes`",
            world.path().display()
        )
    );
    neighbour.say();
    world.goes_on_beside(&mut neighbour, false);
    // It hung up everywhere but still lives: only what it had not used yet is free.
    crate::people::eventually("the unused ones are free", || {
        world.sender.strong_count() == 4 + 256 - 5 - 100
    });
    world.newcomer();
    neighbour.kill();
    world.ends_as_before();
}
