//! The slots of a queue: the words of one value each, as every kind of channel has them. The value stands at the front and its
//! stamp in the last word, so that a value of any alignment up to a cache line's stands aligned.
//!
//! # Safety
//!
//! A slot for values of a known type is found without a bound that is checked at run time. What makes that right is checked when
//! [`Slots`] are made, and its fields are private to this file: as many words as the slots have, and for each number that the mask
//! lets through a slot.
//!
//! The instructions that are written out here ask the processor to fetch a line. They read and write nothing.
#![allow(unsafe_code)]

use super::geometry::{LINE, WORD};
use crate::sync::AtomicU64;
use core::{ptr, slice};

/// One place for a value.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    /// Says which position the slot holds, and whether its value is complete.
    pub stamp: &'a AtomicU64,
    /// The value's bytes, eight to a word, the last one padded with zeros.
    pub payload: &'a [AtomicU64],
}

impl<'a> Slot<'a> {
    /// Names the words of a slot, of which the first `payload` are the value's. There is at least one more.
    #[inline(always)]
    pub(super) fn of(words: &'a [AtomicU64], payload: usize) -> Slot<'a> {
        Slot { stamp: &words[words.len() - 1], payload: &words[..payload] }
    }

    /// Asks for the lines of the slot's beginning and of its stamp, to write them soon. Never faults and changes nothing.
    #[inline(always)]
    pub fn prefetch_for_write(self) {
        prefetch_for_write(self.payload.first().unwrap_or(self.stamp));
        if self.payload.len() * WORD >= LINE {
            prefetch_for_write(self.stamp);
        }
    }
}

/// Returns the words of a slot of a ring, for values of that many bytes. It is padded so that no value of up to 56 bytes lies on two cache
/// lines, and each larger one begins at a line.
#[inline(always)]
pub(super) const fn slot_words(payload: usize) -> usize {
    match payload {
        0..=8 => 2,
        9..=24 => 4,
        25..=56 => 8,
        _ => (payload.next_multiple_of(WORD) + WORD).next_multiple_of(LINE) / WORD,
    }
}

/// Bytes of the largest slots whose number is rounded up to a power of two.
const MAX_ROUNDED: usize = 256;

/// Returns whether a ring has a power of two of slots for values of that many bytes, so that its positions are plain numbers. Large
/// slots are as many as the capacity, for rounded up they would take up to twice the memory.
#[inline(always)]
pub(crate) const fn rounds_up(payload: usize) -> bool {
    slot_words(payload) * WORD <= MAX_ROUNDED
}

/// How many bytes ahead a slot is prefetched for writing.
///
/// Measured between two cores, with 64-byte values in slots of 128 bytes, in million messages a second: 12 with 4 slots ahead, 16 with
/// 8, 18 with 16, 21 with 32 (Intel Xeon). On an AMD EPYC none of 0 to 400 made a difference.
const AHEAD: usize = 4096;

/// The slots of a ring, one after another.
#[derive(Clone, Copy)]
pub(crate) struct Slots<'a> {
    words: &'a [AtomicU64],
    /// Words of each.
    stride: usize,
    /// Bytes of a value.
    payload: usize,
    count: u32,
    mask: u32,
}

impl<'a> Slots<'a> {
    /// Names `count` slots for values of `payload` bytes.
    ///
    /// # Panics
    ///
    /// If they do not have so many words, or are not a power of two though they must be. Both are reckoned in
    /// [`RingGeometry`](super::RingGeometry).
    pub(super) fn new(words: &'a [AtomicU64], payload: u32, count: u32) -> Slots<'a> {
        let payload = payload as usize;
        let stride = slot_words(payload);
        assert_eq!(words.len(), count as usize * stride);
        assert!(count > 0 && (count.is_power_of_two() || !rounds_up(payload)));
        Slots { words, stride, payload, count, mask: count.next_power_of_two() - 1 }
    }

    /// Returns the number of slots.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns the mask that selects the index of a slot from a position.
    #[inline(always)]
    pub fn mask(&self) -> u32 {
        self.mask
    }

    /// Returns the slot at `index`, which is below their number.
    pub fn at(&self, index: usize) -> Slot<'a> {
        let start = index * self.stride;
        Slot::of(&self.words[start..start + self.stride], self.payload.div_ceil(WORD))
    }

    /// Returns the stamp of the slot of a position, which is one that names a slot.
    #[inline(always)]
    pub fn stamp_of(&self, position: u32) -> &'a AtomicU64 {
        let index = (position & self.mask) as usize;
        if self.count <= self.mask {
            return self.at(index).stamp;
        }
        // SAFETY: there are `mask + 1` slots of `stride` words each, and the stamp is the last of them, see `new`.
        unsafe { self.words.get_unchecked(index.wrapping_mul(self.stride).wrapping_add(self.stride - 1)) }
    }

    /// Asks for the lines of a slot some way ahead of that of a position, to write them soon: they then have come from the receiver's
    /// core when their turn is there. Large values are left to the processor, which sees that line follows line.
    #[inline(always)]
    pub fn prefetch_ahead<T>(&self, position: u32) {
        if rounds_up(size_of::<T>()) {
            let ahead = const { (AHEAD / (slot_words(size_of::<T>()) * WORD)) as u32 };
            self.of::<T>(position.wrapping_add(ahead)).prefetch_for_write();
        }
    }

    /// Returns the slot of a position, for values of type `T`.
    ///
    /// # Panics
    ///
    /// If the channel is not for values of that size. That is compared before an end of it is made.
    #[inline(always)]
    pub fn of<T>(&self, position: u32) -> Slot<'a> {
        if size_of::<T>() != self.payload {
            wrong_size();
        }
        let index = (position & self.mask) as usize;
        if !rounds_up(size_of::<T>()) {
            return self.at(index);
        }
        let stride = const { slot_words(size_of::<T>()) };
        // SAFETY: for values of this size there are `mask + 1` slots of `stride` words each, see `new`.
        let words =
            unsafe { slice::from_raw_parts(self.words.as_ptr().add(index.wrapping_mul(stride)), stride) };
        Slot::of(words, const { size_of::<T>().div_ceil(WORD) })
    }
}

