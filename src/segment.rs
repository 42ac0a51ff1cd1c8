//! The segment of a channel in this process: the mapping, and the names of the words in it.
//!
//! It gives the words their places and does nothing with them.
//!
//! # Safety
//!
//! This is the one place where a mapping and its [`RingView`] live together. The view borrows from the mapping for
//! `'static`, which is true only while the mapping lives; so it never leaves except with the lifetime of the
//! [`Segment`] that owns both.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

use crate::{
    layout::{Geometry, RingView},
    sys::memory::Memory,
};

pub(crate) struct Segment {
    view: RingView<'static>,
    memory: Memory,
}

impl Segment {
    /// A new segment, all zeros.
    pub fn create(geometry: Geometry) -> io::Result<Segment> {
        Segment::attach(Memory::create(size(geometry)?)?, geometry)
    }

    /// The segment that another process made. The memory is checked before it is mapped.
    pub fn open(memory: OwnedFd, geometry: Geometry) -> io::Result<Segment> {
        Segment::attach(Memory::open(memory, size(geometry)?)?, geometry)
    }

    fn attach(memory: Memory, geometry: Geometry) -> io::Result<Segment> {
        // SAFETY: the mapping is readable and writable for its whole length, cannot shrink (its file is sealed) and
        // lives as long as the view, which is dropped with it. All of this process's accesses go through the view.
        let view = unsafe { RingView::attach(memory.base(), memory.len(), geometry) };
        match view {
            Ok(view) => Ok(Segment { view, memory }),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the memory does not fit the geometry")),
        }
    }

    #[inline(always)]
    pub fn view(&self) -> &RingView<'_> {
        &self.view
    }

    /// The memory, to be sent to another process.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.memory.fd()
    }
}

fn size(geometry: Geometry) -> io::Result<usize> {
    geometry.check().ok().and_then(|()| geometry.size()).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
