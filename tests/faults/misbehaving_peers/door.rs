//! Callers at the door that do not join, or not as they should, or too many of them.

use std::{collections::VecDeque, os::fd::AsFd, path::Path};

use rustix::{
    io::Errno,
    net::{SendFlags, Shutdown, shutdown},
};
use shmpsc::{Options, error::TryRecvError};

use crate::{
    people::{Value, eventually, how::How, room, start, stay, tell},
    raw::{
        ACCEPT, AGAIN, ALIGN_AT, BARRIERS_AT, CONNECTION, GOODBYE, HELLO, INVITATION, KIND_AT, LAYOUT_AT,
        LENGTHS, REFUSE, RELAY, Raw, SIZE_AT, Seat, TAG_AT, TAG_LENGTH_AT, TAKEN, VERSION_AT, WANT_AT,
        WORD_AT, hello, message, put,
    },
    world::World,
};

/// Role: says nothing, or half of what it should, or more of it, or something else, of every size.
pub fn is_half_polite(path: &Path) {
    for _ in 0..500 {
        drop(Raw::connect(path));
    }
    let refused = |packet: &[u8]| {
        let line = Raw::connect(path);
        line.say(packet).unwrap();
        let answer = line.hear().unwrap();
        assert!(line.hear().is_none(), "and hung up on");
        answer.code()
    };
    let whole = hello();
    for length in 0..whole.len() {
        assert_eq!(refused(&whole[..length]), 9, "{length} bytes of a hello");
        let line = Raw::connect(path);
        line.say(&whole[..length]).unwrap();
    }
    for length in (whole.len() + 1..300).chain([1000, 10_000, 100_000]) {
        let mut more = whole.clone();
        more.resize(length, 0);
        assert_eq!(refused(&more), 9, "a hello of {length} bytes");
        assert_eq!(refused(&vec![0xff; length]), 9);
    }
    for (kind, length) in LENGTHS {
        if kind != HELLO && kind != GOODBYE {
            assert_eq!(refused(&message(kind, length)), 9, "kind {kind} is no way to begin");
        }
    }
    for kind in [0, 11, 0xffff] {
        assert_eq!(refused(&message(kind, 100)), 9);
    }
    // To say goodbye at once is polite.
    let line = Raw::connect(path);
    line.say(&message(GOODBYE, 8)).unwrap();
    assert!(line.hear().is_none());
    // As many descriptors as a message can carry.
    for _ in 0..20 {
        let line = Raw::connect(path);
        match line.say_with(&whole, &[line.0.as_fd(); 253], SendFlags::NOSIGNAL) {
            // Where the kernel does not refuse it for the host, the host drops them.
            Ok(()) => drop(line.hear()),
            Err(error) => assert_eq!(error, Errno::PERM),
        }
    }
    tell("done");
    stay();
}

/// Role: says of itself what is not so.
pub fn lies(path: &Path) {
    let code = |change: &dyn Fn(&mut Vec<u8>)| {
        let line = Raw::connect(path);
        let mut packet = hello();
        change(&mut packet);
        line.say(&packet).unwrap();
        line.hear().unwrap().code()
    };
    for number in [0, 2, 255, 256, 1 << 16, u32::MAX] {
        let with = |at: usize| code(&|packet| put(packet, at, number));
        assert_eq!(code(&|packet| packet[VERSION_AT] = 2), 2);
        assert_eq!((with(LAYOUT_AT), with(WORD_AT)), (2, 2));
        assert_eq!(with(WANT_AT), if number == 2 { 4 } else { 9 }, "want {number}");
        assert_eq!((with(SIZE_AT), with(ALIGN_AT)), (3, 3));
        assert_eq!(with(KIND_AT), if number == 2 { 12 } else { 9 }, "kind {number}");
        // Without barriers it may join here: the channel has full fences.
        if number > 0 {
            assert_eq!(with(BARRIERS_AT), 9, "barriers {number}");
        }
        if number > 64 {
            assert_eq!(with(TAG_LENGTH_AT), 9, "a tag of {number} bytes");
        }
    }
    assert_eq!(code(&|packet| packet[TAG_AT] = 1), 9, "a byte behind the tag");
    let not_text = |packet: &mut Vec<u8>| {
        put(packet, TAG_LENGTH_AT, 1);
        packet[TAG_AT] = 0xff;
    };
    assert_eq!(code(&not_text), 9);
    let another = |packet: &mut Vec<u8>| {
        put(packet, TAG_LENGTH_AT, 4);
        packet[TAG_AT..TAG_AT + 4].copy_from_slice(b"mine");
    };
    assert_eq!(code(&another), 3);
    tell("done");
    stay();
}

