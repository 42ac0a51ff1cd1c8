//! What the queue of a bounded channel has: a ring of slots, the line of waiting senders, the quarantine. Names for words, no
//! operations on them.

use super::common::Block;
use super::{Bell, CommonView, Geometry, Slot};
use crate::sync::AtomicU64;

/// Bytes of [`RingWords`].
pub(super) const RING_WORDS_SIZE: usize = 3 * super::geometry::BLOCK;

/// The single words of a ring.
#[repr(C)]
#[derive(Default)]
pub(crate) struct RingWords {
    /// `{ tail: 32 | reserved: 20 | owner: 10 | parity: 1 | closed: 1 }`, see [`crate::queue::ring`].
    pub claim: Block<AtomicU64>,
    /// What the receiver gives back.
    pub taken: Block<Taken>,
    /// Read at every send, written seldom.
    pub seldom: Block<Seldom>,
}

/// The receiver's line.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Taken {
    /// The 64-bit position of the first value not yet taken.
    pub head: AtomicU64,
    /// Entries of the quarantine in use.
    pub quarantined: AtomicU64,
}

/// Words that change seldom.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Seldom {
    /// `{ drawn: 62 | backlog: 1 | waiting: 1 }`: the line of waiting senders.
    pub line: AtomicU64,
    /// Grows every 2^29 positions or oftener, so that a handle that slept long knows its copy of head is old.
    pub epoch: AtomicU64,
}

/// The segment of a bounded channel as the algorithms see it. Copying it copies a few references.
#[derive(Clone, Copy)]
pub(crate) struct RingView<'a> {
    pub common: CommonView<'a>,
    pub geometry: Geometry,
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
    /// Every slot one after another: see [`RingView::slot`].
    pub(super) slots: &'a [AtomicU64],
    pub(super) stride: usize,
}

impl<'a> RingView<'a> {
    /// The slot at `index`, which is below the capacity.
    #[inline(always)]
    pub fn slot(&self, index: usize) -> Slot<'a> {
        let start = index * self.stride;
        let words = &self.slots[start..start + self.stride];
        Slot { stamp: &words[0], payload: &words[1..1 + self.geometry.payload_words()] }
    }
}

#[cfg(not(shmpsc_loom))]
const _: () = {
    use core::mem::{align_of, offset_of, size_of};
    assert!(size_of::<RingWords>() == RING_WORDS_SIZE && align_of::<RingWords>() == 128);
    assert!(offset_of!(RingWords, claim) == 0);
    assert!(offset_of!(RingWords, taken) == 128);
    assert!(offset_of!(RingWords, seldom) == 256);
    assert!(offset_of!(Taken, quarantined) == 8 && offset_of!(Seldom, epoch) == 8);
};
