//! Copies of values between private memory and a slot's words. Nothing is ordered here: the slot's stamp does that.
//!
//! Each byte is read once and moved once. A peer that writes at the same time can make a wrong value, which is still a value of a `Pod`
//! type, and nothing worse. Nothing is read twice, so a check and a use never see two different bytes.
//!
//! # Safety
//!
//! The slot's words are used as [`copy`] says. What is written through a pointer is private memory: room for a value, borrowed
//! exclusively, of which each byte is written before it counts as a value.
#![allow(unsafe_code)]

use super::copy;
use crate::layout::Slot;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;
use core::mem::MaybeUninit;
use core::slice;

/// Up to this size a value is copied in the middle of its caller's code, and then moved to where the caller's caller wants it. A larger
/// one is copied there at once, by a call: see [`load_apart`].
pub(crate) const SMALL: usize = 256;

/// Copies `value` into the slot.
#[inline(always)]
pub(crate) fn store<T: Pod>(slot: Slot<'_>, value: &T) {
    copy::store(slot.payload, bytemuck::bytes_of(value));
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
    copy::load(bytes, slot.payload);
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
