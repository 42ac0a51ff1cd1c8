//! One slot of a queue: the words of one value, as every kind of channel has them.
//!
//! # Safety
//!
//! The one instruction that is written out here asks the processor to fetch a line. It reads and writes nothing.
#![allow(unsafe_code)]

use crate::sync::AtomicU64;

/// One place for a value.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    /// Says which position the slot holds, and whether its value is complete.
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
