//! The messages of a connection: what their bytes are, and what makes one valid.
//!
//! It sends nothing and decides nothing. Every number is little-endian, every message is one packet of a
//! `SOCK_SEQPACKET` socket, and a packet of any other length than its kind's is no message at all.
//! `docs/protocol.md` has the table of offsets.

mod bytes;

use self::bytes::{Reader, Writer};
use crate::layout::{ChannelKind, FenceKind, Geometry};
use crate::queue::Number;

/// Version of the messages: one number with that of the bytes in memory, since neither is of use without the other.
/// The head of a message and all of `REFUSE` stay as they are in every version.
pub(super) const PROTOCOL: u16 = crate::layout::VERSION as u16;
/// Most bytes of a type tag.
pub(super) const MAX_TAG: usize = 64;
/// No message is longer.
pub(super) const MAX_MESSAGE: usize = 16 * 1024;
/// Most users, and most groups, in the rules of a name.
pub(super) const MAX_RULES: usize = 1024;

const MAGIC: u32 = u32::from_le_bytes(*b"shmp");

/// Descriptors that come with `ACCEPT`: segment, doorbell, the receiver's process.
pub(super) const ACCEPT_FDS: usize = 3;
/// Descriptors that come with `HANDOVER`: segment, the giver's process; if named also listener, lock and
/// the directory of both.
pub(super) const HANDOVER_FDS: usize = 2;
pub(super) const HANDOVER_FDS_NAMED: usize = 5;
/// Descriptors that come with `TAKEN`: doorbell.
pub(super) const TAKEN_FDS: usize = 1;
/// Descriptors that come with `CONNECTION`: the joining side's end of it.
pub(super) const CONNECTION_FDS: usize = 1;

