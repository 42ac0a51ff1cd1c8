//! Bytes between private memory and a slot's words. It knows neither a value's type nor its stamp.
//!
//! Short values are moved word by word, each by one relaxed atomic access. The compiler makes no wider accesses of such a loop. So
//! of a long value the whole blocks are moved by instructions of sixteen bytes, where the processor is known, and the rest by words.
//! Stores that go past the cache (`movnt`) are not used: `docs/performance/notes.md` says what they cost.
//!
//! # Safety
//!
//! The words are shared, and a peer that does not keep to the protocol may write them at any time. In terms of Rust the block of
//! instructions does what the loop of relaxed accesses does, and nothing that the loop cannot do:
//!
//! - Each byte of the one side is read once and written once to the other, in any order. No byte behind the blocks is touched.
//! - Neither orders other memory. The release of the stamp behind a store, and the acquire before a load, order it as they order
//!   relaxed accesses: on x86-64 all moves are ordered so, and on AArch64 `stlr` and `ldar` order vector accesses, too.
//! - A processor may split sixteen bytes where the loop would not. The bytes then are those of several writes. A peer that writes
//!   byte by byte makes the same mixture of the loop's words, and any bytes are a value of a `Pod` type.
//! - The compiler knows of the block that it reads and writes memory. So no access is moved across it, as none would have to be.
//!
//! Honest peers never access a value at the same time: a claim or a stamp stands between any two of them.
#![allow(unsafe_code)]

use crate::sync::{AtomicU64, Ordering, memory_of};
use core::mem::MaybeUninit;

const WORD: usize = size_of::<u64>();

/// Bytes of a block: a cache line.
const BLOCK: usize = 64;

/// From this size on values are moved by blocks. Below it blocks save nothing. And a number that was just written to memory and is
/// then read as a part of sixteen bytes stops a core for some ten nanoseconds.
const LEAST: usize = 512;

/// Copies `bytes` to `words`, of which there are at least as many as that takes. The last one is filled up with zeros.
#[inline(always)]
pub(super) fn store(words: &[AtomicU64], bytes: &[u8]) {
    let moved = match memory_of(words) {
        Some(to) if ARE_MOVED && bytes.len() >= LEAST => {
            let blocks = (bytes.len() / BLOCK).min(size_of_val(words) / BLOCK);
            // SAFETY: so many blocks lie in `bytes` and, for writing as well, in `words`. The former are private, or they would not
            // be borrowed as bytes, so the two do not overlap.
            unsafe { move_blocks(to, bytes.as_ptr(), blocks) };
            blocks * BLOCK
        }
        _ => 0,
    };
    let (whole, rest) = bytes[moved..].as_chunks::<WORD>();
    let words = &words[moved / WORD..];
    // ORDERING: relaxed. The release of the stamp that follows publishes every word before it.
    for (word, bytes) in words.iter().zip(whole) {
        word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
    }
    if !rest.is_empty()
        && let Some(word) = words.get(whole.len())
    {
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        word.store(u64::from_ne_bytes(last), Ordering::Relaxed);
    }
}

/// Copies `words` to `bytes`, each of which is written. Words that are missing are zeros.
#[inline(always)]
pub(super) fn load(bytes: &mut [MaybeUninit<u8>], words: &[AtomicU64]) {
    let moved = match memory_of(words) {
        Some(from) if ARE_MOVED && bytes.len() >= LEAST => {
            let blocks = (bytes.len() / BLOCK).min(size_of_val(words) / BLOCK);
            // SAFETY: as in `store`, in the other direction.
            unsafe { move_blocks(bytes.as_mut_ptr().cast(), from, blocks) };
            blocks * BLOCK
        }
        _ => 0,
    };
    let (whole, rest) = bytes[moved..].as_chunks_mut::<WORD>();
    let words = &words[moved / WORD..];
    let last = whole.len();
    let (whole, missing) = whole.split_at_mut(last.min(words.len()));
    // ORDERING: relaxed. The acquire of the stamp came before and covers every word of an honest sender.
    for (bytes, word) in whole.iter_mut().zip(words) {
        *bytes = word.load(Ordering::Relaxed).to_ne_bytes().map(MaybeUninit::new);
    }
    for bytes in missing {
        *bytes = [MaybeUninit::new(0); WORD];
    }
    if !rest.is_empty() {
        let word = words.get(last).map_or(0, |word| word.load(Ordering::Relaxed));
        let length = rest.len();
        rest.copy_from_slice(&word.to_ne_bytes().map(MaybeUninit::new)[..length]);
    }
}

