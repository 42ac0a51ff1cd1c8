//! Who makes, binds, joins, hands a sender over, gives one of its own channel away or moves the receiver, and is refused one call of
//! it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use shmpsc::{
    Options,
    error::{OpenError, TrySendUnboundedError},
};

use crate::{
    FORBIDS, LACKS, ONE, PLENTY, heard, is_in_words, options, panics, patience,
    people::{
        eventually,
        how::block_on,
        kinds::{Kind, Receiving, Sending},
        room, start, tell,
        watch::own_descriptors,
    },
    refuser::{KINDS, Refuser, What},
};

/// Sends one value. An unbounded channel can have no memory for it.
fn sends(sender: &Sending) -> bool {
    match sender {
        Sending::Bounded(sender) => sender.blocking_send(ONE).unwrap(),
        Sending::Unbounded(sender) => match sender.try_send(ONE) {
            Ok(()) => {}
            Err(refused) => {
                assert_eq!(refused, TrySendUnboundedError::NoMemory(ONE));
                return false;
            }
        },
    }
    true
}

/// What is done: once, from nothing to nothing. Tells whether a value was sent that was to be.
fn act(kind: Kind, what: &str, path: &Path) -> Result<bool, OpenError> {
    let own = path.with_extension("own");
    match what {
        "makes" => {
            let (sender, mut receiver) = kind.channel(options())?;
            let is_sent = sends(&sender);
            assert_eq!(receiver.try_recv().ok(), is_sent.then_some(ONE));
            Ok(is_sent)
        }
        "binds" => {
            let mut receiver = kind.bind(options(), &own)?;
            assert!(receiver.try_recv().is_err());
            receiver.close();
            Ok(true)
        }
        "joins" => Ok(sends(&kind.connect(options(), path)?)),
        "joins-as-a-task" => Ok(sends(&block_on(kind.connect_async(options(), path))?)),
        "hands-over" => {
            let sender = kind.connect(options(), path)?;
            Ok(sends(&kind.sender_from_fd(options(), sender.into_fd()?)?))
        }
        "gives" => {
            let (sender, mut receiver) = kind.channel(options())?;
            let given = sender.into_fd().and_then(|descriptor| kind.sender_from_fd(options(), descriptor));
            let sent = given.map(|second| sends(&second));
            // If it could not be given away nobody has it, and the stream ends.
            assert_eq!(receiver.blocking_recv(), sent.as_ref().is_ok_and(|sent| *sent).then_some(ONE));
            sent
        }
        "moves" => {
            let (sender, receiver) = kind.channel(options())?;
            let is_sent = sends(&sender);
            let mut receiver = kind.receiver_from_fd(options(), receiver.into_fd()?)?;
            assert_eq!(receiver.try_recv().ok(), is_sent.then_some(ONE));
            Ok(is_sent)
        }
        other => panic!("no act {other}"),
    }
}

/// Acts once while this is refused, and sees to it that nothing stays of that. None: it was not needed. Else whether that was an
/// error, or a value that came back.
fn without(
    refused: What,
    errno: i32,
    refuser: &Refuser,
    at_rest: usize,
    act: impl Fn() -> Result<bool, OpenError>,
) -> Option<bool> {
    let (done, call) = loop {
        refuser.refuse(refused, errno);
        let done = catch_unwind(AssertUnwindSafe(&act));
        let call = refuser.relent();
        // Those who left before may be on their way out.
        if call.is_some() || !matches!(done, Ok(Err(OpenError::TooManyProcesses { .. }))) {
            break (done, call);
        }
    };
    let case = format!("{refused:?}, {call:?}, error {errno}: {done:?}");
    assert!(done.is_ok() && panics() == 0, "a panic: {case}");
    let done = done.expect("no panic");
    assert!(done.as_ref().err().is_none_or(is_in_words), "{case}");
    // Nobody closed anything, and nobody was asked in vain.
    let blames_another = matches!(done, Err(OpenError::Closed { .. } | OpenError::TimedOut { .. }));
    let says_nothing = call == Some("pidfd_open") && matches!(done, Err(OpenError::HungUp { .. }));
    assert!(!blames_another && !says_nothing, "that is not why: {case}");
    eventually(&format!("all descriptors are back: {case}"), || own_descriptors() <= at_rest);
    // Whatever it was that took a number or a name, it is there again.
    eventually(&format!("it works again: {case}"), || works(&act));
    let is_done = done.is_ok_and(|is_sent| is_sent);
    assert!(call.is_some() || is_done, "nothing was refused: {case}");
    call.map(|_| !is_done)
}

/// Whether all of it can be done now.
fn works(act: &impl Fn() -> Result<bool, OpenError>) -> bool {
    act().is_ok_and(|is_sent| is_sent)
}

/// Role: acts while the first call is refused, then the second, and so on until there is none to refuse; then without each kind
/// of call.
pub fn acts(kind: Kind, what: &str, path: &Path, refuser: &Refuser) {
    let act = || act(kind, what, path);
    // What is made once stays: the porter, its set.
    (0..2).for_each(|_| eventually("nothing is refused", || works(&act)));
    let at_rest = own_descriptors();
    let mut refusals = Vec::new();
    for errno in LACKS {
        let nths = (0..PLENTY).map(|nth| without(What::Nth(nth), errno, refuser, at_rest, act));
        refusals.extend(nths.map_while(|refused| refused));
    }
    for errno in FORBIDS {
        let kinds = (0..KINDS).map(|kind| without(What::Kind(kind), errno, refuser, at_rest, act));
        refusals.extend(kinds.flatten());
    }
    let errors = refusals.iter().filter(|is_error| **is_error).count();
    tell(format!("{} {errors}", refusals.len()));
}

