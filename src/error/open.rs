//! Why two processes did not meet: the reasons, with the facts of both sides. What each prints stands in
//! [`super::sentence`].
//!
//! Not the errors of sending and receiving; those are tokio's and stand in [`crate::error`].

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why an end of a channel could not be opened, joined or handed over.
///
/// [`Display`](std::fmt::Display) prints one sentence: what could not be done, the name if the call had one, the facts of both
/// sides, and what to do. What the system said is not part of it. That is the [`source`](Error::source), so a program
/// that prints an error and its sources one behind the other says each thing once. Where this library knows why the system
/// refused, as for a limit or a path, the sentence says that, and there is no source. [`Debug`](std::fmt::Debug) prints the
/// sentence and its sources, because a `main` that returns an error, and `unwrap`, print that.
///
/// It converts into [`io::Error`] with a fitting [`io::ErrorKind`], so that `?` works in functions that speak of input and
/// output.
///
/// ```
/// use shmpsc::{Options, error::OpenError};
/// use std::error::Error;
///
/// let error = Options::new().bind::<u64>("/missing/directory/feed").unwrap_err();
/// let reason = error.source().expect("the system refused it").to_string();
/// assert!(!error.to_string().contains(&reason));
/// assert_eq!(format!("{error:?}"), format!("{error}: {reason}"));
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::NotFound);
/// ```
#[non_exhaustive]
pub enum OpenError {
    /// No receiver listens under this name: there is no such file, or its owner has died.
    NoReceiver {
        /// The name.
        path: PathBuf,
        /// What was found instead, and what to do.
        why: &'static str,
    },
    /// Another receiver holds this name, and lives.
    NameInUse {
        /// The name.
        path: PathBuf,
        /// There is no socket file: it was removed while that receiver lives, or is not made yet.
        socket_missing: bool,
    },
    /// Something that is not a socket stands at this name. It was left alone.
    NotASocket {
        /// The name.
        path: PathBuf,
    },
    /// The permissions of the socket file, or of a directory above it, do not let the user of this process in.
    NotPermitted {
        /// The name.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The receiver's rules do not admit this process.
    NotAllowed {
        /// The name, if the call had one.
        path: Option<PathBuf>,
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
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// Version of the layout here.
        ours: u32,
        /// Version of the layout there.
        theirs: u32,
    },
    /// The two processes disagree about what a value is.
    WrongType {
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// The type here.
        ours: ValueType,
        /// The type there.
        theirs: ValueType,
    },
    /// One of the two is for a bounded channel and the other for an unbounded one.
    WrongKind {
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// The channel there is unbounded.
        unbounded: bool,
    },
    /// The descriptor carries the other end: a sender was asked of a receiver's, or the reverse.
    WrongEnd,
    /// The descriptor is none that `into_fd` returned.
    WrongDescriptor {
        /// What it is.
        what: &'static str,
    },
    /// This process, or another with a copy, has used the descriptor before. It carries one end, once.
    AlreadyUsed,
    /// As many processes take part as the receiver's process made room for.
    TooManyProcesses {
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// Processes that can take part at once.
        members: u32,
        /// Of them, places of processes that have left: they are not repaired yet, or ended in the middle of a send that the
        /// receiver has not passed yet.
        leaving: u32,
    },
    /// The receiver has closed the channel, or is gone.
    Closed {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// The receiver is being handed to another process at this moment. Try again.
    HandoverInProgress {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// The last sender has gone, and with it the channel: `recv` has returned, or will return, `None`.
    Ended {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// The other side did not answer in time.
    TimedOut {
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// How long this side waited, see [`Options::timeout`](crate::Options::timeout).
        waited: Duration,
    },
    /// The other side hung up before it had answered.
    HungUp {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// The other side sent a message that is not of this library's protocol.
    BadMessage {
        /// The name, if the call had one.
        path: Option<PathBuf>,
        /// What was wrong with it.
        what: &'static str,
    },
    /// The receiver's process could not read what this process said.
    MessageRejected {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// The receiver can be handed over only while no other process takes part.
    OthersJoined {
        /// Other processes that take part or are invited.
        members: usize,
    },
    /// A thread is stopped in the middle of a send; the receiver can be handed over once it has gone on.
    Stalled,
    /// The receiver's process cannot watch this one and so would never learn of its death: it runs in another PID
    /// namespace, on a kernel older than 6.5.
    CannotMonitor {
        /// The name, if the call had one.
        path: Option<PathBuf>,
    },
    /// A value given to [`Options`](crate::Options) is out of its range.
    InvalidOption {
        /// Which.
        what: &'static str,
        /// The value that was given.
        given: String,
        /// Its range.
        range: &'static str,
    },
    /// This process was forked from the one that opened the channel; the channel is not its own.
    Forked,
    /// The system refused something.
    System {
        /// What was asked of it.
        what: &'static str,
        /// About which file, if about one.
        path: Option<PathBuf>,
        /// The name, if the call had one and `path` is empty.
        name: Option<PathBuf>,
        /// What it said, or why it refused if this library knows that.
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

impl OpenError {
    /// Returns what makes an error of a refusal by the system; `what` was asked of it.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> OpenError {
        move |source| OpenError::System { what, path: None, name: None, source }
    }

    /// Returns the error with the name of the call that failed, if it has a place for one and none stands there.
    pub(crate) fn at(mut self, name: &Path) -> OpenError {
        match &mut self {
            Self::NotAllowed { path, .. }
            | Self::WrongVersion { path, .. }
            | Self::WrongType { path, .. }
            | Self::WrongKind { path, .. }
            | Self::TooManyProcesses { path, .. }
            | Self::Closed { path }
            | Self::HandoverInProgress { path }
            | Self::Ended { path }
            | Self::TimedOut { path, .. }
            | Self::HungUp { path }
            | Self::BadMessage { path, .. }
            | Self::MessageRejected { path }
            | Self::CannotMonitor { path }
            | Self::System { name: path, path: None, .. } => {
                path.get_or_insert_with(|| name.into());
            }
            Self::NoReceiver { .. }
            | Self::NameInUse { .. }
            | Self::NotASocket { .. }
            | Self::NotPermitted { .. }
            | Self::WrongEnd
            | Self::WrongDescriptor { .. }
            | Self::AlreadyUsed
            | Self::OthersJoined { .. }
            | Self::Stalled
            | Self::InvalidOption { .. }
            | Self::Forked
            | Self::System { .. } => {}
        }
        self
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System { source, .. } if explanation(source).is_some() => None,
            Self::System { source, .. } | Self::NotPermitted { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Returns what this library says about a refusal of the system in the system's place, if it knows more.
pub(super) fn explanation(refusal: &io::Error) -> Option<&(dyn Error + Send + Sync + 'static)> {
    refusal.get_ref()
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> io::Error {
        use io::ErrorKind as Kind;
        let kind = match &error {
            OpenError::NoReceiver { .. } => Kind::NotFound,
            OpenError::NameInUse { .. } => Kind::AddrInUse,
            OpenError::NotASocket { .. } => Kind::AlreadyExists,
            OpenError::NotAllowed { .. } | OpenError::NotPermitted { .. } => Kind::PermissionDenied,
            OpenError::WrongVersion { .. } | OpenError::CannotMonitor { .. } => Kind::Unsupported,
            OpenError::WrongType { .. }
            | OpenError::WrongKind { .. }
            | OpenError::WrongEnd
            | OpenError::WrongDescriptor { .. }
            | OpenError::AlreadyUsed
            | OpenError::InvalidOption { .. } => Kind::InvalidInput,
            OpenError::TooManyProcesses { .. } => Kind::QuotaExceeded,
            OpenError::Closed { .. } | OpenError::Ended { .. } => Kind::BrokenPipe,
            OpenError::TimedOut { .. } => Kind::TimedOut,
            OpenError::HungUp { .. } => Kind::ConnectionReset,
            OpenError::BadMessage { .. } | OpenError::MessageRejected { .. } => Kind::InvalidData,
            OpenError::HandoverInProgress { .. } => Kind::ResourceBusy,
            OpenError::OthersJoined { .. } | OpenError::Stalled | OpenError::Forked => Kind::Other,
            OpenError::System { source, .. } => source.kind(),
        };
        io::Error::new(kind, error)
    }
}
