//! The only cast: from an address and a length to the named words. It refuses what does not fit and never panics.
//!
//! # Safety
//!
//! Everything a [`View`] points to is an atomic integer, so a peer that writes at any time changes values and
//! nothing else: no reference to a plain value, no slice of bytes, is ever made from the segment.
#![allow(unsafe_code)]

use super::{Bell, Geometry, GeometryError, Header, Member};
use crate::sync::AtomicU64;
use core::ptr::NonNull;

/// A segment as the algorithms see it. Copying it copies a few references.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub geometry: Geometry,
    pub header: &'a Header,
    pub entries: &'a [AtomicU64],
    pub members: &'a [Member],
    /// A bit for each of `waiters`.
    pub occupied: &'a [AtomicU64],
    /// First those for all, then one for each process, by its number.
    pub waiters: &'a [AtomicU64],
    /// One for each of `waiters`.
    pub bells: &'a [Bell],
    /// One for each process, by its number.
    pub backlogs: &'a [Bell],
    pub records: &'a [AtomicU64],
    /// Every slot one after another: see [`View::slot`].
    pub(super) slots: &'a [AtomicU64],
    pub(super) stride: usize,
}

/// One place for a value.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    /// `{ position: 32 | kind: 32 }`
    pub stamp: &'a AtomicU64,
    /// The value's bytes, eight to a word, the last one padded with zeros.
    pub payload: &'a [AtomicU64],
}

impl Slot<'_> {
    /// Asks for the slot's first two cache lines, as far as it has them, to write them soon. Never faults and changes
    /// nothing.
    #[inline(always)]
    pub fn prefetch_for_write(self) {
        prefetch_for_write(self.stamp);
        // The stamp is the first word of its line, so the eighth word of the payload is the first of the next.
        if let Some(word) = self.payload.get(7) {
            prefetch_for_write(word);
        }
    }
}

#[inline(always)]
fn prefetch_for_write(word: &AtomicU64) {
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

/// Why bytes are not a segment of this geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachError {
    Geometry(GeometryError),
    TooShort,
    Misaligned,
}

impl<'a> View<'a> {
    /// The slot at `index`, which is below the capacity.
    #[inline(always)]
    pub fn slot(&self, index: usize) -> Slot<'a> {
        let start = index * self.stride;
        let words = &self.slots[start..start + self.stride];
        Slot { stamp: &words[0], payload: &words[1..1 + self.geometry.payload_words()] }
    }

    /// Names the words of the `len` bytes at `base`.
    ///
    /// # Safety
    ///
    /// - `base` is valid for reads and writes of `len` bytes for all of `'a`.
    /// - For all of `'a`, this process accesses those bytes through atomics of the widths in [`crate::layout`]
    ///   only. (What other processes do is theirs; they can change values, not the mapping.)
    /// - Every bit pattern is allowed to stand there.
    pub unsafe fn attach(base: NonNull<u8>, len: usize, geometry: Geometry) -> Result<View<'a>, AttachError> {
        geometry.check().map_err(AttachError::Geometry)?;
        let offsets = geometry.offsets().ok_or(AttachError::Geometry(GeometryError::Size))?;
        if len < offsets.end {
            return Err(AttachError::TooShort);
        }
        if !base.cast::<Header>().is_aligned() {
            return Err(AttachError::Misaligned);
        }
        // SAFETY: `offsets.end <= len`, so each region lies inside the bytes the caller vouches for; regions
        // begin at multiples of 128 from an address that is one, so all are aligned; the types are structs of
        // atomics, for which every bit pattern is valid and which may be shared with other writers.
        unsafe {
            Ok(View {
                geometry,
                header: base.cast::<Header>().as_ref(),
                entries: words(base, offsets.entries, geometry.entries as usize),
                members: words(base, offsets.members, geometry.members as usize + 1),
                occupied: words(base, offsets.occupied, geometry.occupied_words()),
                waiters: words(base, offsets.waiters, geometry.waiters()),
                bells: words(base, offsets.bells, geometry.waiters()),
                backlogs: words(base, offsets.backlogs, geometry.members as usize + 1),
                records: words(base, offsets.records, geometry.capacity as usize),
                slots: words(base, offsets.slots, geometry.capacity as usize * geometry.stride_words()),
                stride: geometry.stride_words(),
            })
        }
    }
}

/// The `count` atomics at `offset`.
///
/// # Safety
///
/// - They lie inside bytes that are valid for all of `'a`, at an aligned address.
/// - `W` is made of atomics alone.
unsafe fn words<'a, W>(base: NonNull<u8>, offset: usize, count: usize) -> &'a [W] {
    // SAFETY: as the caller promises.
    unsafe { core::slice::from_raw_parts(base.add(offset).cast::<W>().as_ptr(), count) }
}
