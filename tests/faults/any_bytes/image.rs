//! The bytes of a segment in private memory, and how a word of them is made wrong.
#![allow(unsafe_code)]

use std::ops::Range;
use std::ptr::NonNull;

use crate::bytes::Bytes;
use crate::layout::{Geometry, RingGeometry, RingView, View};
use crate::queue::ring::words::{Claim, Entry, Line, Record, Stamp, Waiter};
use crate::sync::Ordering;

/// Two cache lines.
#[repr(C, align(128))]
#[derive(Clone, Copy)]
struct Block([u64; 16]);

/// Memory of a segment.
pub(crate) struct Image {
    base: NonNull<Block>,
    blocks: usize,
}

impl Image {
    /// So many bytes at least, all zero.
    pub fn new(bytes: usize) -> Image {
        let blocks = bytes.div_ceil(size_of::<Block>());
        let memory: Box<[Block]> = vec![Block([0; 16]); blocks].into();
        let base = NonNull::from(Box::leak(memory)).cast();
        Image { base, blocks }
    }

    pub fn len(&self) -> usize {
        self.blocks * size_of::<Block>()
    }

    pub fn addresses(&self) -> Range<usize> {
        let start = self.base.as_ptr() as usize;
        start..start + self.len()
    }

    pub fn base(&self) -> NonNull<u8> {
        self.base.cast()
    }

    /// The words of these bytes, if they are a segment of this geometry.
    pub fn view(&self, geometry: Geometry) -> Option<View<'_>> {
        // SAFETY: the memory is this image's and lives as long as the view; it is touched as atomics only.
        unsafe { View::attach(self.base(), self.len(), geometry) }.ok()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let memory = NonNull::slice_from_raw_parts(self.base, self.blocks);
        // SAFETY: it was leaked from a box of this length in `new`, and nobody borrows from it any more.
        drop(unsafe { Box::from_raw(memory.as_ptr()) });
    }
}

/// How a word is made wrong, or nearly right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    Is(u64),
    Flipped(u32),
    Moved(u64),
    /// What another word of the image is.
    Copied(usize),
}

impl Wrong {
    /// As the input says; `likely` is what could stand in the word.
    pub fn read(bytes: &mut Bytes<'_>, likely: impl FnOnce(&mut Bytes<'_>) -> u64) -> Wrong {
        let kind = bytes.byte();
        match kind % 8 {
            0 => Wrong::Is(0),
            1 => Wrong::Is(u64::MAX),
            2 => Wrong::Flipped(u32::from(bytes.byte() % 64)),
            3 => Wrong::Moved((bytes.byte() as i8 as i64 as u64) << (kind / 8 % 8 * 8)),
            4 => Wrong::Copied(bytes.byte() as usize * 5),
            5 => Wrong::Is(bytes.u64()),
            _ => Wrong::Is(likely(bytes)),
        }
    }

    pub fn value(self, now: u64, read: impl Fn(usize) -> u64) -> u64 {
        match self {
            Wrong::Is(value) => value,
            Wrong::Flipped(bit) => now ^ 1 << bit,
            Wrong::Moved(by) => now.wrapping_add(by),
            Wrong::Copied(from) => read(from),
        }
    }
}

/// Which word of a ring, and what happens to it.
pub(crate) fn scribble(bytes: &mut Bytes<'_>, view: &RingView<'_>, base: usize) -> (usize, Wrong) {
    let (words, header) = (view.words, view.common.header);
    let geometry = view.geometry;
    let place = |word: *const u64| (word as usize - base) / 8;
    let index = bytes.byte() as usize;
    let region = bytes.byte() % 16;
    let word = match region {
        0 | 1 => place((&raw const *words.claim).cast()),
        2 => place((&raw const words.receiver.head).cast()),
        3 => place((&raw const words.receiver.quarantined).cast()),
        4 => place((&raw const words.read_mostly.line).cast()),
        5 => place((&raw const words.read_mostly.epoch).cast()),
        6 => place((&raw const *header.latch).cast()),
        7 | 8 => place((&raw const view.entries[index % view.entries.len()]).cast()),
        9 => {
            let member = &view.common.members[index % view.common.members.len()];
            let of_member = [&member.account, &member.strong, &member.weak, &member.relay];
            place((&raw const *of_member[index / view.common.members.len() % 4]).cast())
        }
        10 => place((&raw const view.waiters[index % view.waiters.len()]).cast()),
        11 => match index % 3 {
            0 => place((&raw const view.occupied[index / 3 % view.occupied.len()]).cast()),
            1 => place((&raw const view.bells[index / 3 % view.bells.len()]).cast()),
            _ => place((&raw const view.backlogs[index / 3 % view.backlogs.len()]).cast()),
        },
        12 => place((&raw const view.records[index % view.records.len()]).cast()),
        13 => place((&raw const *view.slots.at(index % view.records.len()).stamp).cast()),
        14 => place((&raw const header.receiver_bell.word).cast()),
        _ => index * 7,
    };
    (word, Wrong::read(bytes, |bytes| likely(bytes, view, region, geometry)))
}

/// What could stand in a word of this region, near where the stream is.
fn likely(bytes: &mut Bytes<'_>, view: &RingView<'_>, region: u8, geometry: RingGeometry) -> u64 {
    // Read by the scribbler, so not as part of any call.
    let head = view.words.receiver.head.load(Ordering::Relaxed);
    let line = Line(view.words.read_mostly.line.load(Ordering::Relaxed));
    let claim = Claim(view.words.claim.load(Ordering::Relaxed));
    let near = |by: u8| (head as u32).wrapping_add_signed(i32::from(by as i8 % 16));
    let drawn = |by: u8| line.drawn().wrapping_add_signed(i64::from(by as i8 % 8));
    let owner = u16::from(bytes.byte() % 6);
    match region {
        0 | 1 => {
            let flags = bytes.byte();
            claim
                .with_tail(near(bytes.byte()))
                .with_owner(owner)
                .with_closed(u32::from(flags & 1))
                .with_phase(u32::from(flags >> 1 & 1))
                .with_reserved(u32::from(flags >> 2 & 7))
                .0
        }
        2 => head.wrapping_add_signed(i64::from(bytes.byte() as i8)),
        4 => {
            let marks = bytes.byte();
            Line(0)
                .with_drawn(drawn(bytes.byte()))
                .with_backlog(u32::from(marks & 1))
                .with_waiting(u32::from(marks >> 1 & 1))
                .0
        }
        7 | 8 => {
            let flags = bytes.byte();
            Entry(0)
                .with_slot(u32::from(bytes.byte()) % (geometry.slots() + 1))
                .with_last(near(bytes.byte()))
                .with_used(u32::from(flags & 1))
                .with_active(u32::from(flags >> 1 & 1))
                .0
        }
        10 => {
            let ticket = Line::ticket(drawn(bytes.byte()));
            let need = bytes.byte().into();
            match owner {
                0 => Waiter::FREE.0,
                5 => Waiter::coming(1, need).0,
                _ => Waiter::waits_at(ticket, owner, need).0,
            }
        }
        12 => Record::new(near(bytes.byte()), owner).0,
        13 => Stamp::published(near(bytes.byte())).0,
        _ => u64::from(bytes.byte()),
    }
}
