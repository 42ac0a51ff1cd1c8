//! A segment of boxed atomics instead of bytes: what a model checker can watch, whose atomics are not integers.

use super::{Bell, Geometry, Header, Member, View};
use crate::sync::AtomicU64;

/// Owns the words that a [`View`] names. For tests and models.
pub(crate) struct Typed {
    geometry: Geometry,
    header: Header,
    entries: Vec<AtomicU64>,
    members: Vec<Member>,
    cells: Vec<AtomicU64>,
    bells: Vec<Bell>,
    records: Vec<AtomicU64>,
    slots: Vec<AtomicU64>,
}

impl Typed {
    /// A segment full of zeros.
    pub fn new(geometry: Geometry) -> Typed {
        geometry.check().expect("a geometry for a test");
        fn zeros<W: Default>(count: usize) -> Vec<W> {
            (0..count).map(|_| W::default()).collect()
        }
        Typed {
            geometry,
            header: Header::default(),
            entries: zeros(geometry.entries as usize),
            members: zeros(geometry.members as usize + 1),
            cells: zeros(geometry.line as usize),
            bells: zeros(geometry.line as usize),
            records: zeros(geometry.capacity as usize),
            slots: zeros(geometry.capacity as usize * geometry.stride_words()),
        }
    }

    pub fn view(&self) -> View<'_> {
        View {
            geometry: self.geometry,
            header: &self.header,
            entries: &self.entries,
            members: &self.members,
            cells: &self.cells,
            bells: &self.bells,
            records: &self.records,
            slots: &self.slots,
            stride: self.geometry.stride_words(),
        }
    }
}