/// Everything that is said on a connection, except the single byte that wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Hello(Hello),
    Accept(Accept),
    Handover(Handover),
    Refuse(Refusal),
    /// To the joining side: say `HELLO` again, so that I can look at you a second time.
    Again,
    /// To the receiver's process: my last handle is gone, and my mapping.
    Goodbye,
    /// To the receiver's process: somebody's relay word is set, or a permit operation has ended for which it may wait.
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
pub(crate) enum Want {
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
pub(super) struct Hello {
    pub want: Want,
    pub facts: Facts,
}

/// A place in the channel, and the numbers that say where everything is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accept {
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
pub(super) struct Handover {
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
pub(super) struct NameFacts {
    pub path: Vec<u8>,
    /// Device and inode of the socket file, if known: the next holder removes no other.
    pub file: Option<(u64, u64)>,
}

/// Why somebody may not join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
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
pub(super) enum Code {
    NotAllowed = 1,
    WrongVersion = 2,
    WrongType = 3,
    WrongEnd = 4,
    RosterFull = 5,
    Closed = 6,
    Ended = 7,
    Unwatchable = 8,
    BadMessage = 9,
    NoDescriptors = 10,
    UnderWay = 11,
    WrongKind = 12,
}

impl Code {
    pub fn from_number(number: u32) -> Option<Code> {
        Some(match number {
            1 => Code::NotAllowed,
            2 => Code::WrongVersion,
            3 => Code::WrongType,
            4 => Code::WrongEnd,
            5 => Code::RosterFull,
            6 => Code::Closed,
            7 => Code::Ended,
            8 => Code::Unwatchable,
            9 => Code::BadMessage,
            10 => Code::NoDescriptors,
            11 => Code::UnderWay,
            12 => Code::WrongKind,
            _ => return None,
        })
    }
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Not this library's.
    Foreign,
    /// This library's, in another version of the protocol.
    Version(u16),
    /// Wrong length, unknown kind, or a number out of its range.
    Invalid,
}

impl Message {
    fn kind(&self) -> u16 {
        match self {
            Message::Hello(_) => 1,
            Message::Accept(_) => 2,
            Message::Handover(_) => 3,
            Message::Refuse(_) => 4,
            Message::Again => 5,
            Message::Goodbye => 6,
            Message::Relay => 7,
            Message::Invite { .. } => 8,
            Message::Invitation { .. } => 9,
            Message::Taken => 10,
            Message::Connection => 11,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer(Vec::with_capacity(128));
        w.u32(MAGIC);
        w.u16(PROTOCOL);
        w.u16(self.kind());
        match self {
            Message::Hello(hello) => {
                w.u32(match hello.want {
                    Want::Sender => 1,
                    Want::Receiver => 2,
                });
                w.facts(&hello.facts);
            }
            Message::Accept(accept) => w.accept(accept),
            Message::Handover(handover) => w.handover(handover),
            Message::Refuse(refusal) => {
                w.u32(refusal.code as u32);
                w.facts(&refusal.facts);
                for number in [
                    refusal.members,
                    refusal.leaving,
                    refusal.host_uid,
                    refusal.host_gid,
                    refusal.peer_uid,
                    refusal.peer_gid,
                ] {
                    w.u32(number);
                }
            }
            Message::Again | Message::Goodbye | Message::Relay | Message::Taken | Message::Connection => {}
            Message::Invite { request } => w.u64(*request),
            Message::Invitation { request, refused } => {
                w.u64(*request);
                w.u32(*refused);
                w.u32(0);
            }
        }
        w.0
    }

    /// Reads a packet. Nothing of it is believed: each number is checked against its range, and the length must be
    /// exactly that of the kind.
    pub fn decode(packet: &[u8]) -> Result<Message, Malformed> {
        let mut r = Reader(packet);
        if r.u32() != Some(MAGIC) {
            return Err(Malformed::Foreign);
        }
        let (Some(protocol), Some(kind)) = (r.u16(), r.u16()) else { return Err(Malformed::Foreign) };
        // A refusal is understood in every version: it is the answer to one that differs.
        if protocol != PROTOCOL && kind != 4 {
            return Err(Malformed::Version(protocol));
        }
        let message = body(kind, &mut r).ok_or(Malformed::Invalid)?;
        if r.0.is_empty() { Ok(message) } else { Err(Malformed::Invalid) }
    }
}

fn body(kind: u16, r: &mut Reader<'_>) -> Option<Message> {
    Some(match kind {
        1 => {
            let want = match r.u32()? {
                1 => Want::Sender,
                2 => Want::Receiver,
                _ => return None,
            };
            let facts = r.facts()?;
            Message::Hello(Hello { want, facts })
        }
        2 => Message::Accept(r.accept()?),
        3 => Message::Handover(r.handover()?),
        4 => Message::Refuse(Refusal {
            code: Code::from_number(r.u32()?)?,
            facts: r.facts()?,
            members: r.u32()?,
            leaving: r.u32()?,
            host_uid: r.u32()?,
            host_gid: r.u32()?,
            peer_uid: r.u32()?,
            peer_gid: r.u32()?,
        }),
        5 => Message::Again,
        6 => Message::Goodbye,
        7 => Message::Relay,
        8 => Message::Invite { request: r.u64()? },
        9 => {
            let (request, refused) = (r.u64()?, r.u32()?);
            r.u32()?;
            Message::Invitation { request, refused }
        }
        10 => Message::Taken,
        11 => Message::Connection,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts { layout: 1, size: 64, align: 8, word: 64, tag: "frame/2".into(), kind: ChannelKind::Bounded }
    }

    fn accept() -> Accept {
        let geometry = Geometry::of(ChannelKind::Bounded, 64, 8, [100, 4096, 64]);
        let id = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
        Accept { number: 2, host: 1, geometry, align: 8, id, fences: FenceKind::Asymmetric }
    }

    fn unbounded() -> Geometry {
        Geometry::of(ChannelKind::Unbounded, 64, 8, [800, 1024, 81920])
    }

    fn refusal() -> Refusal {
        Refusal {
            code: Code::WrongType,
            facts: facts(),
            members: 8,
            leaving: 1,
            host_uid: 1000,
            host_gid: 100,
            peer_uid: 1001,
            peer_gid: 101,
        }
    }

    fn handover() -> Handover {
        Handover {
            accept: accept(),
            name: Some(NameFacts { path: b"/run/feed".to_vec(), file: Some((7, 8)) }),
            end_with_last: true,
            open: false,
            uids: vec![0, 1000],
            gids: vec![100],
        }
    }

    fn every_kind() -> Vec<(Message, usize)> {
        vec![
            (Message::Hello(Hello { want: Want::Sender, facts: facts() }), 100),
            (Message::Hello(Hello { want: Want::Receiver, facts: facts() }), 100),
            (Message::Accept(accept()), 64),
            (Message::Accept(Accept { geometry: unbounded(), fences: FenceKind::Full, ..accept() }), 64),
            (Message::Handover(handover()), 64 + 16 + 12 + 16 + 9),
            (Message::Refuse(refusal()), 124),
            (Message::Again, 8),
            (Message::Goodbye, 8),
            (Message::Relay, 8),
            (Message::Invite { request: 7 }, 16),
            (Message::Invitation { request: 7, refused: 5 }, 24),
            (Message::Taken, 8),
            (Message::Connection, 8),
        ]
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (message, length) in every_kind() {
            let bytes = message.encode();
            assert_eq!(bytes.len(), length, "{message:?}");
            assert_eq!(Message::decode(&bytes), Ok(message));
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let hello = Message::Hello(Hello { want: Want::Sender, facts: facts() }).encode();
        assert_eq!(&hello[..8], b"shmp\x01\0\x01\0");
        assert_eq!(
            &hello[8..32],
            [[1, 0, 0, 0], [1, 0, 0, 0], [64, 0, 0, 0], [8, 0, 0, 0], [64, 0, 0, 0], [7, 0, 0, 0]]
                .as_flattened()
        );
        assert_eq!(&hello[32..96], [&b"frame/2"[..], &[0; 57]].concat());
        assert_eq!(&hello[96..], [1, 0, 0, 0]);
        let accept = Message::Accept(accept()).encode();
        assert_eq!(&accept[..8], b"shmp\x01\0\x02\0");
        let numbers: Vec<u32> =
            accept[8..44].chunks(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(numbers, [2, 1, 1, 64, 8, 8, 100, 4096, 64]);
        assert_eq!(&accept[44..60], 0x0123_4567_89ab_cdef_0011_2233_4455_6677_u128.to_le_bytes());
        assert_eq!(&accept[60..], [2, 0, 0, 0]);
    }

    #[test]
    fn a_packet_too_short_or_too_long_is_no_message() {
        for (message, length) in every_kind() {
            let mut bytes = message.encode();
            for short in 0..length {
                assert!(Message::decode(&bytes[..short]).is_err(), "{message:?} cut to {short}");
            }
            bytes.push(0);
            assert_eq!(Message::decode(&bytes), Err(Malformed::Invalid), "{message:?} and one byte");
        }
    }

    #[test]
    fn any_byte_may_be_anything() {
        // No packet, however wrong, does more than fail; each byte takes every value once.
        for (message, _) in every_kind() {
            let bytes = message.encode();
            for index in 0..bytes.len() {
                for value in 0..=255 {
                    let mut wrong = bytes.clone();
                    wrong[index] = value;
                    let _ = Message::decode(&wrong);
                }
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let invalid = |message: Message| {
            assert_eq!(Message::decode(&message.encode()), Err(Malformed::Invalid), "{message:?}");
        };
        invalid(Message::Accept(Accept { number: 0, ..accept() }));
        invalid(Message::Accept(Accept { number: 9, ..accept() }));
        invalid(Message::Accept(Accept { number: 1, ..accept() }));
        let geometry = Geometry::of(ChannelKind::Bounded, 64, 8, [0, 4096, 64]);
        invalid(Message::Accept(Accept { geometry, ..accept() }));
        let mut hello = Message::Hello(Hello { want: Want::Sender, facts: facts() }).encode();
        hello[28] = 65;
        assert_eq!(Message::decode(&hello), Err(Malformed::Invalid));
        let mut hello = Message::Hello(Hello { want: Want::Sender, facts: facts() }).encode();
        hello[32] = 0xff;
        assert_eq!(Message::decode(&hello), Err(Malformed::Invalid));
        let mut hello = Message::Hello(Hello { want: Want::Sender, facts: facts() }).encode();
        hello[96] = 3;
        assert_eq!(Message::decode(&hello), Err(Malformed::Invalid), "a kind of channel that there is not");
        for fences in [0, 3] {
            let mut accept = Message::Accept(accept()).encode();
            accept[60] = fences;
            assert_eq!(
                Message::decode(&accept),
                Err(Malformed::Invalid),
                "a kind of fences that there is not"
            );
        }
        let geometry = Geometry::of(ChannelKind::Unbounded, 64, 8, [1, 1024, 81920]);
        invalid(Message::Accept(Accept { geometry, ..accept() }));
    }

    #[test]
    fn only_a_refusal_is_understood_in_another_version() {
        let mut hello = Message::Hello(Hello { want: Want::Sender, facts: facts() }).encode();
        hello[4] = 9;
        assert_eq!(Message::decode(&hello), Err(Malformed::Version(9)));
        let mut refuse = Message::Refuse(refusal()).encode();
        refuse[4] = 9;
        assert_eq!(Message::decode(&refuse), Ok(Message::Refuse(refusal())));
        assert_eq!(Message::decode(b"GET / HTTP/1.1\r\n"), Err(Malformed::Foreign));
    }
}
