//! Processes that may not make the system call `membarrier`, or not all of it.
//!
//! Which fences a channel has stands at the beginning of its memory, for observers. Whichever they are, no process is refused for lack of
//! that call. One that may not issue barriers looks late for each of its sleepers that has missed its waker.

use std::{
    fs::{self, File},
    io::stdin,
    os::{fd::AsFd, unix::fs::FileExt},
    path::{Path, PathBuf},
};

use shmpsc::Options;

use crate::{
    filter, patience,
    people::{
        Person,
        kinds::{Kind, Receiving, Sending},
        room, start, start_with, tell, wait_for_parent,
    },
};

/// Commands of `membarrier`.
const GLOBAL_EXPEDITED: u32 = 1 << 1;
const REGISTER_GLOBAL_EXPEDITED: u32 = 1 << 2;

/// Where the kind of fences stands in a channel's memory.
const FENCES_AT: u64 = 88;

/// So often each of two processes waits for the other.
const TURNS: u64 = 2_000;

/// What a process may not do.
fn is_refused(what: &str) {
    match what {
        "barriers" => filter::refuses_membarrier(),
        "registering" => filter::refuses_membarrier_command(REGISTER_GLOBAL_EXPEDITED),
        "issuing" => filter::refuses_membarrier_command(GLOBAL_EXPEDITED),
        other => panic!("nothing is called {other}"),
    }
    .expect("a process may refuse itself calls");
}

fn options() -> Options {
    Options::new().capacity(1)
}

fn answers_at(path: &Path) -> PathBuf {
    path.with_extension("back")
}

/// Sends each number and waits for it to come back; or waits for each number, and sends it back.
fn converse(to: &Sending, from: &mut Receiving, begins: bool) {
    for n in 0..TURNS {
        if begins {
            to.blocking_send([n, 0]).unwrap();
        }
        assert_eq!(from.blocking_recv(), Some([n, 0]));
        if !begins {
            to.blocking_send([n, 0]).unwrap();
        }
    }
}

/// Returns what kind of fences the one channel has that this process has mapped.
fn fences_of_the_channel() -> &'static str {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let map = maps.lines().find(|line| line.contains("memfd:shmpsc") && line.contains(" 00000000 ")).unwrap();
    let start = u64::from_str_radix(map.split('-').next().unwrap(), 16).unwrap();
    let mut kind = [0; 8];
    File::open("/proc/self/mem").unwrap().read_exact_at(&mut kind, start + FENCES_AT).unwrap();
    match u64::from_ne_bytes(kind) {
        1 => "full",
        2 => "asymmetric",
        other => panic!("{other} is no kind of fences"),
    }
}

/// Role: makes a channel, and says which fences it has: with full ones asked for, or not.
pub fn makes(kind: Kind, what: &str, path: &Path) {
    let options = if what == "full" { options().full_fences() } else { options() };
    let _receiver = kind.bind(options, path).unwrap();
    tell(fences_of_the_channel());
}

/// Role: is refused this, makes a channel, and answers what comes there.
pub fn answers_without(kind: Kind, what: &str, path: &Path) {
    is_refused(what);
    let mut from = kind.bind(options(), path).unwrap();
    assert_eq!(fences_of_the_channel(), "full");
    tell("bound");
    wait_for_parent();
    let to = kind.connect(options(), &answers_at(path)).unwrap();
    converse(&to, &mut from, false);
    tell("done");
}

/// Role: is refused this, joins the channel of the name, and waits in it for another process.
pub fn asks_without(kind: Kind, what: &str, path: &Path) {
    is_refused(what);
    let to = kind.connect(options(), path).unwrap();
    let mut from = kind.bind(options(), &answers_at(path)).unwrap();
    tell("bound");
    wait_for_parent();
    converse(&to, &mut from, true);
    tell("done");
}

/// Role: may not issue barriers, and is given an end of a channel as its standard input.
pub fn is_given_an_end(kind: Kind, end: &str) {
    filter::refuses_membarrier().unwrap();
    let descriptor = stdin().as_fd().try_clone_to_owned().unwrap();
    let given = match end {
        "sender" => kind.sender_from_fd(options(), descriptor).map(drop),
        _ => kind.receiver_from_fd(options(), descriptor).map(drop),
    };
    given.unwrap();
    tell("taken");
}

fn begun(role: &str, kind: Kind, what: &str, path: &Path) -> Person {
    let mut child = start(&format!("{role} {kind} {what}"), path);
    assert_eq!(child.hear(), "bound");
    child
}

#[test]
fn a_channel_made_without_barriers_has_full_fences_and_works() {
    let _patience = patience();
    for kind in Kind::ALL {
        for what in ["barriers", "registering", "issuing"] {
            let room = room();
            let mut host = begun("answers-without", kind, what, &room.name());
            let mut answers = kind.bind(options(), &answers_at(&room.name())).unwrap();
            let to = kind.connect(options(), &room.name()).unwrap();
            host.say();
            converse(&to, &mut answers, true);
            assert_eq!(host.hear(), "done");
            host.end();
        }
    }
}

#[test]
fn a_channel_has_full_fences_if_they_are_asked_for() {
    let _patience = patience();
    for kind in Kind::ALL {
        for fences in ["full", "asymmetric"] {
            let room = room();
            let mut host = start(&format!("makes {kind} {fences}"), &room.name());
            assert_eq!(host.hear(), fences);
            host.end();
        }
    }
}

#[test]
fn a_process_that_lacks_barriers_joins_and_loses_no_wake() {
    let _patience = patience();
    for kind in Kind::ALL {
        for what in ["barriers", "registering", "issuing"] {
            let room = room();
            let mut from = kind.bind(options(), &room.name()).unwrap();
            let mut guest = begun("asks-without", kind, what, &room.name());
            let to = kind.connect(options(), &answers_at(&room.name())).unwrap();
            guest.say();
            converse(&to, &mut from, false);
            assert_eq!(guest.hear(), "done");
            guest.end();
        }
    }
}

#[test]
fn a_process_without_barriers_takes_ends_of_any_channel() {
    let _patience = patience();
    for kind in Kind::ALL {
        for fences in [options(), options().full_fences()] {
            for end in ["sender", "receiver"] {
                let (sender, receiver) = kind.channel(fences.clone()).unwrap();
                let descriptor = match end {
                    "sender" => sender.into_fd(),
                    _ => receiver.into_fd(),
                };
                let room = room();
                let mut child =
                    start_with(&format!("is-given-an-end {kind} {end}"), &room.name(), |command| {
                        command.stdin(descriptor.unwrap());
                    })
                    .unwrap();
                assert_eq!(child.hear(), "taken");
                child.end();
            }
        }
    }
}
