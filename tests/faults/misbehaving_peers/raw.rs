//! The messages of `docs/protocol.md` as anybody can write them: a guest without the library. No test is here.

use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use rustix::{
    cmsg_space,
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recvmsg, sendmsg,
        socket_with,
    },
};

pub const HELLO: u16 = 1;
pub const ACCEPT: u16 = 2;
pub const REFUSE: u16 = 4;
pub const AGAIN: u16 = 5;
pub const GOODBYE: u16 = 6;
pub const RELAY: u16 = 7;
pub const INVITE: u16 = 8;
pub const INVITATION: u16 = 9;
pub const TAKEN: u16 = 10;
pub const CONNECTION: u16 = 11;

/// Bytes of each kind of message, where that is fixed.
pub const LENGTHS: [(u16, usize); 10] = [
    (HELLO, 104),
    (ACCEPT, 64),
    (REFUSE, 124),
    (AGAIN, 8),
    (GOODBYE, 8),
    (RELAY, 8),
    (INVITE, 16),
    (INVITATION, 24),
    (TAKEN, 8),
    (CONNECTION, 8),
];

/// Places in a `HELLO`.
pub const VERSION_AT: usize = 4;
pub const WANT_AT: usize = 8;
pub const LAYOUT_AT: usize = 12;
pub const SIZE_AT: usize = 16;
pub const ALIGN_AT: usize = 20;
pub const WORD_AT: usize = 24;
pub const TAG_LENGTH_AT: usize = 28;
pub const TAG_AT: usize = 32;
pub const KIND_AT: usize = 96;
pub const BARRIERS_AT: usize = 100;

/// Where the roster begins in a segment, and where its relay words are.
const MEMBERS_AT: u64 = 384;
const MEMBER: u64 = 64;
const RELAY_AT: u64 = 24;

/// The first eight bytes of every message, and zeros.
pub fn message(kind: u16, length: usize) -> Vec<u8> {
    let mut message = [&b"shmp\x01\0"[..], &kind.to_le_bytes()].concat();
    message.resize(length, 0);
    message
}

/// Writes a number into a message.
pub fn put(message: &mut [u8], at: usize, number: u32) {
    message[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

fn number(message: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(message[at..at + 4].try_into().expect("four bytes"))
}

/// A sender of values of two words.
pub fn hello() -> Vec<u8> {
    let mut hello = message(HELLO, 104);
    for (at, number) in [
        (WANT_AT, 1),
        (LAYOUT_AT, 1),
        (SIZE_AT, 16),
        (ALIGN_AT, 8),
        (WORD_AT, 64),
        (KIND_AT, 1),
        (BARRIERS_AT, 1),
    ] {
        put(&mut hello, at, number);
    }
    hello
}

pub fn invite(request: u64) -> Vec<u8> {
    let mut invite = message(INVITE, 16);
    invite[8..].copy_from_slice(&request.to_le_bytes());
    invite
}

/// What was said, and what came with it.
pub struct Heard {
    pub bytes: Vec<u8>,
    pub descriptors: Vec<OwnedFd>,
}

impl Heard {
    pub fn kind(&self) -> u16 {
        u16::from_le_bytes([self.bytes[6], self.bytes[7]])
    }

    /// Why one is refused.
    #[track_caller]
    pub fn code(&self) -> u32 {
        assert_eq!(self.kind(), REFUSE);
        assert!(self.descriptors.is_empty());
        number(&self.bytes, 8)
    }
}

/// One end of a connection, which waits.
pub struct Raw(pub OwnedFd);

impl Raw {
    pub fn connect(path: &Path) -> Raw {
        let socket =
            socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        connect(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
        Raw(socket)
    }

    /// Waits while there is no room.
    pub fn say(&self, bytes: &[u8]) -> Result<(), Errno> {
        self.say_with(bytes, &[], SendFlags::NOSIGNAL)
    }

    /// Does not wait.
    pub fn try_say(&self, bytes: &[u8]) -> Result<(), Errno> {
        self.say_with(bytes, &[], SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    pub fn say_with(
        &self,
        bytes: &[u8],
        descriptors: &[BorrowedFd<'_>],
        flags: SendFlags,
    ) -> Result<(), Errno> {
        let mut room = vec![MaybeUninit::uninit(); cmsg_space!(ScmRights(descriptors.len()))];
        let mut control = SendAncillaryBuffer::new(&mut room);
        assert!(descriptors.is_empty() || control.push(SendAncillaryMessage::ScmRights(descriptors)));
        sendmsg(&self.0, &[IoSlice::new(bytes)], &mut control, flags).map(drop)
    }

    /// The next message; none if the other side has hung up.
    pub fn hear(&self) -> Option<Heard> {
        let mut bytes = vec![0; 1024];
        let mut room = [MaybeUninit::uninit(); cmsg_space!(ScmRights(8))];
        let mut control = RecvAncillaryBuffer::new(&mut room);
        let length = loop {
            let mut bytes = [IoSliceMut::new(&mut bytes)];
            match recvmsg(&self.0, &mut bytes, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Ok(message) => break message.bytes,
                // It left something of ours unread; what it said before comes after that.
                Err(Errno::CONNRESET) => {}
                Err(error) => panic!("{error}"),
            }
        };
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(some) = message {
                descriptors.extend(some);
            }
        }
        bytes.truncate(length);
        (length > 0).then_some(Heard { bytes, descriptors })
    }

    /// The next message that is more than a wake.
    pub fn hear_more(&self) -> Option<Heard> {
        loop {
            let heard = self.hear()?;
            if heard.bytes.len() > 1 {
                return Some(heard);
            }
        }
    }

    /// Says a good `HELLO`, as often as it is asked for.
    pub fn ask(&self) -> Heard {
        loop {
            // A refusal may be there already, and the other end closed.
            let _ = self.say(&hello());
            let answer = self.hear().expect("an answer");
            if answer.kind() != AGAIN {
                return answer;
            }
        }
    }
}

/// A member without the library.
pub struct Seat {
    pub line: Raw,
    pub number: u32,
    pub memory: OwnedFd,
    pub doorbell: OwnedFd,
    pub host: OwnedFd,
}

impl Seat {
    /// Joins; an error is the code of the refusal.
    pub fn take(path: &Path) -> Result<Seat, u32> {
        let line = Raw::connect(path);
        let answer = line.ask();
        if answer.kind() != ACCEPT {
            return Err(answer.code());
        }
        let number = number(&answer.bytes, 8);
        let [memory, doorbell, host] = answer.descriptors.try_into().expect("three descriptors");
        Ok(Seat { line, number, memory, doorbell, host })
    }

    /// Sets somebody's relay word; number 0 is everybody's.
    pub fn set_relay(&self, number: u32) {
        let at = MEMBERS_AT + MEMBER * u64::from(number) + RELAY_AT;
        assert_eq!(rustix::io::pwrite(&self.memory, &1_u64.to_le_bytes(), at), Ok(8));
    }

    /// Takes the flag away from all it was given that lets nobody wait.
    pub fn let_all_wait(&self) {
        for fd in [self.memory.as_fd(), self.doorbell.as_fd(), self.host.as_fd(), self.line.0.as_fd()] {
            let flags = fcntl_getfl(fd).unwrap();
            // Not every kind of file lets it be changed.
            let _ = fcntl_setfl(fd, flags.difference(OFlags::NONBLOCK));
        }
    }

    /// Rings the doorbell by this number.
    pub fn ring(&self, number: u64) -> Result<usize, Errno> {
        rustix::io::write(&self.doorbell, &number.to_ne_bytes())
    }
}
