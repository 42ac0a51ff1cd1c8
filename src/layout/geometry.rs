//! From the numbers of a channel to the places of its bytes, all in checked arithmetic.
//!
//! It holds no bytes and knows no address: a `Geometry` is plain private numbers, kept by each process after
//! it joined, so that nothing a peer writes later can move a region.

use super::common::HEADER_SIZE;
use super::ring::RING_WORDS_SIZE;
use super::{MAX_CAPACITY, MAX_MEMBERS};

/// Bytes of a region's alignment: two cache lines, because x86 fetches lines in pairs.
pub(super) const BLOCK: usize = 128;
/// Bytes of a cache line, the unit to which slots are padded.
const LINE: usize = 64;
const WORD: usize = 8;

/// The numbers that fix where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Values the queue can hold, 1 to [`MAX_CAPACITY`], not rounded.
    pub capacity: u32,
    /// Size of a value in bytes, 0 to [`Geometry::MAX_PAYLOAD`].
    pub payload: u32,
    /// Records for waiting senders that any process may take, at least one. Each process has one more of its own.
    pub line: u32,
    /// Processes that can take part, 1 to [`MAX_MEMBERS`]; the roster has one place more, for the open name.
    pub members: u32,
    /// Places in the quarantine.
    pub entries: u32,
}

/// Which number is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GeometryError {
    Capacity,
    Payload,
    Line,
    Members,
    Entries,
    /// The regions together do not fit an address space.
    Size,
}

/// Where each region begins, in bytes from the start of the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offsets {
    pub members: usize,
    pub words: usize,
    pub entries: usize,
    pub occupied: usize,
    pub waiters: usize,
    pub bells: usize,
    pub backlogs: usize,
    pub records: usize,
    pub slots: usize,
    pub end: usize,
}

impl Geometry {
    /// Largest value: 64 MiB.
    pub const MAX_PAYLOAD: u32 = 64 << 20;
    /// Records for waiting senders in every real channel; models use fewer.
    pub const LINE: u32 = 4096;
    /// Places in the quarantine of every real channel; models use fewer.
    pub const ENTRIES: u32 = 64;
    /// Most of them, so that a walk along the line stays short beside the 2^32 tickets that can be told apart.
    const MAX_LINE: u32 = 1 << 20;
    const MAX_ENTRIES: u32 = 1 << 10;

    /// Checks every number, so that no later arithmetic on them can overflow.
    pub fn check(&self) -> Result<(), GeometryError> {
        if !(1..=MAX_CAPACITY).contains(&self.capacity) {
            return Err(GeometryError::Capacity);
        }
        if self.payload > Self::MAX_PAYLOAD {
            return Err(GeometryError::Payload);
        }
        if !(1..=Self::MAX_LINE).contains(&self.line) {
            return Err(GeometryError::Line);
        }
        if !(1..=MAX_MEMBERS).contains(&self.members) {
            return Err(GeometryError::Members);
        }
        if !(1..=Self::MAX_ENTRIES).contains(&self.entries) {
            return Err(GeometryError::Entries);
        }
        self.offsets().map(|_| ()).ok_or(GeometryError::Size)
    }

    /// Words of a payload: the value's bytes, rounded up.
    pub fn payload_words(&self) -> usize {
        (self.payload as usize).div_ceil(WORD)
    }

    /// Words from one slot to the next: stamp and payload, padded to a cache line.
    pub fn stride_words(&self) -> usize {
        (WORD + self.payload_words() * WORD).next_multiple_of(LINE) / WORD
    }

    /// Records for waiting senders in all: those for any process, then one by each number.
    pub fn waiters(&self) -> usize {
        self.line as usize + self.members as usize + 1
    }

    /// Words that have a bit for each such record.
    pub(super) fn occupied_words(&self) -> usize {
        self.waiters().div_ceil(u64::BITS as usize)
    }

    /// Bytes of the whole segment, before rounding to pages. `None` if they do not fit an address space.
    pub fn size(&self) -> Option<usize> {
        self.offsets().map(|offsets| offsets.end)
    }

    pub(super) fn offsets(&self) -> Option<Offsets> {
        let mut end = HEADER_SIZE;
        let mut region = |count: usize, each: usize| -> Option<usize> {
            let start = end;
            end = count.checked_mul(each)?.checked_add(start)?.checked_next_multiple_of(BLOCK)?;
            (end <= isize::MAX as usize).then_some(start)
        };
        Some(Offsets {
            members: region(self.members as usize + 1, LINE)?,
            words: region(1, RING_WORDS_SIZE)?,
            entries: region(self.entries as usize, WORD)?,
            occupied: region(self.occupied_words(), WORD)?,
            waiters: region(self.waiters(), WORD)?,
            bells: region(self.waiters(), WORD)?,
            backlogs: region(self.members as usize + 1, WORD)?,
            records: region(self.capacity as usize, WORD)?,
            slots: region(self.capacity as usize, self.stride_words() * WORD)?,
            end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Geometry = Geometry { capacity: 3, payload: 48, line: 4, members: 2, entries: 1 };

    #[test]
    fn regions_follow_each_other_without_overlap() {
        let o = SMALL.offsets().unwrap();
        assert_eq!(o.members, 384);
        assert_eq!(o.words, 384 + 256);
        assert_eq!(o.entries, o.words + 384);
        assert_eq!(o.occupied, o.entries + 128);
        assert_eq!(o.waiters, o.occupied + 128);
        assert_eq!(o.bells, o.waiters + 128);
        assert_eq!(o.backlogs, o.bells + 128);
        assert_eq!(o.records, o.backlogs + 128);
        assert_eq!(o.slots, o.records + 128);
        assert_eq!(o.end, o.slots + 256);
    }

    #[test]
    fn a_slot_is_padded_to_cache_lines() {
        for (payload, words) in [(0, 8), (1, 8), (56, 8), (57, 16), (64, 16), (1024, 136)] {
            assert_eq!(Geometry { payload, ..SMALL }.stride_words(), words, "{payload} bytes");
        }
    }

    #[test]
    fn a_real_channel_takes_as_much_memory_as_documented() {
        let real = Geometry { capacity: 1000, payload: 64, line: 4096, members: 256, entries: 64 };
        let fixed = real.size().unwrap() - 1000 * (128 + 8);
        assert!((88 << 10..89 << 10).contains(&fixed), "{fixed} bytes beside the values");
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let wrong = |g: Geometry| g.check().unwrap_err();
        assert_eq!(wrong(Geometry { capacity: 0, ..SMALL }), GeometryError::Capacity);
        assert_eq!(wrong(Geometry { capacity: 1 << 20, ..SMALL }), GeometryError::Capacity);
        assert_eq!(wrong(Geometry { payload: (64 << 20) + 1, ..SMALL }), GeometryError::Payload);
        assert_eq!(wrong(Geometry { line: 0, ..SMALL }), GeometryError::Line);
        assert_eq!(wrong(Geometry { line: (1 << 20) + 1, ..SMALL }), GeometryError::Line);
        assert_eq!(wrong(Geometry { members: 0, ..SMALL }), GeometryError::Members);
        assert_eq!(wrong(Geometry { members: 1024, ..SMALL }), GeometryError::Members);
        assert_eq!(wrong(Geometry { entries: 0, ..SMALL }), GeometryError::Entries);
        assert_eq!(Geometry { capacity: MAX_CAPACITY, ..SMALL }.check(), Ok(()));
    }
}
