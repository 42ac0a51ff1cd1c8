//! A file mapped into this process, for reading and writing, shared with all that map it.
//!
//! A process may have said that all it maps is to be locked in memory (`mlockall`). Then the system makes a sparse file memory as a
//! whole when it is mapped. So such a file is mapped without access at first, for that makes nothing memory; then it is unlocked,
//! and then made accessible.
//!
//! # Safety
//!
//! The addresses are reserved and given back here, and only handed out.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    ptr::{NonNull, null_mut},
};

use memmap2::{Advice, MmapOptions, MmapRaw};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mprotect, munlock, munmap};

/// A mapping of a whole file.
pub(super) enum Mapping {
    /// All of the file is memory.
    Whole(MmapRaw),
    /// Most of it is not.
    Sparse(Sparse),
}

impl Mapping {
    /// Maps a file whose pages are allocated.
    pub fn whole(file: &OwnedFd, len: usize) -> io::Result<Mapping> {
        Ok(Mapping::Whole(MmapOptions::new().len(len).map_raw(file)?))
    }

    /// Maps a file of which most pages are not allocated, and allocates none.
    pub fn sparse(file: &OwnedFd, len: usize) -> io::Result<Mapping> {
        let sparse = Sparse::new(file, len)?;
        // SAFETY: it is this mapping, which nothing refers to yet. Unlocking changes no byte; a mapping that is not locked stays so.
        let _ = unsafe { munlock(sparse.start.as_ptr().cast(), len) };
        // SAFETY: as above; the file is open for reading and writing.
        unsafe {
            mprotect(sparse.start.as_ptr().cast(), len, MprotectFlags::READ.union(MprotectFlags::WRITE))?;
        }
        Ok(Mapping::Sparse(sparse))
    }

    /// Address of the first byte.
    pub fn start(&self) -> *mut u8 {
        match self {
            Mapping::Whole(map) => map.as_mut_ptr(),
            Mapping::Sparse(sparse) => sparse.start.as_ptr(),
        }
    }

    /// Tells the system something about all of it.
    pub fn advise(&self, advice: Advice) -> io::Result<()> {
        match self {
            Mapping::Whole(map) => map.advise(advice),
            Mapping::Sparse(sparse) => sparse.advise(advice, 0, sparse.len),
        }
    }

    /// Maps these bytes, whole pages that are allocated, at once.
    pub fn populate(&self, start: usize, len: usize) -> io::Result<()> {
        match self {
            Mapping::Whole(map) => map.advise_range(Advice::PopulateWrite, start, len),
            Mapping::Sparse(sparse) => sparse.advise(Advice::PopulateWrite, start, len),
        }
    }
}

/// A mapping that was made by hand.
pub(super) struct Sparse {
    start: NonNull<u8>,
    len: usize,
}

impl Sparse {
    fn new(file: &OwnedFd, len: usize) -> io::Result<Sparse> {
        // SAFETY: the system chooses the place, so nothing else is mapped there.
        let start = unsafe { mmap(null_mut(), len, ProtFlags::empty(), MapFlags::SHARED, file.as_fd(), 0)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Sparse { start, len })
    }

    fn advise(&self, advice: Advice, start: usize, len: usize) -> io::Result<()> {
        use rustix::mm::Advice as System;
        let advice = match advice {
            Advice::DontFork => System::LinuxDontFork,
            Advice::DontDump => System::LinuxDontDump,
            Advice::PopulateWrite => System::LinuxPopulateWrite,
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let end = start.checked_add(len).filter(|end| *end <= self.len);
        end.ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: the range lies in the mapping, and none of these changes a byte of it in this process.
        unsafe { madvise(self.start.as_ptr().add(start).cast(), len, advice)? };
        Ok(())
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and no address in it is used after this.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}
