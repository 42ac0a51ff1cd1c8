//! The messages of a connection: what their bytes are, and what makes one valid.
//!
//! It sends nothing and decides nothing. Every number is little-endian, every message is one packet of a
//! `SOCK_SEQPACKET` socket, and a packet of any other length than its kind's is no message at all.
//! `docs/protocol.md` has the table of offsets.

mod bytes;
mod message;

pub(in crate::control) use message::{
    ACCEPT_FDS, Accept, CONNECTION_FDS, Code, Facts, HANDOVER_FDS, HANDOVER_FDS_NAMED, Handover, Hello,
    MAX_MESSAGE, MAX_RULES, MAX_TAG, Malformed, Message, NameFacts, PROTOCOL, Refusal, Rejection, TAKEN_FDS,
    WantedEnd,
};

use bytes::{Reader, Writer};
use message::MAGIC;

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
                    WantedEnd::Sender => 1,
                    WantedEnd::Receiver => 2,
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
                1 => WantedEnd::Sender,
                2 => WantedEnd::Receiver,
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
    use crate::layout::{ChannelKind, FenceKind, Geometry};

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
            (Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }), 100),
            (Message::Hello(Hello { want: WantedEnd::Receiver, facts: facts() }), 100),
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
        let hello = Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }).encode();
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
        let mut hello = Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }).encode();
        hello[28] = 65;
        assert_eq!(Message::decode(&hello), Err(Malformed::Invalid));
        let mut hello = Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }).encode();
        hello[32] = 0xff;
        assert_eq!(Message::decode(&hello), Err(Malformed::Invalid));
        let mut hello = Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }).encode();
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
        let mut hello = Message::Hello(Hello { want: WantedEnd::Sender, facts: facts() }).encode();
        hello[4] = 9;
        assert_eq!(Message::decode(&hello), Err(Malformed::Version(9)));
        let mut refuse = Message::Refuse(refusal()).encode();
        refuse[4] = 9;
        assert_eq!(Message::decode(&refuse), Ok(Message::Refuse(refusal())));
        assert_eq!(Message::decode(b"GET / HTTP/1.1\r\n"), Err(Malformed::Foreign));
    }
}
