//! What the queue of a bounded channel has: a ring of slots, the line of waiting senders, the quarantine. Its numbers, and names
//! for its words, no operations on them.

use super::common::Block;
use super::geometry::{BLOCK, LINE, Regions, WORD};
use super::slot::{Slots, rounds_up, slot_words};
use super::{Bell, CommonView, Geometry, GeometryError, MAX_CAPACITY, MAX_MEMBERS};
use crate::sync::AtomicU64;

/// The numbers that fix where everything is in a bounded channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RingGeometry {
    /// Values the queue can hold, 1 to [`MAX_CAPACITY`], not rounded. There can be more slots: see [`RingGeometry::slots`].
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

/// Where each region begins, in bytes from the start of the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RingOffsets {
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

impl RingGeometry {
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
        if self.payload > Geometry::MAX_PAYLOAD {
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

    /// Returns the words from one slot to the next.
    pub fn stride_words(&self) -> usize {
        slot_words(self.payload as usize)
    }

    /// Returns the number of slots, at least the capacity.
    pub fn slots(&self) -> u32 {
        if rounds_up(self.payload as usize) { self.capacity.next_power_of_two() } else { self.capacity }
    }

    /// Returns the number of all records for waiting senders: those for any process, then one for each number.
    pub fn waiters(&self) -> usize {
        self.line as usize + self.members as usize + 1
    }

    /// Returns how many words it takes to have a bit for each such record.
    pub(super) fn occupied_words(&self) -> usize {
        self.waiters().div_ceil(u64::BITS as usize)
    }

    /// Returns the bytes of the whole segment, before rounding to pages. `None` if they do not fit an address space.
    pub fn size(&self) -> Option<usize> {
        self.offsets().map(|offsets| offsets.end)
    }

    pub(super) fn offsets(&self) -> Option<RingOffsets> {
        let mut regions = Regions::behind_header();
        let mut region = |count, each| regions.next(count, each, BLOCK);
        Some(RingOffsets {
            members: region(self.members as usize + 1, LINE)?,
            words: region(1, RING_WORDS_SIZE)?,
            entries: region(self.entries as usize, WORD)?,
            occupied: region(self.occupied_words(), WORD)?,
            waiters: region(self.waiters(), WORD)?,
            bells: region(self.waiters(), WORD)?,
            backlogs: region(self.members as usize + 1, WORD)?,
            records: region(self.slots() as usize, WORD)?,
            slots: region(self.slots() as usize, self.stride_words() * WORD)?,
            end: regions.end(),
        })
    }
}

/// Bytes of [`RingWords`].
pub(super) const RING_WORDS_SIZE: usize = 3 * BLOCK;

/// The single words of a ring.
#[repr(C)]
#[derive(Default)]
pub(crate) struct RingWords {
    /// `{ tail: 32 | reserved: 20 | owner: 10 | phase: 1 | closed: 1 }`, see [`crate::queue::ring`].
    pub claim: Block<AtomicU64>,
    /// What only the receiver writes, at each take.
    pub receiver: Block<ReceiverWords>,
    /// Read at every send, rarely written.
    pub read_mostly: Block<ReadMostly>,
}

/// The words that only the receiver writes, on cache lines of their own.
#[repr(C)]
#[derive(Default)]
pub(crate) struct ReceiverWords {
    /// The 64-bit position of the first value not yet taken.
    pub head: AtomicU64,
    /// Entries of the quarantine in use.
    pub quarantined: AtomicU64,
}

/// Read-mostly words.
#[repr(C)]
#[derive(Default)]
pub(crate) struct ReadMostly {
    /// `{ drawn: 62 | backlog: 1 | waiting: 1 }`: the line of waiting senders.
    pub line: AtomicU64,
    /// Grows at least every 2^29 positions, so that a process that did not send for long knows that its cached head is old.
    pub epoch: AtomicU64,
}

/// The segment of a bounded channel as the algorithms see it. Copying it copies a few references.
#[derive(Clone, Copy)]
pub(crate) struct RingView<'a> {
    pub common: CommonView<'a>,
    pub geometry: RingGeometry,
    pub words: &'a RingWords,
    pub entries: &'a [AtomicU64],
    /// A bit for each of `waiters`.
    pub occupied: &'a [AtomicU64],
    /// First those for all, then one for each process, by its number.
    pub waiters: &'a [AtomicU64],
    /// One for each of `waiters`.
    pub bells: &'a [Bell],
    /// One for each process, by its number.
    pub backlogs: &'a [Bell],
    pub records: &'a [AtomicU64],
    pub slots: Slots<'a>,
}

