//! A value between private memory and a slot's words. It orders nothing: the stamp does.
//!
//! Each word is moved once, by one relaxed atomic access: a peer that writes at the same time can make a wrong
//! value, which is still a value of a `Pod` type, and nothing worse. Nothing is looked at twice.

use crate::layout::Slot;
use crate::sync::Ordering;
use bytemuck::Pod;

const WORD: usize = size_of::<u64>();

/// Copies `value` into the slot.
#[inline(always)]
pub(crate) fn store<T: Pod>(slot: Slot<'_>, value: &T) {
    let (whole, rest) = bytemuck::bytes_of(value).as_chunks::<WORD>();
    // ORDERING: relaxed. The release of the stamp that follows publishes every word before it.
    for (word, bytes) in slot.payload.iter().zip(whole) {
        word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
    }
    if !rest.is_empty()
        && let Some(word) = slot.payload.get(whole.len())
    {
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        word.store(u64::from_ne_bytes(last), Ordering::Relaxed);
    }
}

/// Copies the slot's words into a private value.
#[inline(always)]
pub(crate) fn load<T: Pod>(slot: Slot<'_>) -> T {
    let mut value = T::zeroed();
    let (whole, rest) = bytemuck::bytes_of_mut(&mut value).as_chunks_mut::<WORD>();
    let count = whole.len();
    // ORDERING: relaxed. The acquire of the stamp came before and covers every word of an honest sender.
    for (bytes, word) in whole.iter_mut().zip(slot.payload) {
        *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
    }
    if !rest.is_empty()
        && let Some(word) = slot.payload.get(count)
    {
        let last = word.load(Ordering::Relaxed).to_ne_bytes();
        let length = rest.len();
        rest.copy_from_slice(&last[..length]);
    }
    value
}
