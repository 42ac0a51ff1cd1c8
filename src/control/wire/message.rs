//! The messages, as what they say. Their bytes are [`super`]'s.

use crate::layout::{ChannelKind, FenceKind, Geometry};
use crate::queue::Number;

/// Version of the messages: one number with that of the bytes in memory, since neither is of use without the other.
/// The head of a message and all of `REFUSE` stay as they are in every version.
pub(in crate::control) const PROTOCOL: u16 = crate::layout::VERSION as u16;
/// Most bytes of a type tag.
pub(in crate::control) const MAX_TAG: usize = 64;
/// No message is longer.
pub(in crate::control) const MAX_MESSAGE: usize = 16 * 1024;
/// Most users, and most groups, in the rules of a name.
pub(in crate::control) const MAX_RULES: usize = 1024;

pub(in crate::control) const MAGIC: u32 = u32::from_le_bytes(*b"shmp");

/// Descriptors that come with `ACCEPT`: segment, doorbell, the receiver's process.
pub(in crate::control) const ACCEPT_FDS: usize = 3;
/// Descriptors that come with `HANDOVER`: segment, the giver's process; if named also listener, lock and
/// the directory of both.
pub(in crate::control) const HANDOVER_FDS: usize = 2;
pub(in crate::control) const HANDOVER_FDS_NAMED: usize = 5;
/// Descriptors that come with `TAKEN`: doorbell.
pub(in crate::control) const TAKEN_FDS: usize = 1;
/// Descriptors that come with `CONNECTION`: the joining side's end of it.
pub(in crate::control) const CONNECTION_FDS: usize = 1;

/// Everything that is said on a connection, except the single byte that wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) enum Message {
    Hello(Hello),
    Accept(Accept),
    Handover(Handover),
    Refuse(Refusal),
    /// To the joining side: say `HELLO` again, so that I can look at you a second time.
    Again,
    /// To the receiver's process: my last handle is gone, and my mapping.
    Goodbye,
    /// To the receiver's process: a relay word is set, or a permit operation has ended for which that process may wait.
    Relay,
    /// To the receiver's process: make me a descriptor with a sender in it.
    Invite {
        request: u64,
    },
    /// The answer, with the descriptor if `refused` is 0.
    Invitation {
        request: u64,
        refused: u32,
    },
    /// To the process that gave the receiver away: it lives here now.
    Taken,
    /// To the first user of a descriptor that carries an end of a channel: this is the connection to say `HELLO` on.
    Connection,
}

/// Which end a joining process asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedEnd {
    Sender,
    Receiver,
}

/// What both sides must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Version of the segment's layout.
    pub layout: u32,
    /// Bytes of a value.
    pub size: u32,
    pub align: u32,
    /// Bits of a pointer.
    pub word: u32,
    /// At most [`MAX_TAG`] bytes.
    pub tag: String,
    pub kind: ChannelKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct Hello {
    pub want: WantedEnd,
    pub facts: Facts,
}

/// A place in the channel, and the numbers that say where everything is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) struct Accept {
    /// The joining process's number.
    pub number: Number,
    /// The answering process's number.
    pub host: Number,
    pub geometry: Geometry,
    pub align: u32,
    pub id: u128,
    pub fences: FenceKind,
}

/// The receiver itself, with its name and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct Handover {
    pub accept: Accept,
    pub name: Option<NameFacts>,
    /// `recv` returns `None` once a sender came and all have gone.
    pub end_with_last: bool,
    /// The open name still counts as a sender.
    pub open: bool,
    pub uids: Vec<u32>,
    pub gids: Vec<u32>,
}

/// A name, so that its next holder can remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct NameFacts {
    pub path: Vec<u8>,
    /// Device and inode of the socket file, if known: the next holder removes no other.
    pub file: Option<(u64, u64)>,
}

/// Why a process may not join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct Refusal {
    pub code: Code,
    /// Of the refusing side.
    pub facts: Facts,
    pub members: u32,
    pub leaving: u32,
    pub host_uid: u32,
    pub host_gid: u32,
    pub peer_uid: u32,
    pub peer_gid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(in crate::control) enum Code {
    NotAllowed = 1,
    WrongVersion = 2,
    WrongType = 3,
    WrongEnd = 4,
    TooManyProcesses = 5,
    Closed = 6,
    Ended = 7,
    CannotMonitor = 8,
    BadMessage = 9,
    NoDescriptors = 10,
    HandoverInProgress = 11,
    WrongKind = 12,
}

impl Code {
    pub fn from_number(number: u32) -> Option<Code> {
        Some(match number {
            1 => Code::NotAllowed,
            2 => Code::WrongVersion,
            3 => Code::WrongType,
            4 => Code::WrongEnd,
            5 => Code::TooManyProcesses,
            6 => Code::Closed,
            7 => Code::Ended,
            8 => Code::CannotMonitor,
            9 => Code::BadMessage,
            10 => Code::NoDescriptors,
            11 => Code::HandoverInProgress,
            12 => Code::WrongKind,
            _ => return None,
        })
    }
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Malformed {
    /// Not this library's.
    Foreign,
    /// This library's, in another version of the protocol.
    Version(u16),
    /// Wrong length, unknown kind, or a number out of its range.
    Invalid,
}

/// Why a process got no number: what the host knows of a [`Refusal`].
#[derive(Clone, Copy, Debug)]
pub(in crate::control) struct Rejection {
    pub code: Code,
    pub members: u32,
    pub leaving: u32,
}

impl Rejection {
    pub fn new(code: Code) -> Rejection {
        Rejection { code, members: 0, leaving: 0 }
    }
}
