//! The geometry of a segment: from the numbers of a channel to the places of its bytes, in checked arithmetic.
//!
//! A `Geometry` has plain private numbers. It holds no bytes and knows no address. Each process keeps its own after it joined, so that
//! nothing that a peer writes later can move a region.

use super::{RingGeometry, TableGeometry};

/// Bytes of a region's alignment: two cache lines, because x86 fetches lines in pairs.
pub(super) const BLOCK: usize = 128;
/// Bytes of the [`Header`](super::Header), with which every segment begins.
pub(super) const HEADER_SIZE: usize = 3 * BLOCK;
/// Bytes of a cache line.
pub(super) const LINE: usize = 64;
pub(super) const WORD: usize = 8;

/// The two kinds of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    Bounded = 1,
    Unbounded = 2,
}

impl ChannelKind {
    pub fn number(self) -> u32 {
        self as u32
    }

    pub fn from_number(number: u32) -> Option<ChannelKind> {
        [ChannelKind::Bounded, ChannelKind::Unbounded].into_iter().find(|kind| kind.number() == number)
    }
}

/// The numbers that fix where everything is, for each kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Geometry {
    Ring(RingGeometry),
    Table(TableGeometry),
}

/// Which number is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeometryError {
    Capacity,
    Payload,
    Line,
    Members,
    Entries,
    /// The chunks of memory of an unbounded channel, their number or their size.
    Chunks,
    /// The regions together do not fit an address space.
    Size,
}

impl Geometry {
    /// Largest value: 64 MiB.
    pub const MAX_PAYLOAD: u32 = 64 << 20;

    /// Checks every number, so that no later arithmetic on them can overflow.
    pub fn check(&self) -> Result<(), GeometryError> {
        match self {
            Geometry::Ring(ring) => ring.check(),
            Geometry::Table(table) => table.check(),
        }
    }

    /// Returns the bytes of the whole segment, before rounding to pages. `None` if they do not fit an address space.
    pub fn size(&self) -> Option<usize> {
        match self {
            Geometry::Ring(ring) => ring.size(),
            Geometry::Table(table) => table.size(),
        }
    }

    pub fn kind(&self) -> ChannelKind {
        match self {
            Geometry::Ring(_) => ChannelKind::Bounded,
            Geometry::Table(_) => ChannelKind::Unbounded,
        }
    }

    /// Returns the three numbers that only this kind of channel has: capacity, records for waiting senders, places in the quarantine; or
    /// chunks, positions in a chunk, bytes of a chunk.
    pub fn numbers(&self) -> [u32; 3] {
        match self {
            Geometry::Ring(ring) => [ring.capacity, ring.line, ring.entries],
            Geometry::Table(table) => [table.chunks, table.positions, table.chunk_size],
        }
    }

    /// Returns the geometry of these numbers, which may be out of range.
    pub fn of(kind: ChannelKind, payload: u32, members: u32, numbers: [u32; 3]) -> Geometry {
        let [first, second, third] = numbers;
        match kind {
            ChannelKind::Bounded => Geometry::Ring(RingGeometry {
                capacity: first,
                payload,
                line: second,
                members,
                entries: third,
            }),
            ChannelKind::Unbounded => Geometry::Table(TableGeometry {
                payload,
                members,
                chunks: first,
                positions: second,
                chunk_size: third,
            }),
        }
    }

    /// Returns the size of a value in bytes.
    pub fn payload(&self) -> u32 {
        match self {
            Geometry::Ring(ring) => ring.payload,
            Geometry::Table(table) => table.payload,
        }
    }

    /// Returns how many processes can take part.
    pub fn members(&self) -> u32 {
        match self {
            Geometry::Ring(ring) => ring.members,
            Geometry::Table(table) => table.members,
        }
    }
}

/// Lays regions out one behind the other.
pub(super) struct Regions {
    end: usize,
}

impl Regions {
    pub fn behind_header() -> Regions {
        Regions { end: HEADER_SIZE }
    }

    /// Places a region of so many parts of so many bytes, and returns where it begins, at a multiple of `align`. `None` if it ends beyond
    /// an address space.
    pub fn next(&mut self, count: usize, each: usize, align: usize) -> Option<usize> {
        let start = self.end.checked_next_multiple_of(align)?;
        self.end = count.checked_mul(each)?.checked_add(start)?.checked_next_multiple_of(BLOCK)?;
        (self.end <= isize::MAX as usize).then_some(start)
    }

    pub fn end(&self) -> usize {
        self.end
    }
}
