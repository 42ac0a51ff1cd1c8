//! What the queue of an unbounded channel has: chunks of memory, and the table that says which chunk stands where in the
//! stream. Its numbers, and names for its words, no operations on them.

use super::common::Block;
use super::geometry::{BLOCK, LINE, Regions, WORD};
use super::slot::{ChunkedSlots, packed_words};
use super::{CommonView, Geometry, GeometryError, MAX_MEMBERS, Slot};
use crate::sync::AtomicU64;

/// The numbers that fix where everything is in an unbounded channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableGeometry {
    /// Size of a value in bytes, 0 to [`Geometry::MAX_PAYLOAD`].
    pub payload: u32,
    /// Processes that can take part, 1 to [`MAX_MEMBERS`]; the roster has one place more, for the open name.
    pub members: u32,
    /// Chunks of memory, [`TableGeometry::MIN_CHUNKS`] to [`TableGeometry::MAX_CHUNKS`].
    pub chunks: u32,
    /// Positions in a chunk, a power of two up to [`TableGeometry::MAX_POSITIONS`].
    pub positions: u32,
    /// Bytes from one chunk to the next, whole pages: a record and a slot for each position, and padding.
    pub chunk_size: u32,
}

/// Where each region begins, in bytes from the start of the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableOffsets {
    pub members: usize,
    pub words: usize,
    pub entries: usize,
    pub chunks: usize,
    pub end: usize,
}

impl TableGeometry {
    /// The receiver ends a part of the stream when it has taken the first value behind it. So with a single chunk nothing more could be
    /// sent once that chunk was full.
    pub const MIN_CHUNKS: u32 = 2;
    /// An entry of the table has 24 bits for the number of a chunk.
    pub const MAX_CHUNKS: u32 = (1 << 24) - 1;
    pub const MAX_POSITIONS: u32 = 1 << 16;
    /// Where the chunks begin: at a page, also where pages are as large as Linux has them.
    const PAGE: usize = 64 << 10;
    /// A chunk has more than half of this, for each one costs a system call when the queue grows.
    const MIN_CHUNK: u64 = 80 << 10;

    /// Returns the numbers of a channel for values of that size that uses up to `limit` bytes for its queue, on a system with pages of
    /// that size. Some may be out of range.
    ///
    /// An empty queue keeps the table, 8 bytes for each chunk, and about four chunks. So the memory that it keeps is least if a chunk
    /// has the square root of twice the limit.
    pub fn for_limit(payload: u32, members: u32, limit: u64, page: u32) -> TableGeometry {
        let each = WORD + packed_words(payload as usize) * WORD;
        let best = limit.saturating_mul(2).isqrt().max(Self::MIN_CHUNK);
        let fit = (best / each as u64).clamp(1, Self::MAX_POSITIONS.into());
        let positions = 1 << fit.ilog2();
        let bytes = (positions * each).next_multiple_of(page as usize);
        let chunks = u32::try_from(limit / bytes as u64).unwrap_or(u32::MAX);
        TableGeometry {
            payload,
            members,
            chunks: chunks.min(Self::MAX_CHUNKS),
            positions: positions as u32,
            chunk_size: u32::try_from(bytes).unwrap_or(u32::MAX),
        }
    }

    /// Checks every number, so that no later arithmetic on them can overflow.
    pub fn check(&self) -> Result<(), GeometryError> {
        if self.payload > Geometry::MAX_PAYLOAD {
            return Err(GeometryError::Payload);
        }
        if !(1..=MAX_MEMBERS).contains(&self.members) {
            return Err(GeometryError::Members);
        }
        if !(Self::MIN_CHUNKS..=Self::MAX_CHUNKS).contains(&self.chunks)
            || !self.positions.is_power_of_two()
            || self.positions > Self::MAX_POSITIONS
        {
            return Err(GeometryError::Chunks);
        }
        let each = WORD as u64 + (self.stride_words() * WORD) as u64;
        if u64::from(self.chunk_size) < u64::from(self.positions) * each
            || !(self.chunk_size as usize).is_multiple_of(BLOCK)
        {
            return Err(GeometryError::Chunks);
        }
        self.offsets().map(|_| ()).ok_or(GeometryError::Size)
    }

    /// Returns the words from one slot to the next.
    #[inline(always)]
    pub fn stride_words(&self) -> usize {
        packed_words(self.payload as usize)
    }

    #[inline(always)]
    pub(super) fn chunk_words(&self) -> usize {
        self.chunk_size as usize / WORD
    }

    /// Returns the bytes of the whole segment, before rounding to pages. `None` if they do not fit an address space.
    pub fn size(&self) -> Option<usize> {
        self.offsets().map(|offsets| offsets.end)
    }

    /// Returns where the chunks begin. From there on the segment is no memory at first.
    pub fn fixed(&self) -> Option<usize> {
        self.offsets().map(|offsets| offsets.chunks)
    }

    pub(super) fn offsets(&self) -> Option<TableOffsets> {
        let mut regions = Regions::behind_header();
        Some(TableOffsets {
            members: regions.next(self.members as usize + 1, LINE, BLOCK)?,
            words: regions.next(1, TABLE_WORDS_SIZE, BLOCK)?,
            entries: regions.next(self.chunks as usize, WORD, BLOCK)?,
            chunks: regions.next(self.chunks as usize, self.chunk_size as usize, Self::PAGE)?,
            end: regions.end(),
        })
    }
}

/// Bytes of [`TableWords`].
pub(super) const TABLE_WORDS_SIZE: usize = 2 * BLOCK;

/// The single words of a table.
#[repr(C)]
#[derive(Default)]
pub(crate) struct TableWords {
    /// `{ tail: 53 | owner: 10 | closed: 1 }`, see [`crate::queue::table`].
    pub claim: Block<AtomicU64>,
    /// The position of the first value not yet taken.
    pub head: Block<AtomicU64>,
}

