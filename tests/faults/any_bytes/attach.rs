//! Any numbers as a geometry, any length and address as a segment: refused, or every word lies inside.
#![allow(unsafe_code)]

use crate::bytes::Bytes;
use crate::image::Image;
use crate::layout::{Geometry, RingGeometry, RingView, TableGeometry, TableView, View};
use crate::sync::{self, AtomicU64, Ordering};

pub(crate) fn attach(bytes: &mut Bytes<'_>) {
    let image = Image::new(1 << 18);
    // No further than to the end of the image, nor past its own.
    let start = bytes.one_of(&[0, 8, 64, 128, 1, 256]);
    let length = (bytes.u32() as usize).min(image.len() - start);
    let how = bytes.byte();
    let small = how.is_multiple_of(2);
    let geometry = if how & 2 == 0 { ring(bytes, small) } else { table(bytes, small) };
    let addresses = image.addresses().start + start..image.addresses().start + start + length;
    sync::watch(addresses, 0..0);
    // SAFETY: it lies inside the image, which is touched as atomics only and lives to the end of this function.
    let view = unsafe { View::attach(image.base().add(start), length, geometry) };
    let Ok(view) = view else { return };
    assert_eq!(geometry.check(), Ok(()), "attached by numbers that are refused");
    let common = view.common();
    touch([&*common.header.latch]);
    for member in common.members {
        member.pid.store(1, Ordering::Relaxed);
    }
    match view {
        View::Ring(view) => touch_ring(&view),
        View::Table(view) => touch_table(&view),
    }
}

fn number(bytes: &mut Bytes<'_>, small: bool) -> u32 {
    if small { u32::from(bytes.byte()) } else { bytes.u32() }
}

fn ring(bytes: &mut Bytes<'_>, small: bool) -> Geometry {
    let mut number = || number(bytes, small);
    Geometry::Ring(RingGeometry {
        capacity: number(),
        payload: number(),
        line: number(),
        members: number(),
        entries: number(),
    })
}

/// If it is to be small it is nearly right.
fn table(bytes: &mut Bytes<'_>, small: bool) -> Geometry {
    let mut number = || number(bytes, small);
    let (chunks, payload, members, positions, chunk_size) =
        (number(), number(), number(), number(), number());
    Geometry::Table(TableGeometry {
        payload,
        members,
        chunks,
        positions: if small { 1 << (positions % 18) } else { positions },
        chunk_size: if small { chunk_size * 128 } else { chunk_size },
    })
}

fn touch<'a>(words: impl IntoIterator<Item = &'a AtomicU64>) {
    for (value, word) in (1..).zip(words) {
        word.store(value, Ordering::Relaxed);
    }
}

/// The first and the last.
fn ends(words: &[AtomicU64]) -> impl Iterator<Item = &AtomicU64> {
    words.first().into_iter().chain(words.last())
}

fn touch_ring(view: &RingView<'_>) {
    let last_slot = view.slots.at(view.geometry.slots() as usize - 1);
    touch([view.slots.at(0).stamp, last_slot.stamp]);
    for words in [view.entries, view.occupied, view.waiters, view.records, last_slot.payload] {
        touch(ends(words));
    }
    for bell in view.bells.iter().chain(view.backlogs) {
        bell.word.store(1, Ordering::Relaxed);
    }
}

fn touch_table(view: &TableView<'_>) {
    let (chunk, index) = (view.geometry.chunks - 1, view.geometry.positions as usize - 1);
    let last_slot = view.slot(chunk, index as u64);
    touch([&*view.words.claim, &*view.words.head, view.record(0, 0), view.record(chunk, index)]);
    touch([view.slot(0, 0).stamp, last_slot.stamp]);
    touch(ends(view.entries).chain(ends(last_slot.payload)));
}
