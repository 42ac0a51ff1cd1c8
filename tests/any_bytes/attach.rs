//! Any numbers as a geometry, any length and address as a segment: refused, or every word lies inside.
#![allow(unsafe_code)]

use crate::bytes::Bytes;
use crate::image::Image;
use crate::layout::{RingGeometry, RingView};
use crate::sync::{self, Ordering};

pub(crate) fn attach(bytes: &mut Bytes<'_>) {
    let image = Image::new(1 << 16);
    // No further than to the end of the image, nor past its own.
    let start = bytes.one_of(&[0, 8, 64, 128, 1, 256]);
    let length = (bytes.u32() as usize).min(image.len() - start);
    let small = bytes.byte().is_multiple_of(2);
    let mut number = || if small { u32::from(bytes.byte()) } else { bytes.u32() };
    let geometry = RingGeometry {
        capacity: number(),
        payload: number(),
        line: number(),
        members: number(),
        entries: number(),
    };
    let addresses = image.addresses().start + start..image.addresses().start + start + length;
    sync::watch(addresses, 0..0);
    // SAFETY: it lies inside the image, which is touched as atomics only and lives to the end of this function.
    let view = unsafe { RingView::attach(image.base().add(start), length, geometry) };
    let Ok(view) = view else { return };
    assert_eq!(geometry.check(), Ok(()), "attached by numbers that are refused");
    let last_slot = view.slot(geometry.capacity as usize - 1);
    let words = [&*view.common.header.latch, view.slot(0).stamp, last_slot.stamp];
    let ends = [view.entries, view.occupied, view.waiters, view.records, last_slot.payload];
    let words = words
        .into_iter()
        .chain(ends.into_iter().flat_map(|words| words.first().into_iter().chain(words.last())));
    for (value, word) in (1..).zip(words) {
        word.store(value, Ordering::Relaxed);
    }
    for member in view.common.members {
        member.pid.store(1, Ordering::Relaxed);
    }
    for bell in view.bells.iter().chain(view.backlogs) {
        bell.word.store(1, Ordering::Relaxed);
    }
}
