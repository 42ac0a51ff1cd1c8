//! A segment of boxed atomics instead of bytes: what a model checker can watch, whose atomics are not integers.
//!
//! # Safety
//!
//! A [`Typed`] owns its words beside the [`RingView`] that names them, a [`TypedTable`] beside the [`TableView`]. The words stand in
//! boxes that are never replaced, so they stay where they are until both are dropped together, and the view leaves only with the
//! owner's lifetime.
#![allow(unsafe_code)]

use super::slot::{ChunkedSlots, Slots};
use super::table::{TableWords, Touch};
use super::{
    Bell, CommonView, Header, MemberWords, RingGeometry, RingView, TableGeometry, TableView, ring::RingWords,
};
use crate::sync::AtomicU64;
use core::ptr::NonNull;

/// Owns the words that a [`RingView`] names. For tests and models.
pub(crate) struct Typed {
    view: RingView<'static>,
    _header: Box<Header>,
    _single: Box<RingWords>,
    _words: [Box<[AtomicU64]>; 5],
    _members: Box<[MemberWords]>,
    _bells: [Box<[Bell]>; 2],
}

/// Returns as many zeros as asked for.
fn zeros<W: Default>(count: usize) -> Box<[W]> {
    (0..count).map(|_| W::default()).collect()
}

/// Returns the words of a box, for as long as the box lives.
///
/// # Safety
///
/// The box outlives every use of what is returned.
unsafe fn extended<W: ?Sized>(words: &W) -> &'static W {
    // SAFETY: as the caller promises; words in a box do not move with it.
    unsafe { NonNull::from(words).as_ref() }
}

impl Typed {
    /// A segment full of zeros.
    pub fn new(geometry: RingGeometry) -> Typed {
        geometry.check().expect("a geometry for a test");
        let (header, single) = (Box::<Header>::default(), Box::<RingWords>::default());
        let members = zeros(geometry.members as usize + 1);
        let bells = [geometry.waiters(), geometry.members as usize + 1].map(zeros);
        let slots = geometry.slots() as usize * geometry.stride_words();
        let words = [
            geometry.entries as usize,
            geometry.occupied_words(),
            geometry.waiters(),
            geometry.slots() as usize,
            slots,
        ]
        .map(zeros);
        // SAFETY: all of them are dropped together with the view, which is not used in that.
        let view = unsafe {
            RingView {
                common: CommonView { header: extended(&*header), members: extended(&*members) },
                geometry,
                words: extended(&*single),
                entries: extended(&*words[0]),
                occupied: extended(&*words[1]),
                waiters: extended(&*words[2]),
                bells: extended(&*bells[0]),
                backlogs: extended(&*bells[1]),
                records: extended(&*words[3]),
                slots: Slots::new(extended(&*words[4]), geometry.payload, geometry.slots()),
            }
        };
        Typed { view, _header: header, _single: single, _words: words, _members: members, _bells: bells }
    }

    pub fn view(&self) -> &RingView<'_> {
        &self.view
    }
}

/// Owns the words that a [`TableView`] names, and what is told of each touch of a chunk. For tests and models.
pub(crate) struct TypedTable<M> {
    view: TableView<'static>,
    _header: Box<Header>,
    _single: Box<TableWords>,
    _members: Box<[MemberWords]>,
    _entries: Box<[AtomicU64]>,
    memory: Box<M>,
}

impl<M: Touch + 'static> TypedTable<M> {
    /// A segment full of zeros. `memory` is made of the words of all chunks, and keeps them.
    pub fn new(geometry: TableGeometry, memory: impl FnOnce(Box<[AtomicU64]>) -> M) -> TypedTable<M> {
        geometry.check().expect("a geometry for a test");
        let (header, single) = (Box::<Header>::default(), Box::<TableWords>::default());
        let members = zeros(geometry.members as usize + 1);
        let entries = zeros(geometry.chunks as usize);
        let words = zeros(geometry.chunks as usize * geometry.chunk_words());
        let memory = Box::new(memory(words));
        assert_eq!(memory.words().len(), geometry.chunks as usize * geometry.chunk_words());
        // SAFETY: all of them are dropped together with the view, which is not used in that. `memory` lends its words for as long
        // as it lives in its box, where it is only shared.
        let view = unsafe {
            let chunks = extended(memory.words());
            TableView {
                common: CommonView { header: extended(&*header), members: extended(&*members) },
                geometry,
                words: extended(&*single),
                entries: extended(&*entries),
                slots: ChunkedSlots::new(chunks, geometry.payload, geometry.chunks, geometry.positions),
                bits: geometry.positions.trailing_zeros(),
                touch: Some(extended(&*memory as &(dyn Touch + 'static))),
            }
        };
        TypedTable { view, _header: header, _single: single, _members: members, _entries: entries, memory }
    }

    pub fn view(&self) -> &TableView<'_> {
        &self.view
    }

    pub fn memory(&self) -> &M {
        &self.memory
    }
}