#[cfg(not(shmpsc_loom))]
const _: () = {
    use core::mem::{align_of, offset_of, size_of};
    assert!(size_of::<RingWords>() == RING_WORDS_SIZE && align_of::<RingWords>() == 128);
    assert!(offset_of!(RingWords, claim) == 0);
    assert!(offset_of!(RingWords, receiver) == 128);
    assert!(offset_of!(RingWords, read_mostly) == 256);
    assert!(offset_of!(ReceiverWords, quarantined) == 8 && offset_of!(ReadMostly, epoch) == 8);
};

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: RingGeometry = RingGeometry { capacity: 3, payload: 48, line: 4, members: 2, entries: 1 };

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
    fn small_slots_are_as_many_as_a_power_of_two() {
        let of = |capacity, payload| {
            let ring = RingGeometry { capacity, payload, ..SMALL };
            ring.slots()
        };
        assert_eq!([of(1, 8), of(2, 8), of(3, 8), of(1000, 248)], [1, 2, 4, 1024]);
        assert_eq!([of(1, 249), of(3, 249), of(4, 249), of(1000, 4096)], [1, 3, 4, 1000]);
        assert_eq!(of(MAX_CAPACITY, 8), 1 << 20);
    }

    #[test]
    fn a_slot_is_padded_by_its_size() {
        let sizes = [
            (0, 2),
            (8, 2),
            (9, 4),
            (24, 4),
            (25, 8),
            (56, 8),
            (57, 16),
            (64, 16),
            (120, 16),
            (121, 24),
            (1024, 136),
        ];
        for (payload, words) in sizes {
            assert_eq!(RingGeometry { payload, ..SMALL }.stride_words(), words, "{payload} bytes");
        }
    }

    #[test]
    fn a_real_channel_takes_as_much_memory_as_documented() {
        let real = RingGeometry { capacity: 1000, payload: 64, line: 4096, members: 256, entries: 64 };
        let fixed = real.size().unwrap() - 1024 * (128 + 8);
        assert!((88 << 10..89 << 10).contains(&fixed), "{fixed} bytes beside the values");
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let wrong = |g: RingGeometry| g.check().unwrap_err();
        assert_eq!(wrong(RingGeometry { capacity: 0, ..SMALL }), GeometryError::Capacity);
        assert_eq!(wrong(RingGeometry { capacity: 1 << 20, ..SMALL }), GeometryError::Capacity);
        assert_eq!(wrong(RingGeometry { payload: (64 << 20) + 1, ..SMALL }), GeometryError::Payload);
        assert_eq!(wrong(RingGeometry { line: 0, ..SMALL }), GeometryError::Line);
        assert_eq!(wrong(RingGeometry { line: (1 << 20) + 1, ..SMALL }), GeometryError::Line);
        assert_eq!(wrong(RingGeometry { members: 0, ..SMALL }), GeometryError::Members);
        assert_eq!(wrong(RingGeometry { members: 1024, ..SMALL }), GeometryError::Members);
        assert_eq!(wrong(RingGeometry { entries: 0, ..SMALL }), GeometryError::Entries);
        assert_eq!(RingGeometry { capacity: MAX_CAPACITY, ..SMALL }.check(), Ok(()));
    }
}