/// Whether blocks are moved by instructions that are written out here. Words that a checker watches never are: see [`memory_of`].
const ARE_MOVED: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// Moves as many blocks from the one place to the other.
///
/// # Safety
///
/// - There are as many blocks in live memory at `from`, to be read, and at `to`, to be written. The two do not overlap.
/// - The bytes of one place are private and borrowed for the call. Those of the other are words that are accessed as atomics only.
#[inline(always)]
unsafe fn move_blocks(to: *mut u8, from: *const u8, blocks: usize) {
    if blocks == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reads and writes the blocks and nothing else, see above. It counts from the size up to zero behind the ends. The moves
    // need no alignment, and each x86-64 processor has them.
    unsafe {
        let size = blocks * BLOCK;
        core::arch::asm!(
            "2:",
            "movups {a}, [{from} + {at}]",
            "movups {b}, [{from} + {at} + 16]",
            "movups {c}, [{from} + {at} + 32]",
            "movups {d}, [{from} + {at} + 48]",
            "movups [{to} + {at}], {a}",
            "movups [{to} + {at} + 16], {b}",
            "movups [{to} + {at} + 32], {c}",
            "movups [{to} + {at} + 48], {d}",
            "add {at}, 64",
            "jnz 2b",
            from = in(reg) from.wrapping_add(size),
            to = in(reg) to.wrapping_add(size),
            at = inout(reg) size.wrapping_neg() => _,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack),
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads and writes the blocks and nothing else, see above. The moves need no alignment in ordinary memory.
    unsafe {
        core::arch::asm!(
            "2:",
            "ldp {a:q}, {b:q}, [{from}]",
            "ldp {c:q}, {d:q}, [{from}, #32]",
            "add {from}, {from}, #64",
            "subs {left}, {left}, #1",
            "stp {a:q}, {b:q}, [{to}]",
            "stp {c:q}, {d:q}, [{to}, #32]",
            "add {to}, {to}, #64",
            "b.ne 2b",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            left = inout(reg) blocks => _,
            a = out(vreg) _,
            b = out(vreg) _,
            c = out(vreg) _,
            d = out(vreg) _,
            options(nostack),
        );
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = (to, from);
}

#[cfg(all(test, not(shmpsc_loom)))]
mod tests {
    use super::*;

    const MOST: usize = if cfg!(miri) { 80 } else { 300 };
    const LONG: [usize; 9] = [511, 512, 513, 575, 576, 583, 1023, 1024, 4099];

    /// What no copy writes.
    const GUARD: u8 = 0xa5;
    const GUARDS: usize = 16;

    fn sizes() -> impl Iterator<Item = usize> {
        (0..=MOST).chain(LONG)
    }

    /// Returns bytes that differ from their neighbours, and none is the guard's.
    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|number| (number * 7 % 151) as u8).collect()
    }

    fn words(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|_| AtomicU64::new(u64::from_ne_bytes([GUARD; WORD]))).collect()
    }

    fn seen(words: &[AtomicU64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect()
    }

    /// Calls `copy` for each size with a first word and a first byte at each place of a line.
    fn at_each_place(copy: impl Fn(usize, usize)) {
        for size in sizes() {
            for place in 0..if cfg!(miri) { 2 } else { 16 } {
                copy(size, place);
            }
        }
    }

    #[test]
    fn every_byte_is_stored_and_nothing_around_it() {
        at_each_place(|size, place| {
            let words = words(place + size.div_ceil(WORD) + GUARDS);
            let private = bytes(place + size);
            store(&words[place..place + size.div_ceil(WORD)], &private[place..]);
            let mut expected = vec![GUARD; size_of_val(&words[..])];
            let start = place * WORD;
            expected[start..start + size.next_multiple_of(WORD)].fill(0);
            expected[start..start + size].copy_from_slice(&private[place..]);
            assert_eq!(seen(&words), expected, "{size} bytes from {place}");
        });
    }

    #[test]
    fn every_byte_is_loaded_and_nothing_around_it() {
        at_each_place(|size, place| {
            let stored = bytes(size);
            let words = words(place + size.div_ceil(WORD));
            store(&words[place..], &stored);
            let mut private = vec![MaybeUninit::new(GUARD); place + size + GUARDS];
            load(&mut private[place..place + size], &words[place..]);
            // SAFETY: all of them were made with a value.
            let private: Vec<u8> = private.iter().map(|byte| unsafe { byte.assume_init() }).collect();
            assert_eq!(private[..place], vec![GUARD; place], "{size} bytes to {place}");
            assert_eq!(private[place..place + size], stored, "{size} bytes to {place}");
            assert_eq!(private[place + size..], [GUARD; GUARDS], "{size} bytes to {place}");
        });
    }

    #[test]
    fn bytes_without_words_are_zeros() {
        for size in sizes() {
            for missing in 0..=size.div_ceil(WORD) {
                let stored = bytes(size);
                let words = words(size.div_ceil(WORD));
                store(&words, &stored);
                let there = words.len() - missing;
                let mut private = vec![MaybeUninit::new(GUARD); size];
                load(&mut private, &words[..there]);
                // SAFETY: as above.
                let private: Vec<u8> = private.iter().map(|byte| unsafe { byte.assume_init() }).collect();
                let length = size.min(there * WORD);
                assert_eq!(private[..length], stored[..length], "{size} bytes, {there} words");
                assert_eq!(private[length..], vec![0; size - length], "{size} bytes, {there} words");
            }
        }
    }
}
