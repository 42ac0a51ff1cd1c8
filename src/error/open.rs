//! Why two processes did not meet: one clear sentence for each reason, with the facts of both sides.
//!
//! Not the errors of sending and receiving; those are tokio's and stand in [`crate::error`].

use std::{error::Error, fmt, io, path::PathBuf, time::Duration};

/// Why an end of a channel could not be opened, joined or handed over.
///
/// Each reason prints one sentence that names both sides where there are two. It converts into [`io::Error`] with a
/// fitting [`io::ErrorKind`], so that `?` works in functions that speak of input and output.
///
/// ```
/// use shmpsc::{Options, error::OpenError};
///
/// let error = Options::new().connect::<u64>("nobody-is-here").unwrap_err();
/// assert!(matches!(error, OpenError::NobodyThere { .. }));
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::NotFound);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// No receiver listens under this name: there is no such file, or its owner has died.
    NobodyThere {
        /// The name.
        path: PathBuf,
    },
    /// Another receiver holds this name, and lives.
    NameInUse {
        /// The name.
        path: PathBuf,
    },
    /// Something that is not a socket stands at this name. It was left alone.
    NotASocket {
        /// The name.
        path: PathBuf,
    },
    /// The receiver's rules do not admit this process.
    NotAllowed {
        /// User of this process, as the receiver's process sees it.
        uid: u32,
        /// Group of this process, as the receiver's process sees it.
        gid: u32,
        /// User of the receiver's process.
        receiver_uid: u32,
        /// Group of the receiver's process.
        receiver_gid: u32,
    },
    /// The two processes use versions of this library that lay out the bytes differently.
    WrongVersion {
        /// Version of the layout here.
        ours: u32,
        /// Version of the layout there.
        theirs: u32,
    },
    /// The two processes disagree about what a value is.
    WrongType {
        /// The type here.
        ours: ValueType,
        /// The type there.
        theirs: ValueType,
    },
    /// The descriptor carries the other end: a sender was asked of a receiver's, or the reverse.
    WrongEnd,
    /// The descriptor was used before, by this process or another one that has a copy of it. It carries one end, once.
    AlreadyUsed,
    /// As many processes take part as the receiver's process made room for.
    RosterFull {
        /// Processes that can take part at once.
        members: u32,
        /// Of them, processes that have left and whose last values were not received yet.
        leaving: u32,
    },
    /// The receiver has closed the channel, or is gone.
    Closed,
    /// The receiver is being handed to another process at this moment. Try again.
    UnderWay,
    /// The last sender has gone, and with it the channel: `recv` has returned, or will return, `None`.
    Ended,
    /// The other side did not answer in time.
    TimedOut {
        /// How long this side waited, see [`Options::deadline`](crate::Options::deadline).
        waited: Duration,
    },
    /// The other side hung up before it had answered.
    HungUp,
    /// The other side said something that is not of this library's protocol.
    BadMessage {
        /// What was wrong with it.
        what: &'static str,
    },
    /// The receiver can be handed over only while no other process takes part.
    Joined {
        /// Other processes that take part or are invited.
        members: usize,
    },
    /// A thread is stopped in the middle of a send; the receiver can be handed over once it has gone on.
    Stalled,
    /// The receiver's process cannot watch this one and so would never learn of its death: it runs in another PID
    /// namespace, on a kernel older than 6.5.
    Unwatchable,
    /// A value given to [`Options`](crate::Options) is out of its range.
    InvalidOption {
        /// Which, and what its range is.
        what: &'static str,
    },
    /// This process was forked from the one that opened the channel; the channel is not its own.
    Forked,
    /// The system refused something.
    System {
        /// What was asked of it.
        what: &'static str,
        /// About which file, if about one.
        path: Option<PathBuf>,
        /// What it said.
        source: io::Error,
    },
}

