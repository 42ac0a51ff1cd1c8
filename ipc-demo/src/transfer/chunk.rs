//! The value that crosses: a piece of a file, or word of one, with a checksum. It does not say where bytes come from or go.
//!
//! ```text
//!  0        4        8                16               24               32               40
//!  +--------+--------+----------------+----------------+----------------+----------------+
//!  |checksum|  kind  |    producer    |     start      |      end       |     total      |
//!  +--------+--------+--------+-------+----------------+----------------+----------------+
//!  |  pid   | shard  | shards | state |          spare          |  bytes (BYTES of them)    ...
//!  +--------+--------+--------+-------+-------------------------+--------------------------
//!  40       44       48       52      56                        64
//! ```

use std::mem::{offset_of, size_of};
use std::ops::Range;

use shmpsc::bytemuck::{self, Pod, Zeroable};

use super::shard::Shard;

/// How many bytes of a file one chunk carries at most.
pub const BYTES: usize = 16 * 1024;

/// Stands for a length that is not known before its end, that of a pipe.
pub const UNKNOWN: u64 = u64::MAX;

const ANNOUNCE: u32 = 1;
const DATA: u32 = 2;
const END: u32 = 3;

/// One chunk as it crosses.
#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
pub struct Chunk {
    checksum: u32,
    kind: u32,
    producer: u64,
    start: u64,
    end: u64,
    total: u64,
    pid: u32,
    shard: u32,
    shards: u32,
    state: u32,
    spare: u64,
    bytes: [u8; BYTES],
}

const _: () = assert!(size_of::<Chunk>() == 64 + BYTES && offset_of!(Chunk, bytes) == 64);

/// Which producer sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// A random number, because the PIDs of two containers may be the same.
    pub producer: u64,
    /// For people.
    pub pid: u32,
    /// The part of the file that it sends.
    pub shard: Shard,
}

/// How a producer ended, in its own words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It sent everything that it announced.
    Complete,
    /// Its input could not be read to the end.
    Unreadable,
    /// A signal interrupted it.
    Interrupted,
}

/// What a chunk says, after its checksum was found right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message<'a> {
    /// The first of each producer: what it is going to send.
    Announce {
        /// Its bytes of the whole file.
        range: Range<u64>,
        /// The size of the whole file, or [`UNKNOWN`].
        total: u64,
    },
    /// Some bytes.
    Data {
        /// Where they stand in the whole file.
        range: Range<u64>,
        /// As many as `range` is long.
        bytes: &'a [u8],
    },
    /// The last of each producer.
    End {
        /// Where it ended, which for a pipe is news.
        end: u64,
        /// Whether that is where it wanted to end.
        ending: Ending,
    },
}

/// A chunk is not what its sender wrote, or its sender is not one of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damaged;

impl Chunk {
    /// The first word of a producer.
    pub fn announce(identity: Identity, range: Range<u64>, total: u64) -> Self {
        let mut chunk = Self::word(ANNOUNCE, identity);
        (chunk.start, chunk.end, chunk.total) = (range.start, range.end, total);
        chunk.seal();
        chunk
    }

    /// The last word of a producer.
    pub fn end(identity: Identity, end: u64, ending: Ending) -> Self {
        let mut chunk = Self::word(END, identity);
        chunk.end = end;
        chunk.state = match ending {
            Ending::Complete => 0,
            Ending::Unreadable => 1,
            Ending::Interrupted => 2,
        };
        chunk.seal();
        chunk
    }

    /// The room for bytes, to be filled before [`Chunk::carry`].
    ///
    /// In place, because a chunk is large and a producer keeps a batch of them.
    pub fn room(&mut self) -> &mut [u8; BYTES] {
        &mut self.bytes
    }

    /// Makes this a chunk of data: the first `length` bytes of its room stand at `start` in the file.
    ///
    /// # Panics
    ///
    /// If `length` is more than [`BYTES`].
    pub fn carry(&mut self, identity: Identity, start: u64, length: usize) {
        self.head(DATA, identity);
        (self.start, self.end) = (start, start + length as u64);
        self.seal();
    }