/// Role: as [`acts`], once, in a process that has made nothing yet: no porter, no thread for it.
pub fn begins(what: &str, path: &Path, refused: What, errno: i32, refuser: &Refuser) {
    // What stays of the first time is not known before it: only the second time shows what is lost.
    let act = || act(Kind::Bounded, what, path);
    let is_error = without(refused, errno, refuser, usize::MAX, act);
    let at_rest = own_descriptors();
    eventually("it works once more", || works(&act));
    eventually("all descriptors are back", || own_descriptors() <= at_rest);
    tell(is_error.map_or("not needed", |is_error| if is_error { "an error" } else { "done" }));
}

/// What came of it in a child of its own; none if it is left out.
fn begun(what: &str, refused: What, errno: i32, path: &Path) -> Option<String> {
    let (which, place) = match refused {
        What::Nth(nth) => ("nth", nth),
        What::Kind(kind) => ("kind", kind as u64),
    };
    let mut child = start(&format!("begins {what} {which} {place} {errno}"), path);
    let said = heard(&mut child)?;
    child.end();
    Some(said)
}

/// Lets children do something beside a receiver that nothing is refused, and sees to it that nobody is left. None: what the
/// children would have done is left out.
fn beside_a_receiver(kind: Kind, children: impl FnOnce(&Path) -> Option<()>) {
    let _patience = patience();
    let room = room();
    let name = room.name();
    let mut receiver = kind.bind(options(), &name).unwrap();
    let received = std::thread::spawn(move || {
        while receiver.blocking_recv() == Some(ONE) {}
        receiver
    });
    let done = children(&name);
    eventually("there is room", || {
        kind.connect(Options::new(), &name).is_ok_and(|sender| sender.blocking_send([0, 0]).is_ok())
    });
    let receiver = received.join().unwrap();
    if done.is_some() {
        eventually("nobody is left", || receiver.sender_strong_count() == 0);
        if let Receiving::Bounded(receiver) = &receiver {
            assert_eq!(receiver.capacity(), receiver.max_capacity());
        }
        assert_eq!(room.files(), 2, "the socket and the lock of this receiver");
    }
}

fn has_each_call_refused(kind: Kind, what: &str) {
    beside_a_receiver(kind, |name| {
        let mut child = start(&format!("acts {kind} {what}"), name);
        let said = heard(&mut child)?;
        let (refusals, errors) = said.split_once(' ').expect("two numbers");
        println!("{kind}, {what}: {refusals} times refused a call, {errors} of them an error");
        assert_ne!(errors, "0");
        child.end();
        Some(())
    });
}

#[test]
fn making_a_channel_survives_the_refusal_of_each_call_in_turn() {
    has_each_call_refused(Kind::Bounded, "makes");
}

#[test]
fn bind_survives_the_refusal_of_each_call_in_turn() {
    has_each_call_refused(Kind::Bounded, "binds");
}

/// Shows W97, T35.
#[test]
fn who_joins_is_refused_each_call_in_turn_and_joins_after_that() {
    has_each_call_refused(Kind::Bounded, "joins");
}

#[test]
fn a_task_that_joins_is_refused_each_call_in_turn() {
    has_each_call_refused(Kind::Bounded, "joins-as-a-task");
}

#[test]
fn handing_a_sender_over_survives_the_refusal_of_each_call() {
    has_each_call_refused(Kind::Bounded, "hands-over");
}

/// Shows W100.
#[test]
fn giving_an_own_sender_away_survives_the_refusal_of_each_call() {
    has_each_call_refused(Kind::Bounded, "gives");
}

#[test]
fn moving_the_receiver_survives_the_refusal_of_each_call() {
    has_each_call_refused(Kind::Bounded, "moves");
}

#[test]
fn an_unbounded_channel_is_made_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "makes");
}

#[test]
fn an_unbounded_channel_is_bound_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "binds");
}

#[test]
fn an_unbounded_channel_is_joined_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "joins");
}

#[test]
fn a_task_joins_an_unbounded_channel_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "joins-as-a-task");
}

#[test]
fn an_unbounded_sender_is_handed_over_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "hands-over");
}

#[test]
fn an_unbounded_sender_is_given_away_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "gives");
}

#[test]
fn an_unbounded_receiver_is_moved_after_each_refused_call() {
    has_each_call_refused(Kind::Unbounded, "moves");
}

#[test]
fn the_first_join_survives_the_refusal_of_each_call_in_turn() {
    beside_a_receiver(Kind::Bounded, |name| {
        let mut said = Vec::new();
        for nth in 0..PLENTY {
            said.push(begun("joins", What::Nth(nth), libc::ENOMEM, name)?);
            if said.last().is_some_and(|last| last == "not needed") {
                break;
            }
        }
        for kind in 0..KINDS {
            said.push(begun("joins", What::Kind(kind), libc::EPERM, name)?);
        }
        let count = |what| said.iter().filter(|said| *said == what).count();
        println!("joins first of all: {} an error, {} done without", count("an error"), count("done"));
        assert!(count("an error") > 0);
        Some(())
    });
}
