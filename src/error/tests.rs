//! What each error prints: alone, with its sources, and as an [`io::Error`].

use std::{error::Error, io, path::PathBuf, time::Duration};

use super::*;

const NAME: &str = "/run/feed";

fn reason() -> io::Error {
    io::Error::from_raw_os_error(13)
}

/// A refusal that the library explains.
fn explained() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it names a directory; add the name of a socket file")
}

/// Makes one of each reason, as a call without a name gives it.
fn every_reason() -> Vec<OpenError> {
    let path = PathBuf::from(NAME);
    let value = |tag: &str| ValueType { size: 64, align: 8, tag: tag.into() };
    vec![
        OpenError::NoReceiver { path: path.clone(), why: "there is no such file" },
        OpenError::NameInUse { path: path.clone(), socket_missing: false },
        OpenError::NotASocket { path: path.clone() },
        OpenError::NotPermitted { path: path.clone(), source: reason() },
        OpenError::NotAllowed { path: None, uid: 1000, gid: 100, receiver_uid: 0, receiver_gid: 1 },
        OpenError::WrongVersion { path: None, ours: 1, theirs: 2 },
        OpenError::WrongType { path: None, ours: value("frame/2"), theirs: value("") },
        OpenError::WrongEnd,
        OpenError::WrongDescriptor { what: "a pipe" },
        OpenError::AlreadyUsed,
        OpenError::TooManyProcesses { path: None, members: 2, leaving: 0 },
        OpenError::TooManyProcesses { path: None, members: 2, leaving: 1 },
        OpenError::Closed { path: None },
        OpenError::HandoverInProgress { path: None },
        OpenError::Ended { path: None },
        OpenError::TimedOut { path: None, waited: Duration::from_secs(5) },
        OpenError::HungUp { path: None },
        OpenError::BadMessage { path: None, what: "it does not speak this protocol" },
        OpenError::OthersJoined { members: 1 },
        OpenError::Stalled,
        OpenError::CannotMonitor { path: None },
        OpenError::InvalidOption { what: "capacity", given: "0".into(), range: "from 1 to 1048575" },
        OpenError::Forked,
        OpenError::System { what: "lock", path: Some(path.clone()), name: None, source: reason() },
        OpenError::System { what: "get memory for the channel", path: None, name: None, source: reason() },
        OpenError::NameInUse { path: path.clone(), socket_missing: true },
        OpenError::System { what: "use the path", path: Some(path), name: None, source: explained() },
        OpenError::WrongKind { path: None, unbounded: true },
        OpenError::WrongKind { path: None, unbounded: false },
        OpenError::MessageRejected { path: None },
    ]
}

/// Returns the place of a reason in the list above: a new reason does not compile without one.
fn place(error: &OpenError) -> usize {
    match error {
        OpenError::NoReceiver { .. } => 0,
        OpenError::NameInUse { socket_missing: false, .. } => 1,
        OpenError::NotASocket { .. } => 2,
        OpenError::NotPermitted { .. } => 3,
        OpenError::NotAllowed { .. } => 4,
        OpenError::WrongVersion { .. } => 5,
        OpenError::WrongType { .. } => 6,
        OpenError::WrongEnd => 7,
        OpenError::WrongDescriptor { .. } => 8,
        OpenError::AlreadyUsed => 9,
        OpenError::TooManyProcesses { leaving: 0, .. } => 10,
        OpenError::TooManyProcesses { .. } => 11,
        OpenError::Closed { .. } => 12,
        OpenError::HandoverInProgress { .. } => 13,
        OpenError::Ended { .. } => 14,
        OpenError::TimedOut { .. } => 15,
        OpenError::HungUp { .. } => 16,
        OpenError::BadMessage { .. } => 17,
        OpenError::OthersJoined { .. } => 18,
        OpenError::Stalled => 19,
        OpenError::CannotMonitor { .. } => 20,
        OpenError::InvalidOption { .. } => 21,
        OpenError::Forked => 22,
        OpenError::System { path: Some(_), source, .. } if source.get_ref().is_none() => 23,
        OpenError::System { path: Some(_), .. } => 26,
        OpenError::System { path: None, .. } => 24,
        OpenError::NameInUse { .. } => 25,
        OpenError::WrongKind { unbounded: true, .. } => 27,
        OpenError::WrongKind { .. } => 28,
        OpenError::MessageRejected { .. } => 29,
    }
}

/// Prints an error and its sources, each for itself.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut said = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        said.push(error.to_string());
        source = error.source();
    }
    said
}

