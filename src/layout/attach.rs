//! The only cast: from an address and a length to the named words. It refuses what does not fit and never panics.
//!
//! # Safety
//!
//! Everything a view points to is an atomic integer, so a peer that writes at any time changes values and
//! nothing else: no reference to a plain value, no slice of bytes, is ever made from the segment.
#![allow(unsafe_code)]

use super::{CommonView, Geometry, GeometryError, Header, RingView};
use core::ptr::NonNull;

/// Why bytes are not a segment of this geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachError {
    Geometry(GeometryError),
    TooShort,
    Misaligned,
}

impl<'a> RingView<'a> {
    /// Names the words of the `len` bytes at `base`.
    ///
    /// # Safety
    ///
    /// - `base` is valid for reads and writes of `len` bytes for all of `'a`.
    /// - For all of `'a`, this process accesses those bytes through atomics of the widths in [`crate::layout`]
    ///   only. (What other processes do is theirs; they can change values, not the mapping.)
    /// - Every bit pattern is allowed to stand there.
    pub unsafe fn attach(
        base: NonNull<u8>,
        len: usize,
        geometry: Geometry,
    ) -> Result<RingView<'a>, AttachError> {
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
            Ok(RingView {
                common: CommonView {
                    header: base.cast::<Header>().as_ref(),
                    members: words(base, offsets.members, geometry.members as usize + 1),
                },
                geometry,
                words: &words(base, offsets.words, 1)[0],
                entries: words(base, offsets.entries, geometry.entries as usize),
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
