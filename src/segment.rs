//! The segment of a channel in this process: the mapping, and the names of the words in it.
//!
//! It gives the words their places and does nothing with them. Of an unbounded channel it makes chunks memory, and gives them back.
//!
//! # Safety
//!
//! This is the one place where a mapping and its [`View`] live together. The view borrows from the mapping for
//! `'static`, which is true only while the mapping lives; so it never leaves except with the lifetime of the
//! [`Segment`] that owns both.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

use crate::{
    layout::{Geometry, View},
    sys::memory::{Memory, Pages},
};

pub(crate) struct Segment {
    view: View<'static>,
    memory: Memory,
}

impl Segment {
    /// Makes a segment, all zeros. `pages`: how that of a bounded channel is mapped.
    pub fn create(geometry: Geometry, pages: Pages) -> io::Result<Segment> {
        let (allocated, size) = sizes(geometry)?;
        Segment::attach(Memory::create(allocated, size, pages)?, geometry)
    }

    /// Opens the segment that another process made. The memory is checked before it is mapped. `pages`: as for a new one.
    pub fn open(memory: OwnedFd, geometry: Geometry, pages: Pages) -> io::Result<Segment> {
        let (allocated, size) = sizes(geometry)?;
        Segment::attach(Memory::open(memory, allocated, size, pages)?, geometry)
    }

    fn attach(memory: Memory, geometry: Geometry) -> io::Result<Segment> {
        // SAFETY: the mapping is readable and writable for its whole length, cannot shrink (its file is sealed) and
        // lives as long as the view, which is dropped with it. All of this process's accesses go through the view.
        let view = unsafe { View::attach(memory.base(), memory.len(), geometry) };
        match view {
            Ok(view) => Ok(Segment { view, memory }),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the memory does not fit the geometry")),
        }
    }

    #[inline(always)]
    pub fn view(&self) -> &View<'_> {
        &self.view
    }

    /// Returns the memory, to be sent to another process.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.memory.fd()
    }

    /// Returns the bytes that the segment has of the system's memory now.
    pub fn memory_in_use(&self) -> u64 {
        self.memory.in_use()
    }

    /// Makes a chunk memory, all of it. If it is memory already it stays as it is.
    pub fn make_real(&self, chunk: u32) -> io::Result<()> {
        let (offset, len) = self.chunk(chunk).ok_or(io::ErrorKind::InvalidInput)?;
        self.memory.allocate(offset, len)
    }

    /// Maps a chunk that is memory into this process at once. If the system does not, it is mapped as it is touched.
    pub fn prepare(&self, chunk: u32) {
        if let Some((offset, len)) = self.chunk(chunk) {
            self.memory.prepare(offset, len);
        }
    }

    /// Gives the memory of a chunk back to the system. It then reads as zeros.
    pub fn give_back(&self, chunk: u32) {
        if let Some((offset, len)) = self.chunk(chunk) {
            self.memory.give_back(offset, len);
        }
    }

    /// Gives the memory of all chunks back at once, whatever they hold.
    pub fn give_all_back(&self) {
        if let Geometry::Table(geometry) = self.view.geometry()
            && let Some(start) = geometry.fixed()
        {
            self.memory.give_back(start as u64, u64::from(geometry.chunks) * u64::from(geometry.chunk_size));
        }
    }

    /// Returns where a chunk lies, in bytes, and how many it has.
    fn chunk(&self, chunk: u32) -> Option<(u64, u64)> {
        let Geometry::Table(geometry) = self.view.geometry() else { return None };
        let size = u64::from(geometry.chunk_size);
        Some((geometry.fixed()? as u64 + u64::from(chunk) * size, size))
    }
}

/// Returns how many bytes are allocated from the start, and how many there are.
fn sizes(geometry: Geometry) -> io::Result<(usize, usize)> {
    let size = geometry.check().ok().and_then(|()| geometry.size()).ok_or(io::ErrorKind::InvalidInput)?;
    let allocated = match geometry {
        Geometry::Ring(_) => size,
        Geometry::Table(table) => table.fixed().unwrap_or(size),
    };
    Ok((allocated, size))
}