/// Makes every public error of the crate, with each of its reasons.
fn every_error() -> Vec<Box<dyn Error>> {
    let mut all: Vec<Box<dyn Error>> = Vec::new();
    for error in every_reason() {
        all.push(Box::new(error));
    }
    for error in every_reason() {
        all.push(Box::new(io::Error::from(error)));
    }
    all.extend(
        [Corruption::Claim, Corruption::Head, Corruption::Open, Corruption::Table]
            .map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.extend(
        [TrySendError::Full(1), TrySendError::Closed(1)].map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.extend(
        [
            TrySendUnboundedError::Closed(1),
            TrySendUnboundedError::Limit(1),
            TrySendUnboundedError::NoMemory(1),
        ]
        .map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.extend(
        [SendTimeoutError::Timeout(1), SendTimeoutError::Closed(1)]
            .map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.extend(
        [TryRecvError::Empty, TryRecvError::Disconnected].map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.extend(
        [RecvTimeoutError::Timeout, RecvTimeoutError::Disconnected]
            .map(|error| Box::new(error) as Box<dyn Error>),
    );
    all.push(Box::new(SendError(1)));
    all.push(Box::new(SendManyError { sent: 3 }));
    all
}

#[test]
fn the_list_has_each_reason_once() {
    let places: Vec<usize> = every_reason().iter().map(place).collect();
    assert_eq!(places, (0..30).collect::<Vec<_>>());
}

#[test]
fn an_error_and_its_sources_say_each_thing_once() {
    for error in every_error() {
        let chain = chain(&*error);
        for (at, said) in chain.iter().enumerate() {
            let others = chain.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(others.into_iter().all(|(_, other)| !other.contains(said)), "{chain:?}");
        }
    }
    assert_eq!(chain(&every_reason()[23]), ["could not lock /run/feed", "Permission denied (os error 13)"]);
    assert_eq!(
        chain(&every_reason()[26]),
        ["could not use the path /run/feed: it names a directory; add the name of a socket file"]
    );
}

#[test]
fn an_io_error_has_the_chain_of_the_error_it_is_made_of() {
    for (before, after) in every_reason().into_iter().zip(every_reason().into_iter().map(io::Error::from)) {
        assert_eq!(chain(&before), chain(&after));
    }
}

#[test]
fn debug_prints_the_sentence_and_its_sources() {
    for error in every_reason() {
        assert_eq!(format!("{error:?}"), chain(&error).join(": "));
    }
    for error in [Corruption::Claim, Corruption::Head, Corruption::Open, Corruption::Table] {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}

/// Returns whether no call with a name gives the reason: it is one of a descriptor, of an end that is open already, or of an
/// option.
fn needs_no_name(error: &OpenError) -> bool {
    use OpenError::*;
    matches!(
        error,
        WrongEnd
            | WrongDescriptor { .. }
            | AlreadyUsed
            | OthersJoined { .. }
            | Stalled
            | InvalidOption { .. }
            | Forked
    )
}

#[test]
fn an_error_under_a_name_says_which_name_once() {
    for error in every_reason() {
        let needs_none = needs_no_name(&error);
        let text = error.at(NAME.as_ref()).to_string();
        assert_eq!(text.matches(NAME).count(), usize::from(!needs_none), "{text}");
    }
}

#[test]
fn a_refusal_names_both_sides() {
    let printed = |at: usize| every_reason().remove(at).at(NAME.as_ref()).to_string();
    assert_eq!(
        printed(6),
        "the value type here (64 bytes aligned to 8 tagged \"frame/2\") is not the value type there at /run/feed (64 \
         bytes aligned to 8 with no tag); send and receive one type with one tag"
    );
    assert_eq!(
        printed(4),
        "the receiver at /run/feed (user 0, group 1) does not admit user 1000, group 100; let one of them in there, \
         with `Options::allow_uid` or `Options::allow_gid`, and an `Options::mode` that fits"
    );
    assert_eq!(
        printed(5),
        "layout version 1 here does not fit layout version 2 there at /run/feed; build both with one version of shmpsc"
    );
}

#[test]
fn an_io_error_keeps_kind_and_sentence() {
    let error = io::Error::from(OpenError::NoReceiver { path: NAME.into(), why: "there is no such file" });
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(error.to_string(), "no receiver listens at /run/feed: there is no such file");
    let system = every_reason().remove(23);
    assert_eq!(io::Error::from(system).kind(), io::ErrorKind::PermissionDenied);
}
