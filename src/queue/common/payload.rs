//! A value between private memory and a slot's words. It orders nothing: the stamp does.
//!
//! Each word is moved once, by one relaxed atomic access: a peer that writes at the same time can make a wrong
//! value, which is still a value of a `Pod` type, and nothing worse. Nothing is looked at twice.
//!
//! # Safety
//!
//! The slot's words are used as atomics only. What is written through a pointer is private memory: room for a value, borrowed
//! exclusively, of which each byte is written before it counts as a value.
#![allow(unsafe_code)]

use crate::layout::Slot;
use crate::sync::Ordering;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;
use core::mem::MaybeUninit;
use core::slice;

const WORD: usize = size_of::<u64>();

/// Up to this size a value is copied in the middle of its caller's code.
pub(crate) const SMALL: usize = 4096;

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

/// Copies the slot's words into `place`. Each of its bytes is written, and any bytes are a value of a `Pod` type, so it is
/// one then.
///
/// Words that the slot does not have are zeros.
#[inline(always)]
fn load_into<T: Pod>(slot: Slot<'_>, place: &mut MaybeUninit<T>) {
    let start = place.as_mut_ptr().cast::<MaybeUninit<u8>>();
    // SAFETY: these are the bytes of `place`, borrowed for as long, and a `MaybeUninit<u8>` may be any byte or none.
    let bytes = unsafe { slice::from_raw_parts_mut(start, size_of::<T>()) };
    let (whole, rest) = bytes.as_chunks_mut::<WORD>();
    let last = whole.len();
    let (whole, missing) = whole.split_at_mut(last.min(slot.payload.len()));
    // ORDERING: relaxed. The acquire of the stamp came before and covers every word of an honest sender.
    for (bytes, word) in whole.iter_mut().zip(slot.payload) {
        *bytes = word.load(Ordering::Relaxed).to_ne_bytes().map(MaybeUninit::new);
    }
    for bytes in missing {
        *bytes = [MaybeUninit::new(0); WORD];
    }
    if !rest.is_empty() {
        let word = slot.payload.get(last).map_or(0, |word| word.load(Ordering::Relaxed));
        let length = rest.len();
        rest.copy_from_slice(&word.to_ne_bytes().map(MaybeUninit::new)[..length]);
    }
}

/// Copies the slot's words into a private value.
#[inline(always)]
pub(crate) fn load<T: Pod>(slot: Slot<'_>) -> T {
    let mut place = MaybeUninit::uninit();
    if size_of::<T>() <= SMALL {
        load_into(slot, &mut place);
    } else {
        load_apart(slot, &mut place);
    }
    // SAFETY: `load_into` has made a value of it.
    unsafe { place.assume_init() }
}

/// Does what [`load_into`] does, as a call. The compiler then gives it the place where the caller's caller wants the value, and
/// needs none of its own: a large value takes room on the stack once.
#[inline(never)]
fn load_apart<T: Pod>(slot: Slot<'_>, place: &mut MaybeUninit<T>) {
    load_into(slot, place);
}

/// Copies the slot's words into a private value on the heap, and nowhere else on the way.
pub(crate) fn load_boxed<T: Pod>(slot: Slot<'_>) -> Box<T> {
    let mut place = Box::new_uninit();
    load_into(slot, &mut place);
    // SAFETY: `load_into` has made a value of it.
    unsafe { place.assume_init() }
}

/// Copies the slot's words behind the last of `values`, and nowhere else on the way.
#[inline]
pub(crate) fn push<T: Pod>(slot: Slot<'_>, values: &mut Vec<T>) {
    values.reserve(1);
    load_into(slot, &mut values.spare_capacity_mut()[0]);
    // SAFETY: there was capacity for one more, and `load_into` has made a value of it.
    unsafe { values.set_len(values.len() + 1) };
}