/// The segment of an unbounded channel as the algorithms see it. Copying it copies a few references.
#[derive(Clone, Copy)]
pub(crate) struct TableView<'a> {
    pub common: CommonView<'a>,
    pub geometry: TableGeometry,
    pub words: &'a TableWords,
    /// The table: one for each part of the stream that can be in memory.
    pub entries: &'a [AtomicU64],
    /// Every chunk one after another: see [`TableView::record`] and [`TableView::slot`]. Most of it is no memory.
    pub slots: ChunkedSlots<'a>,
    /// Bits of an index in a chunk.
    pub bits: u32,
    /// Is told of each touch of a chunk.
    #[cfg(test)]
    pub(super) touch: Option<&'a dyn Touch>,
}

/// A watcher for tests and models that knows which chunks are memory.
#[cfg(test)]
pub(crate) trait Touch: Sync + core::panic::RefUnwindSafe {
    /// Returns the words of all chunks, one chunk after another.
    fn words(&self) -> &[AtomicU64];

    /// Notes that a record or a slot of that chunk is about to be read or written.
    fn touch(&self, view: &TableView<'_>, chunk: u32, part: Part);
}

/// What is touched in a chunk.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Record,
    Slot,
}

impl<'a> TableView<'a> {
    /// The record at `index` of a chunk. The chunk is below the number of chunks, the index below the positions of a chunk.
    #[inline(always)]
    pub fn record(&self, chunk: u32, index: usize) -> &'a AtomicU64 {
        #[cfg(test)]
        self.tell(chunk, Part::Record);
        self.slots.record(chunk, index)
    }

    /// Returns the slot of a position in its chunk.
    #[inline(always)]
    pub fn slot(&self, chunk: u32, position: u64) -> Slot<'a> {
        #[cfg(test)]
        self.tell(chunk, Part::Slot);
        self.slots.at(chunk, position)
    }

    /// Returns the slot of a position in its chunk, for values of type `T`: see [`ChunkedSlots::of`].
    #[inline(always)]
    pub fn slot_for<T>(&self, chunk: u32, position: u64) -> Slot<'a> {
        #[cfg(test)]
        self.tell(chunk, Part::Slot);
        self.slots.of::<T>(chunk, position)
    }

    #[cfg(test)]
    fn tell(&self, chunk: u32, part: Part) {
        if let Some(touch) = self.touch {
            touch.touch(self, chunk, part);
        }
    }
}

#[cfg(not(shmpsc_loom))]
const _: () = {
    use core::mem::{align_of, offset_of, size_of};
    assert!(size_of::<TableWords>() == TABLE_WORDS_SIZE && align_of::<TableWords>() == 128);
    assert!(offset_of!(TableWords, claim) == 0 && offset_of!(TableWords, head) == 128);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_follow_each_other_without_overlap() {
        let small = TableGeometry { payload: 8, members: 2, chunks: 3, positions: 2, chunk_size: 4096 };
        let o = small.offsets().unwrap();
        assert_eq!((o.members, o.words), (384, 384 + 256));
        assert_eq!(o.entries, o.words + 256);
        assert_eq!((o.chunks, o.end), (64 << 10, (64 << 10) + 3 * 4096));
    }

    #[test]
    fn a_chunk_holds_as_many_values_as_documented() {
        for (payload, positions, size) in
            [(0, 4096, 65536), (8, 2048, 49152), (64, 1024, 81920), (1024, 64, 69632), (100_000, 1, 102_400)]
        {
            let geometry = TableGeometry::for_limit(payload, 256, 64 << 20, 4096);
            assert_eq!((geometry.positions, geometry.chunk_size), (positions, size), "{payload} bytes");
            assert_eq!(geometry.check(), Ok(()));
            assert!(u64::from(geometry.chunks) * u64::from(geometry.chunk_size) <= 64 << 20);
        }
    }

    #[test]
    fn what_an_empty_queue_keeps_grows_less_than_its_limit() {
        for (limit, kept) in [(64 << 20, 512 << 10), (12 << 30, 2 << 20), (256 << 30, 7 << 20)] {
            let geometry = TableGeometry::for_limit(64, 256, limit, 4096);
            let keeps = geometry.fixed().unwrap() + 4 * geometry.chunk_size as usize;
            assert!((kept / 2..kept).contains(&keeps), "{keeps} bytes of {limit}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let right = TableGeometry { payload: 8, members: 2, chunks: 3, positions: 2, chunk_size: 4096 };
        let wrong = |g: TableGeometry| g.check().unwrap_err();
        assert_eq!(wrong(TableGeometry { payload: (64 << 20) + 1, ..right }), GeometryError::Payload);
        assert_eq!(wrong(TableGeometry { members: 0, ..right }), GeometryError::Members);
        assert_eq!(wrong(TableGeometry { members: 1024, ..right }), GeometryError::Members);
        for chunks in [0, 1, 1 << 24] {
            assert_eq!(wrong(TableGeometry { chunks, ..right }), GeometryError::Chunks);
        }
        for positions in [0, 3, 1 << 17] {
            assert_eq!(wrong(TableGeometry { positions, ..right }), GeometryError::Chunks);
        }
        for chunk_size in [0, 4095, 47, 4096 + 64] {
            assert_eq!(wrong(TableGeometry { chunk_size, ..right }), GeometryError::Chunks);
        }
        let huge = TableGeometry { chunks: (1 << 24) - 1, positions: 1, chunk_size: 1 << 31, ..right };
        assert_eq!(huge.check(), Ok(()), "so much fits an address space of 64 bits");
    }
}