    /// Checks the chunk and says what it means.
    pub fn read(&self) -> Result<(Identity, Message<'_>), Damaged> {
        let length = self.length().ok_or(Damaged)?;
        if self.checksum != self.compute(length) {
            return Err(Damaged);
        }
        let shard = Shard::new(self.shard, self.shards).ok_or(Damaged)?;
        let range = self.start..self.end;
        let message = match self.kind {
            ANNOUNCE if self.start <= self.end => Message::Announce { range, total: self.total },
            DATA => Message::Data { range, bytes: &self.bytes[..length] },
            END => Message::End {
                end: self.end,
                ending: match self.state {
                    0 => Ending::Complete,
                    1 => Ending::Unreadable,
                    2 => Ending::Interrupted,
                    _ => return Err(Damaged),
                },
            },
            _ => return Err(Damaged),
        };
        Ok((Identity { producer: self.producer, pid: self.pid, shard }, message))
    }

    fn word(kind: u32, identity: Identity) -> Self {
        let mut chunk = Self::zeroed();
        chunk.head(kind, identity);
        chunk
    }

    fn head(&mut self, kind: u32, identity: Identity) {
        (self.kind, self.producer, self.pid) = (kind, identity.producer, identity.pid);
        (self.shard, self.shards) = (identity.shard.index(), identity.shard.count());
        (self.start, self.end, self.total, self.state, self.spare) = (0, 0, 0, 0, 0);
    }

    fn seal(&mut self) {
        let length = self.length().expect("a chunk is made with at most BYTES bytes");
        self.checksum = self.compute(length);
    }

    /// How many bytes of a file it carries.
    fn length(&self) -> Option<usize> {
        if self.kind != DATA {
            return Some(0);
        }
        let length = usize::try_from(self.end.checked_sub(self.start)?).ok()?;
        (length <= BYTES).then_some(length)
    }

    fn compute(&self, length: usize) -> u32 {
        let all = bytemuck::bytes_of(self);
        crc32fast::hash(&all[size_of::<u32>()..offset_of!(Self, bytes) + length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity { producer: 7, pid: 42, shard: Shard::new(2, 3).unwrap() }
    }

    fn data(start: u64, bytes: &[u8]) -> Chunk {
        let mut chunk = Chunk::zeroed();
        chunk.room()[..bytes.len()].copy_from_slice(bytes);
        chunk.carry(identity(), start, bytes.len());
        chunk
    }

    #[test]
    fn what_was_written_is_read() {
        let announce = Chunk::announce(identity(), 10..20, 30);
        assert_eq!(announce.read(), Ok((identity(), Message::Announce { range: 10..20, total: 30 })));
        let end = Chunk::end(identity(), 20, Ending::Interrupted);
        assert_eq!(end.read(), Ok((identity(), Message::End { end: 20, ending: Ending::Interrupted })));
        let chunk = data(12, b"hello");
        assert_eq!(chunk.read(), Ok((identity(), Message::Data { range: 12..17, bytes: b"hello" })));
        let full = data(0, &[9; BYTES]);
        assert!(matches!(full.read(), Ok((_, Message::Data { bytes, .. })) if bytes.len() == BYTES));
    }

    #[test]
    fn one_wrong_bit_anywhere_is_damage() {
        let chunk = data(12, b"hello");
        for bit in 0..(64 + 5) * 8 {
            let mut wrong = chunk;
            bytemuck::bytes_of_mut(&mut wrong)[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(wrong.read(), Err(Damaged), "bit {bit}");
        }
    }

    #[test]
    fn a_batch_may_be_used_again() {
        let mut chunk = Chunk::end(identity(), 20, Ending::Unreadable);
        chunk.room()[0] = 1;
        chunk.carry(identity(), 5, 1);
        assert_eq!(chunk.read(), Ok((identity(), Message::Data { range: 5..6, bytes: &[1] })));
    }

    #[test]
    fn nonsense_with_a_right_checksum_is_damage_and_no_panic() {
        assert_eq!(Chunk::zeroed().read(), Err(Damaged));
        for spoil in [
            |chunk: &mut Chunk| chunk.shards = 0,
            |chunk: &mut Chunk| chunk.kind = 9,
            |chunk: &mut Chunk| (chunk.kind, chunk.state) = (END, 9),
            |chunk: &mut Chunk| (chunk.kind, chunk.start, chunk.end) = (ANNOUNCE, 2, 1),
        ] {
            let mut chunk = Chunk::announce(identity(), 0..1, 1);
            spoil(&mut chunk);
            chunk.seal();
            assert_eq!(chunk.read(), Err(Damaged));
        }
        for (start, end) in [(2, 1), (0, BYTES as u64 + 1), (0, u64::MAX)] {
            let mut chunk = data(0, b"x");
            (chunk.start, chunk.end) = (start, end);
            assert_eq!(chunk.read(), Err(Damaged));
        }
    }
}
