//! Processes that may not make the system call `membarrier`, or not all of it.
//!
//! Which fences a channel has can be told apart from outside in one way: a process that may not issue a barrier can join a channel of
//! full fences, and no other.

use std::{
    io::stdin,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use shmpsc::{Options, error::OpenError};

use crate::{
    filter, patience,
    people::{
        Person,
        kinds::{Kind, Receiving, Sending},
        room, start, start_with, tell, wait_for_parent,
    },
    plays,
};

/// Commands of `membarrier`.
const GLOBAL_EXPEDITED: u32 = 1 << 1;
const REGISTER_GLOBAL_EXPEDITED: u32 = 1 << 2;

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

/// Role: is refused this, makes a channel, and answers what comes there.
pub fn answers_without(kind: Kind, what: &str, path: &Path) {
    is_refused(what);
    let mut from = kind.bind(options().asymmetric_fences(), path).unwrap();
    tell("bound");
    wait_for_parent();
    let to = kind.connect(options().asymmetric_fences(), &answers_at(path)).unwrap();
    converse(&to, &mut from, false);
    tell("done");
}

/// Role: is refused this, joins the channel of the name, and waits in it for another process.
pub fn asks_without(kind: Kind, what: &str, path: &Path) {
    is_refused(what);
    let to = kind.connect(options().asymmetric_fences(), path).unwrap();
    let mut from = kind.bind(options().asymmetric_fences(), &answers_at(path)).unwrap();
    tell("bound");
    wait_for_parent();
    converse(&to, &mut from, true);
    tell("done");
}

/// Role: may not issue barriers, and joins nothing that needs them.
pub fn is_refused_without_barriers(kind: Kind, path: &Path) {
    filter::refuses_membarrier().unwrap();
    let refused = kind.connect(options().asymmetric_fences(), path).map(drop).unwrap_err();
    assert!(matches!(&refused, OpenError::NoBarriers { path: Some(at) } if at == path), "{refused:?}");
    assert!(refused.to_string().contains("full fences"), "{refused}");
    tell("done");
}

/// Role: may not issue barriers, and is given an end of a channel as its standard input.
pub fn is_given_an_end(kind: Kind, end: &str) {
    filter::refuses_membarrier().unwrap();
    let descriptor = stdin().as_fd().try_clone_to_owned().unwrap();
    let given = match end {
        "sender" => kind.sender_from_fd(options().asymmetric_fences(), descriptor).map(drop),
        _ => kind.receiver_from_fd(options().asymmetric_fences(), descriptor).map(drop),
    };
    tell(match given {
        Ok(()) => "taken",
        Err(OpenError::NoBarriers { path: None }) => "refused",
        Err(error) => panic!("{error:?}"),
    });
}

fn begun(role: &str, kind: Kind, what: &str, path: &Path) -> Person {
    let mut child = start(&format!("{role} {kind} {what}"), path);
    assert_eq!(child.hear(), "bound");
    child
}

/// Whether a process that may not issue barriers can join the channel of that name.
#[track_caller]
fn has_full_fences(kind: Kind, path: &Path) {
    plays(&format!("joins-without-barriers {kind}"), path);
}

/// Role: may not issue barriers, and joins all the same.
pub fn joins_without_barriers(kind: Kind, path: &Path) {
    filter::refuses_membarrier().unwrap();
    drop(kind.connect(options().asymmetric_fences(), path).unwrap());
    tell("done");
}

#[test]
fn a_channel_made_without_barriers_has_full_fences_and_works() {
    let _patience = patience();
    for kind in Kind::ALL {
        for what in ["barriers", "registering", "issuing"] {
            let room = room();
            let mut host = begun("answers-without", kind, what, &room.name());
            has_full_fences(kind, &room.name());
            let mut answers = kind.bind(options(), &answers_at(&room.name())).unwrap();
            let to = kind.connect(options().asymmetric_fences(), &room.name()).unwrap();
            host.say();
            converse(&to, &mut answers, true);
            assert_eq!(host.hear(), "done");
            host.end();
        }
    }
}

#[test]
fn a_process_without_barriers_is_refused_and_told_why() {
    let _patience = patience();
    for kind in Kind::ALL {
        let room = room();
        let receiver = kind.bind(options().asymmetric_fences().end_with_last_sender(), &room.name()).unwrap();
        plays(&format!("is-refused-without-barriers {kind}"), &room.name());
        // It was no sender that came and went: the stream has not ended.
        let sender = kind.connect(options().asymmetric_fences(), &room.name()).unwrap();
        assert_eq!(sender.try_send([1, 1]), Ok(true));
        drop(receiver);
    }
}

#[test]
fn a_process_without_barriers_joins_a_channel_of_full_fences() {
    let _patience = patience();
    for kind in Kind::ALL {
        let room = room();
        let mut from = kind.bind(options(), &room.name()).unwrap();
        has_full_fences(kind, &room.name());
        let mut guest = begun("asks-without", kind, "barriers", &room.name());
        let to = kind.connect(options().asymmetric_fences(), &answers_at(&room.name())).unwrap();
        guest.say();
        converse(&to, &mut from, false);
        assert_eq!(guest.hear(), "done");
        guest.end();
    }
}

#[test]
fn a_process_that_cannot_register_joins_and_loses_no_wake() {
    let _patience = patience();
    for kind in Kind::ALL {
        let room = room();
        let mut from = kind.bind(options().asymmetric_fences(), &room.name()).unwrap();
        plays(&format!("is-refused-without-barriers {kind}"), &room.name());
        let mut guest = begun("asks-without", kind, "registering", &room.name());
        let to = kind.connect(options().asymmetric_fences(), &answers_at(&room.name())).unwrap();
        guest.say();
        converse(&to, &mut from, false);
        assert_eq!(guest.hear(), "done");
        guest.end();
    }
}

#[test]
fn a_process_without_barriers_takes_ends_of_full_fences_alone() {
    let _patience = patience();
    for kind in Kind::ALL {
        for (fences, answer) in [(options().asymmetric_fences(), "refused"), (options(), "taken")] {
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
                assert_eq!(child.hear(), answer, "{kind}, {end}");
                child.end();
            }
        }
    }
}