/// What two processes compare before values of a type may cross between them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueType {
    /// Bytes of a value.
    pub size: u32,
    /// Alignment of a value in bytes.
    pub align: u32,
    /// The text given to [`Options::type_tag`](crate::Options::type_tag).
    pub tag: String,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes aligned to {}", self.size, self.align)?;
        if self.tag.is_empty() { write!(f, " with no tag") } else { write!(f, " tagged {:?}", self.tag) }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyThere { path } => write!(f, "no receiver listens at {}", path.display()),
            Self::NameInUse { path } => write!(
                f,
                "another receiver already listens at {}; end it or choose another name",
                path.display()
            ),
            Self::NotASocket { path } => {
                write!(f, "{} exists and is not a socket; remove it or choose another name", path.display())
            }
            Self::NotAllowed { uid, gid, receiver_uid, receiver_gid } => write!(
                f,
                "the receiver (user {receiver_uid}, group {receiver_gid}) does not admit user {uid}, group {gid}; \
                 allow one of them there, in its options"
            ),
            Self::WrongVersion { ours, theirs } => {
                write!(
                    f,
                    "layout version {ours} here does not fit layout version {theirs} there; build both with one \
                     version of shmpsc"
                )
            }
            Self::WrongType { ours, theirs } => {
                write!(
                    f,
                    "the value type here ({ours}) is not the value type there ({theirs}); send and receive \
                     one type with one tag"
                )
            }
            Self::WrongEnd => {
                write!(f, "the descriptor carries the other end of the channel; take that one from it")
            }
            Self::AlreadyUsed => f.write_str(
                "the descriptor was used already, and carries one end once; make one more with `into_fd`",
            ),
            Self::RosterFull { members, leaving: 0 } => {
                write!(
                    f,
                    "all {members} places for processes in the channel are taken; make it with more `members`"
                )
            }
            Self::RosterFull { members, leaving } => write!(
                f,
                "all {members} places for processes in the channel are taken, {leaving} of them by processes that \
                 left and are not yet repaired, or whose last values are not yet received; try again once they are"
            ),
            Self::Closed => write!(f, "the receiver has closed the channel"),
            Self::UnderWay => write!(f, "the receiver is being handed to another process; try again"),
            Self::Ended => write!(f, "the channel has ended: its last sender is gone"),
            Self::TimedOut { waited } => write!(
                f,
                "the other process did not answer within {waited:?}; try again, or with a longer `deadline`"
            ),
            Self::HungUp => write!(f, "the other process hung up before it had answered; try again"),
            Self::BadMessage { what } => write!(f, "the other process broke the protocol: {what}"),
            Self::Joined { members } => write!(
                f,
                "the receiver can no longer be handed over: {members} other process(es) take part in the channel; \
                 hand it over before they join"
            ),
            Self::Stalled => {
                f.write_str("the receiver cannot be handed over while a send is stopped half-way; try again")
            }
            Self::Unwatchable => write!(
                f,
                "the receiver's process cannot watch this one (another PID namespace, and a kernel older than \
                 6.5); run both in one namespace"
            ),
            Self::InvalidOption { what } => f.write_str(what),
            Self::Forked => {
                write!(
                    f,
                    "this end belongs to the process that opened it, not to its forked child; open one there"
                )
            }
            Self::System { what, path: Some(path), source } => {
                write!(f, "could not {what} {}: {source}", path.display())
            }
            Self::System { what, path: None, source } => write!(f, "could not {what}: {source}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> io::Error {
        use io::ErrorKind as Kind;
        let kind = match &error {
            OpenError::NobodyThere { .. } => Kind::NotFound,
            OpenError::NameInUse { .. } => Kind::AddrInUse,
            OpenError::NotASocket { .. } => Kind::AlreadyExists,
            OpenError::NotAllowed { .. } => Kind::PermissionDenied,
            OpenError::WrongVersion { .. } | OpenError::Unwatchable => Kind::Unsupported,
            OpenError::WrongType { .. }
            | OpenError::WrongEnd
            | OpenError::AlreadyUsed
            | OpenError::InvalidOption { .. } => Kind::InvalidInput,
            OpenError::RosterFull { .. } => Kind::QuotaExceeded,
            OpenError::Closed | OpenError::Ended => Kind::BrokenPipe,
            OpenError::TimedOut { .. } => Kind::TimedOut,
            OpenError::HungUp => Kind::ConnectionReset,
            OpenError::BadMessage { .. } => Kind::InvalidData,
            OpenError::UnderWay => Kind::ResourceBusy,
            OpenError::Joined { .. } | OpenError::Stalled | OpenError::Forked => Kind::Other,
            OpenError::System { source, .. } => source.kind(),
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_both_sides() {
        let ours = ValueType { size: 64, align: 8, tag: "frame/2".into() };
        let theirs = ValueType { size: 48, align: 8, tag: String::new() };
        assert_eq!(
            OpenError::WrongType { ours, theirs }.to_string(),
            "the value type here (64 bytes aligned to 8 tagged \"frame/2\") is not the value type there (48 bytes \
             aligned to 8 with no tag); send and receive one type with one tag"
        );
        assert_eq!(
            OpenError::NotAllowed { uid: 1000, gid: 100, receiver_uid: 0, receiver_gid: 1 }.to_string(),
            "the receiver (user 0, group 1) does not admit user 1000, group 100; allow one of them there, in its \
             options"
        );
        assert_eq!(
            OpenError::WrongVersion { ours: 1, theirs: 2 }.to_string(),
            "layout version 1 here does not fit layout version 2 there; build both with one version of shmpsc"
        );
    }

    #[test]
    fn an_io_error_keeps_kind_and_sentence() {
        let error = io::Error::from(OpenError::NobodyThere { path: "/run/feed".into() });
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "no receiver listens at /run/feed");
        let refused = io::Error::from_raw_os_error(13);
        let system = OpenError::System { what: "open", path: Some("/run/feed.lock".into()), source: refused };
        assert!(system.to_string().starts_with("could not open /run/feed.lock: "));
        assert_eq!(io::Error::from(system).kind(), io::ErrorKind::PermissionDenied);
    }
}