/// Role: joins, and then says what does not belong there; each time as another member.
pub fn joins_and_then_errs(path: &Path) {
    let mut seats = Vec::new();
    let mut err = |packet: &[u8]| {
        let seat = Seat::take(path).unwrap();
        seat.line.say(packet).unwrap();
        seats.push(seat);
    };
    err(&hello());
    err(&[]);
    err(&[0]);
    err(&[0; 2]);
    err(&vec![7; 50_000]);
    err(&message(RELAY, 9));
    err(&message(99, 8));
    for (kind, length) in LENGTHS {
        if [ACCEPT, REFUSE, AGAIN, INVITATION, TAKEN, CONNECTION].contains(&kind) {
            err(&message(kind, length));
        }
    }
    let mut another_version = message(RELAY, 8);
    another_version[VERSION_AT] = 2;
    err(&another_version);
    for half in [Shutdown::Read, Shutdown::Write, Shutdown::Both] {
        let seat = Seat::take(path).unwrap();
        shutdown(&seat.line.0, half).unwrap();
        let _ = seat.line.say(&message(RELAY, 8));
        seats.push(seat);
        // One that asks and shuts its ear before the answer.
        let line = Raw::connect(path);
        shutdown(&line.0, half).unwrap();
        let _ = line.say(&hello());
    }
    tell("done");
    stay();
}

/// Role: comes all the time and says nothing. It keeps most of its connections.
pub fn crowds(path: &Path) {
    let mut kept = VecDeque::new();
    for _ in 0..5000 {
        kept.push_back(Raw::connect(path));
        if kept.len() > 500 {
            kept.pop_front();
        }
    }
    tell("done");
    stay();
}

/// Role: asks to be let in a hundred times and hears no answer.
pub fn asks_and_never_reads(path: &Path) {
    let lines: Vec<_> = (0..100).map(|_| Raw::connect(path)).collect();
    lines.iter().for_each(|line| line.say(&hello()).unwrap());
    // The host has let them in when it has let in one that comes after them.
    drop(Seat::take(path).unwrap());
    tell("done");
    stay();
}

#[track_caller]
fn is_not_noticed(role: &str) {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let mut neighbour = start(role, &world.path());
    world.goes_on_beside(&mut neighbour, true);
    neighbour.kill();
    world.ends_as_before();
}

/// Shows T65.
#[test]
fn whatever_is_no_whole_hello_is_refused() {
    is_not_noticed("is-half-polite");
}

/// Shows T66.
#[test]
fn a_hello_that_lies_is_refused_by_the_reason() {
    is_not_noticed("lies");
}

/// Shows T52.
#[test]
fn what_a_member_says_at_the_wrong_time_hurts_only_itself() {
    is_not_noticed("joins-and-then-errs");
}

/// Shows T69.
#[test]
fn thousands_of_callers_that_say_nothing_do_not_keep_others_out() {
    is_not_noticed("crowds");
}

/// Shows T69.
#[test]
fn a_crowd_of_one_process_pushes_out_no_earlier_caller() {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let first = Raw::connect(&world.path());
    let mut neighbour = start("crowds", &world.path());
    world.goes_on_beside(&mut neighbour, true);
    assert_eq!(first.ask().kind(), ACCEPT);
    // It leaves as is meant.
    first.say(&message(GOODBYE, 8)).unwrap();
    neighbour.kill();
    world.ends_as_before();
}

/// Shows T68.
#[test]
fn who_does_not_join_is_no_sender_whose_going_ends_the_stream() {
    let _patience = crate::patience();
    let room = room();
    let mut receiver = Options::new().end_with_last_sender().bind::<Value>(room.name()).unwrap();
    for role in ["is-half-polite", "lies"] {
        let mut neighbour = start(role, &room.name());
        assert_eq!(neighbour.hear(), "done");
        neighbour.kill();
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    shmpsc::connect::<Value>(room.name()).unwrap().try_send([1, 1]).unwrap();
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
    assert_eq!(receiver.blocking_recv(), None);
}

/// Shows T67.
#[test]
fn answers_that_nobody_reads_cost_nothing_that_stays() {
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    let mut neighbour = start("asks-and-never-reads", &world.path());
    world.goes_on_beside(&mut neighbour, true);
    assert_eq!(world.sender.strong_count(), 4 + 101, "they take part until their process ends");
    neighbour.kill();
    eventually("they have left", || world.sender.strong_count() == 4);
    world.ends_as_before();
}
