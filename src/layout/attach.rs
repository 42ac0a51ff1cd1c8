//! The only cast: from an address and a length to the named words. It refuses what does not fit and never panics.
//!
//! # Safety
//!
//! Everything a view points to is an atomic integer, so a peer that writes at any time changes values and
//! nothing else: no reference to a plain value, no slice of bytes, is ever made from the segment.
#![allow(unsafe_code)]

use super::slot::{ChunkedSlots, Slots};
use super::{CommonView, Geometry, GeometryError, Header, RingGeometry, RingView, TableGeometry, TableView};
use core::ptr::NonNull;

/// Why bytes are not a segment of this geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachError {
    Geometry(GeometryError),
    TooShort,
    Misaligned,
}

/// A segment as the algorithms see it, of one kind or the other.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Ring(RingView<'a>),
    Table(TableView<'a>),
}

impl<'a> View<'a> {
    /// Names the words of the `len` bytes at `base`.
    ///
    /// # Safety
    ///
    /// - `base` is valid for reads and writes of `len` bytes for all of `'a`.
    /// - For all of `'a`, this process accesses those bytes through atomics of the widths in [`crate::layout`]
    ///   only. (What other processes do is theirs; they can change values, not the mapping.)
    /// - Every bit pattern is allowed to stand there.
    pub unsafe fn attach(base: NonNull<u8>, len: usize, geometry: Geometry) -> Result<View<'a>, AttachError> {
        // SAFETY: as the caller promises.
        unsafe {
            match geometry {
                Geometry::Ring(ring) => RingView::attach(base, len, ring).map(View::Ring),
                Geometry::Table(table) => TableView::attach(base, len, table).map(View::Table),
            }
        }
    }

    /// Returns what every channel has.
    #[inline(always)]
    pub fn common(&self) -> &CommonView<'a> {
        match self {
            View::Ring(ring) => &ring.common,
            View::Table(table) => &table.common,
        }
    }

    /// Returns the numbers that fix where everything is.
    pub fn geometry(&self) -> Geometry {
        match self {
            View::Ring(ring) => Geometry::Ring(ring.geometry),
            View::Table(table) => Geometry::Table(table.geometry),
        }
    }
}

impl<'a> CommonView<'a> {
    /// Names the words that every channel has.
    ///
    /// # Safety
    ///
    /// As for [`View::attach`]; and `members` words of that struct lie at the offset.
    unsafe fn attach(base: NonNull<u8>, offset: usize, members: u32) -> CommonView<'a> {
        // SAFETY: as the caller promises; a header stands at the beginning of every segment.
        unsafe {
            CommonView {
                header: base.cast::<Header>().as_ref(),
                members: words(base, offset, members as usize + 1),
            }
        }
    }
}

/// Checks that bytes can be a segment that ends there: aligned, and long enough.
fn check_bytes(base: NonNull<u8>, len: usize, end: usize) -> Result<(), AttachError> {
    if len < end {
        return Err(AttachError::TooShort);
    }
    if base.cast::<Header>().is_aligned() { Ok(()) } else { Err(AttachError::Misaligned) }
}

impl<'a> RingView<'a> {
    /// Names the words of the `len` bytes at `base`.
    ///
    /// # Safety
    ///
    /// As for [`View::attach`].
    pub unsafe fn attach(
        base: NonNull<u8>,
        len: usize,
        geometry: RingGeometry,
    ) -> Result<RingView<'a>, AttachError> {
        geometry.check().map_err(AttachError::Geometry)?;
        let offsets = geometry.offsets().ok_or(AttachError::Geometry(GeometryError::Size))?;
        check_bytes(base, len, offsets.end)?;
        // SAFETY: `offsets.end <= len`, so each region lies inside the bytes the caller vouches for; regions
        // begin at multiples of 128 from an address that is one, so all are aligned; the types are structs of
        // atomics, for which every bit pattern is valid and which may be shared with other writers.
        unsafe {
            Ok(RingView {
                common: CommonView::attach(base, offsets.members, geometry.members),
                geometry,
                words: &words(base, offsets.words, 1)[0],
                entries: words(base, offsets.entries, geometry.entries as usize),
                occupied: words(base, offsets.occupied, geometry.occupied_words()),
                waiters: words(base, offsets.waiters, geometry.waiters()),
                bells: words(base, offsets.bells, geometry.waiters()),
                backlogs: words(base, offsets.backlogs, geometry.members as usize + 1),
                records: words(base, offsets.records, geometry.slots() as usize),
                slots: Slots::new(
                    words(base, offsets.slots, geometry.slots() as usize * geometry.stride_words()),
                    geometry.payload,
                    geometry.slots(),
                ),
            })
        }
    }
}

impl<'a> TableView<'a> {
    /// Names the words of the `len` bytes at `base`. Where a chunk is no memory yet, nothing is accessed by this.
    ///
    /// # Safety
    ///
    /// As for [`View::attach`].
    pub unsafe fn attach(
        base: NonNull<u8>,
        len: usize,
        geometry: TableGeometry,
    ) -> Result<TableView<'a>, AttachError> {
        geometry.check().map_err(AttachError::Geometry)?;
        let offsets = geometry.offsets().ok_or(AttachError::Geometry(GeometryError::Size))?;
        check_bytes(base, len, offsets.end)?;
        // SAFETY: as for the ring.
        unsafe {
            let chunks = words(base, offsets.chunks, geometry.chunks as usize * geometry.chunk_words());
            Ok(TableView {
                common: CommonView::attach(base, offsets.members, geometry.members),
                geometry,
                words: &words(base, offsets.words, 1)[0],
                entries: words(base, offsets.entries, geometry.chunks as usize),
                slots: ChunkedSlots::new(chunks, geometry.payload, geometry.chunks, geometry.positions),
                bits: geometry.positions.trailing_zeros(),
                #[cfg(test)]
                touch: None,
            })
        }
    }
}

/// Returns the `count` atomics at `offset`.
///
/// # Safety
///
/// - They lie inside bytes that are valid for all of `'a`, at an aligned address.
/// - `W` is made of atomics alone.
unsafe fn words<'a, W>(base: NonNull<u8>, offset: usize, count: usize) -> &'a [W] {
    // SAFETY: as the caller promises.
    unsafe { core::slice::from_raw_parts(base.add(offset).cast::<W>().as_ptr(), count) }
}
