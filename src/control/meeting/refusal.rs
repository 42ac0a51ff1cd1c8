//! What a joining process makes of a refusal, or of an answer that is wrong: an error in which both sides are named.

use std::io;

use crate::{
    control::wire::{Accept, Code, Facts, Refusal},
    error::{OpenError, ValueType},
    layout::{self, ChannelKind},
};

/// Checks that the place in the answer is in a channel of the values that were asked for.
pub(in crate::control) fn check_place(place: &Accept, facts: &Facts) -> Result<(), OpenError> {
    if (place.geometry.payload(), place.align, place.geometry.kind()) == (facts.size, facts.align, facts.kind)
    {
        return Ok(());
    }
    Err(broken("it accepted another type or kind of channel than was asked for"))
}

/// Returns the error that descriptors came for which this process has no room.
pub(in crate::control) fn lacks_descriptors() -> OpenError {
    OpenError::system("take the channel's descriptors")(io::Error::from_raw_os_error(libc::EMFILE))
}

/// Returns the error that an answer came without the descriptors that belong to it.
pub(in crate::control) fn without_descriptors() -> OpenError {
    broken("it did not send the descriptors it must")
}

/// Returns the error that the other process broke the protocol.
pub(super) fn broken(what: &'static str) -> OpenError {
    OpenError::BadMessage { path: None, what }
}

/// Returns the error that the other process speaks another version of the protocol.
pub(in crate::control) fn other_version(theirs: u16) -> OpenError {
    OpenError::WrongVersion { path: None, ours: layout::VERSION, theirs: theirs.into() }
}

pub(in crate::control) fn unexpected() -> OpenError {
    broken("it sent a message that does not belong here")
}

/// Returns the error that a refusal is, with the facts of both sides.
pub(super) fn explain(refusal: Refusal, ours: &Facts) -> OpenError {
    let theirs = refusal.facts;
    match refusal.code {
        Code::NotAllowed => OpenError::NotAllowed {
            path: None,
            uid: refusal.peer_uid,
            gid: refusal.peer_gid,
            receiver_uid: refusal.host_uid,
            receiver_gid: refusal.host_gid,
        },
        Code::WrongVersion => {
            OpenError::WrongVersion { path: None, ours: ours.layout, theirs: theirs.layout }
        }
        Code::WrongType => {
            OpenError::WrongType { path: None, ours: value_type(ours), theirs: value_type(&theirs) }
        }
        Code::WrongKind => {
            OpenError::WrongKind { path: None, unbounded: theirs.kind == ChannelKind::Unbounded }
        }
        Code::TooManyProcesses => {
            OpenError::TooManyProcesses { path: None, members: refusal.members, leaving: refusal.leaving }
        }
        code => reason(code),
    }
}

/// Returns the error that a code is, where that needs no facts.
pub(in crate::control) fn reason(code: Code) -> OpenError {
    match code {
        Code::WrongEnd => OpenError::WrongEnd,
        Code::Closed => OpenError::Closed { path: None },
        Code::Ended => OpenError::Ended { path: None },
        Code::HandoverInProgress => OpenError::HandoverInProgress { path: None },
        Code::CannotMonitor => OpenError::CannotMonitor { path: None },
        // What the system refused the other process is not part of the message.
        Code::NoDescriptors => {
            let lack =
                "one of the two has no descriptor or no memory left; close some, or raise `RLIMIT_NOFILE`";
            OpenError::system("connect the two processes")(io::Error::other(lack))
        }
        Code::BadMessage => OpenError::MessageRejected { path: None },
        Code::NotAllowed
        | Code::WrongVersion
        | Code::WrongType
        | Code::WrongKind
        | Code::TooManyProcesses => unexpected(),
    }
}

fn value_type(facts: &Facts) -> ValueType {
    ValueType { size: facts.size, align: facts.align, tag: facts.tag.clone() }
}