/// The slots of a table, in chunks. In each chunk they stand behind a record of one word for each of them.
#[derive(Clone, Copy)]
pub(crate) struct ChunkedSlots<'a> {
    words: &'a [AtomicU64],
    /// The last chunk.
    last: u32,
    /// Words of each chunk.
    chunk_words: usize,
    /// Words of a chunk before its slots.
    records: usize,
    /// Bytes of a value.
    payload: usize,
    /// Selects the index of a slot in its chunk from a position. There is one for each number that it lets through.
    mask: u64,
}

impl<'a> ChunkedSlots<'a> {
    /// Names `positions` slots for values of `payload` bytes in each of `chunks` chunks.
    ///
    /// # Panics
    ///
    /// If there is no chunk, or one has not as many words as its slots need, or those are not a power of two. All is reckoned in
    /// [`TableGeometry`](super::TableGeometry).
    pub(super) fn new(words: &'a [AtomicU64], payload: u32, chunks: u32, positions: u32) -> ChunkedSlots<'a> {
        let (payload, records) = (payload as usize, positions as usize);
        let chunk_words = words.len() / chunks as usize;
        assert!(positions.is_power_of_two() && records * (1 + packed_words(payload)) <= chunk_words);
        ChunkedSlots {
            words,
            last: chunks - 1,
            chunk_words,
            records,
            payload,
            mask: u64::from(positions) - 1,
        }
    }

    /// Returns the mask that selects the index of a slot in its chunk from a position.
    #[inline(always)]
    pub fn mask(&self) -> u64 {
        self.mask
    }

    /// Returns the record at `index` of a chunk. The chunk is below the number of chunks, the index below the positions of a chunk.
    #[inline(always)]
    pub(super) fn record(&self, chunk: u32, index: usize) -> &'a AtomicU64 {
        &self.words[chunk as usize * self.chunk_words + index]
    }

    /// Returns the first word of the slot of a position, by the words of a slot. A number beyond the last chunk counts as the last.
    #[inline(always)]
    fn start(&self, chunk: u32, position: u64, stride: usize) -> usize {
        let chunk = chunk.min(self.last) as usize;
        // Nothing wraps: it is less than the number of words, see `new`.
        chunk
            .wrapping_mul(self.chunk_words)
            .wrapping_add(self.records)
            .wrapping_add(((position & self.mask) as usize).wrapping_mul(stride))
    }

    /// Returns the slot of a position in its chunk.
    pub fn at(&self, chunk: u32, position: u64) -> Slot<'a> {
        let stride = packed_words(self.payload);
        let start = self.start(chunk, position, stride);
        Slot::of(&self.words[start..start + stride], stride - 1)
    }

    /// Returns the slot of a position in its chunk, for values of type `T`.
    ///
    /// # Panics
    ///
    /// If the channel is not for values of that size. That is compared before an end of it is made.
    #[inline(always)]
    pub fn of<T>(&self, chunk: u32, position: u64) -> Slot<'a> {
        if size_of::<T>() != self.payload {
            wrong_size();
        }
        let stride = const { packed_words(size_of::<T>()) };
        let start = self.start(chunk, position, stride);
        // SAFETY: `start` takes one of the chunks; in it `mask + 1` records stand first, then as many slots of `stride` words for
        // values of this size, and all that fits the chunk, see `new`.
        let words = unsafe { slice::from_raw_parts(self.words.as_ptr().add(start), stride) };
        Slot::of(words, stride - 1)
    }
}

impl Slot<'_> {
    /// Asks for the lines some way behind this slot, to write them soon: see [`Slots::prefetch_ahead`]. They may be another chunk's, or
    /// none; no memory is touched.
    #[inline(always)]
    pub fn prefetch_behind(self) {
        let first = self.payload.first().unwrap_or(self.stamp);
        prefetch_for_write(ptr::from_ref(first).wrapping_byte_add(AHEAD));
    }
}

/// Returns the words of a slot of a table, for values of that many bytes: the value, then its stamp. It is not padded, so that memory
/// holds values.
#[inline(always)]
pub(super) const fn packed_words(payload: usize) -> usize {
    payload.div_ceil(WORD) + 1
}

#[cold]
fn wrong_size() -> ! {
    unreachable!("the size of a value is compared before an end of the channel is made")
}

#[inline(always)]
fn prefetch_for_write(word: *const AtomicU64) {
    // `_mm_prefetch` compiles to a prefetch for reading, which costs a second transfer when the write comes.
    #[cfg(all(target_arch = "x86_64", not(any(shmpsc_loom, miri))))]
    // SAFETY: a prefetch of any address is allowed; where the processor lacks it, it does nothing.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) word, options(nostack, preserves_flags, readonly));
    }
    #[cfg(all(target_arch = "aarch64", not(any(shmpsc_loom, miri))))]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("prfm pstl1keep, [{}]", in(reg) word, options(nostack, preserves_flags, readonly));
    }
    #[cfg(any(shmpsc_loom, miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = word;
}
