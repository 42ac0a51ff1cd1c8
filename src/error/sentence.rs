//! What a reason of [`OpenError`] prints: one sentence that says what is wrong and what to do.
//!
//! What the system said is not printed here but is the source of the error; see [`OpenError`]. Only where the library knows why
//! the system refused, that is part of the sentence, and there is no source.

use std::{
    error::Error,
    fmt,
    path::{Path, PathBuf},
};

use super::{OpenError, ValueType, open::explanation};

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReceiver { path, why } => {
                write!(f, "no receiver listens at {}: {why}", path.display())
            }
            Self::NameInUse { path, socket_missing: false } => write!(
                f,
                "another receiver already listens at {}; end it or choose another name",
                path.display()
            ),
            Self::NameInUse { path, socket_missing: true } => write!(
                f,
                "another receiver holds {}, but its socket file was removed or is not made yet; try again, and if that \
                 does not help end that receiver",
                path.display()
            ),
            Self::NotASocket { path } => {
                write!(f, "{} exists and is not a socket; remove it or choose another name", path.display())
            }
            Self::NotPermitted { path, .. } => write!(
                f,
                "the user of this process may not open the socket {}; let it in there, with `Options::mode` and \
                 `Options::allow_uid`, and with the permissions of the directories above",
                path.display()
            ),
            Self::NotAllowed { path, uid, gid, receiver_uid, receiver_gid } => write!(
                f,
                "the receiver{} (user {receiver_uid}, group {receiver_gid}) does not admit user {uid}, group {gid}; \
                 let one of them in there, with `Options::allow_uid` or `Options::allow_gid`, and an `Options::mode` \
                 that fits",
                At(path)
            ),
            Self::WrongVersion { path, ours, theirs } => write!(
                f,
                "layout version {ours} here does not fit layout version {theirs} there{}; build both with one \
                 version of shmpsc",
                At(path)
            ),
            Self::WrongType { path, ours, theirs } => write!(
                f,
                "the value type here ({ours}) is not the value type there{} ({theirs}); send and receive one type \
                 with one tag",
                At(path)
            ),
            Self::WrongKind { path, unbounded: true } => write!(
                f,
                "the channel there{} is unbounded; join it with `connect_unbounded`, or take its ends with \
                 `UnboundedSender::from_fd` and `UnboundedReceiver::from_fd`",
                At(path)
            ),
            Self::WrongKind { path, unbounded: false } => write!(
                f,
                "the channel there{} is bounded; join it with `connect`, or take its ends with `Sender::from_fd` and \
                 `Receiver::from_fd`",
                At(path)
            ),
            Self::WrongEnd => f.write_str(
                "the descriptor carries the other end of the channel; take a sender with `from_fd` of `Sender` or \
                 `UnboundedSender`, and a receiver with that of `Receiver` or `UnboundedReceiver`",
            ),
            Self::WrongDescriptor { what } => write!(
                f,
                "the descriptor is {what}, and not one that carries an end of a channel of shmpsc; pass one that \
                 `into_fd` returned"
            ),
            Self::AlreadyUsed => f.write_str(
                "the descriptor was used already, and carries one end once; make one more with `into_fd`",
            ),
            Self::TooManyProcesses { path, members, leaving: 0 } => write!(
                f,
                "all {members} places for processes in the channel{} are taken; make it with a larger `max_processes`",
                At(path)
            ),
            Self::TooManyProcesses { path, members, leaving } => write!(
                f,
                "all {members} places for processes in the channel{} are taken, {leaving} of them by processes that \
                 left and are not yet repaired, or ended in the middle of a send that the receiver has not passed yet; \
                 receive what is queued there, and try again",
                At(path)
            ),
            Self::Closed { path } => {
                write!(f, "the receiver{} has closed the channel; open a new one", At(path))
            }
            Self::HandoverInProgress { path } => {
                write!(f, "the receiver{} is being handed to another process; try again", At(path))
            }
            Self::Ended { path } => {
                write!(f, "the channel{} has ended, for its last sender is gone; open a new one", At(path))
            }
            Self::TimedOut { path, waited } => write!(
                f,
                "the other process{} did not answer within {waited:?}; try again, or with a longer `timeout`",
                At(path)
            ),
            Self::HungUp { path } => {
                write!(f, "the other process{} hung up before it had answered; try again", At(path))
            }
            Self::BadMessage { path, what } => write!(
                f,
                "the other process{} broke the protocol: {what}; make sure that it uses shmpsc, in the same version",
                At(path)
            ),
            Self::MessageRejected { path } => write!(
                f,
                "the receiver's process{} rejected a message of this process as malformed; make sure that both use \
                 shmpsc in the same version",
                At(path)
            ),
            Self::OthersJoined { members } => write!(
                f,
                "the receiver can no longer be handed over: {members} other process(es) take part in the channel; \
                 hand it over before they join"
            ),
            Self::Stalled => {
                f.write_str("the receiver cannot be handed over while a send is stopped half-way; try again")
            }
            Self::CannotMonitor { path } => write!(
                f,
                "the receiver's process{} cannot watch this one (another PID namespace, and a kernel older than \
                 6.5); run both in one namespace",
                At(path)
            ),
            Self::InvalidOption { what, given, range } => {
                write!(f, "the {what} is {given}; it must be {range}")
            }
            Self::Forked => f.write_str(
                "this end belongs to the process that opened it, not to its forked child; open one there",
            ),
            Self::System { what, path, name, source } => {
                match path {
                    Some(path) => write!(f, "could not {what} {}", path.display())?,
                    None => write!(f, "could not {what}{}", At(name))?,
                }
                explanation(source).map_or(Ok(()), |why| write!(f, ": {why}"))
            }
        }
    }
}

impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut reason = self.source();
        while let Some(error) = reason {
            write!(f, ": {error}")?;
            reason = error.source();
        }
        Ok(())
    }
}

/// Where the other side is, if the call had a name.
struct At<'a>(&'a Option<PathBuf>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_deref().map(Path::display).map_or(Ok(()), |name| write!(f, " at {name}"))
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes aligned to {}", self.size, self.align)?;
        if self.tag.is_empty() { write!(f, " with no tag") } else { write!(f, " tagged {:?}", self.tag) }
    }
}
