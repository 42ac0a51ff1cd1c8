//! What a parent and its child say to each other: a line of words, and a value behind it. One packet is one message.

use std::fmt::Display;
use std::os::fd::OwnedFd;

use bytemuck::Pod;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};

/// More than any value that a body sends, and its words.
const LONGEST: usize = 64 * 1024;

/// One end of the connection.
pub struct Line(OwnedFd);

pub struct Message {
    words: String,
    pub value: Vec<u8>,
}

impl Line {
    /// An end, and the other one for a child to inherit.
    pub fn pair() -> (Line, OwnedFd) {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .expect("a pair of sockets");
        (Line(ours), theirs)
    }

    pub fn new(end: OwnedFd) -> Line {
        Line(end)
    }

    /// Says something from any thread. Nobody is told if the other side is gone: who listens notices that.
    pub fn say(&self, words: impl Display, value: &[u8]) {
        let mut packet = format!("{words}\n").into_bytes();
        packet.extend_from_slice(value);
        let _ = send(&self.0, &packet, SendFlags::NOSIGNAL);
    }

    /// What the other side says next; nothing once it is gone.
    pub fn hear(&self) -> Option<Message> {
        let mut packet = vec![0; LONGEST];
        let (length, _) = recv(&self.0, &mut packet[..], RecvFlags::empty()).ok()?;
        packet.truncate(length);
        let end = packet.iter().position(|&byte| byte == b'\n')?;
        let value = packet.split_off(end + 1);
        packet.pop();
        Some(Message { words: String::from_utf8(packet).expect("words"), value })
    }
}

impl Message {
    pub fn words<const N: usize>(&self) -> [&str; N] {
        let words: Vec<_> = self.words.split(' ').collect();
        words.try_into().expect("as many words as were meant")
    }
}

/// What came of an order: a word or a number, and the value that was given back, if any.
pub struct Answer {
    pub word: String,
    pub value: Vec<u8>,
}

/// The future is pending.
pub const WAITS: &str = "waits";
/// It is done, or there it is.
pub const DONE: &str = "done";
/// There is none.
pub const NONE: &str = "none";
pub const FULL: &str = "full";
pub const CLOSED: &str = "closed";

impl Answer {
    pub fn of(word: impl Display) -> Answer {
        Answer { word: word.to_string(), value: Vec::new() }
    }

    pub fn with<T: Pod>(word: &str, value: T) -> Answer {
        Answer { word: word.to_owned(), value: bytemuck::bytes_of(&value).to_vec() }
    }

    pub fn value<T: Pod>(&self) -> T {
        bytemuck::pod_read_unaligned(&self.value)
    }

    pub fn number(&self) -> usize {
        self.word.parse().expect("a number")
    }
}
