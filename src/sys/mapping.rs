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

use memmap2::{MmapOptions, MmapRaw};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mprotect, munlock, munmap};

/// How this process maps a file whose pages are all allocated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Pages {
    /// All of them when the file is mapped, and not each as it is touched first.
    pub prefault: bool,
}

/// A mapping of a whole file.
pub(super) enum Mapping {
    /// All of the file is memory.
    Whole(MmapRaw),
    /// Most of it is not.
    Sparse(Sparse),
}

impl Mapping {
    /// Maps a file whose pages are allocated.
    pub fn whole(file: &OwnedFd, len: usize, pages: Pages) -> io::Result<Mapping> {
        let map = Mapping::Whole(MmapOptions::new().len(len).map_raw(file)?);
        if !pages.prefault || map.populate(0, len).is_ok() {
            return Ok(map);
        }
        // Before Linux 5.14, and in a sandbox that refuses the advice, the mapping itself does it. An access to each page would do it
        // too, but not in words of one width that a peer may be using.
        drop(map);
        Ok(Mapping::Whole(MmapOptions::new().len(len).populate().map_raw(file)?))
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

    fn len(&self) -> usize {
        match self {
            Mapping::Whole(map) => map.len(),
            Mapping::Sparse(sparse) => sparse.len,
        }
    }

    /// Leaves a hole in a forked child instead of the mapping.
    pub fn keep_out_of_forks(&self) -> io::Result<()> {
        self.advise(Advice::LinuxDontFork, 0, self.len())
    }

    /// Keeps it out of core dumps.
    pub fn keep_out_of_dumps(&self) -> io::Result<()> {
        self.advise(Advice::LinuxDontDump, 0, self.len())
    }

    /// Maps these bytes, whole pages that are allocated, at once.
    pub fn populate(&self, start: usize, len: usize) -> io::Result<()> {
        self.advise(Advice::LinuxPopulateWrite, start, len)
    }

    /// Tells the system something about whole pages. It must be advice that changes no byte of this process's mapping.
    fn advise(&self, advice: Advice, start: usize, len: usize) -> io::Result<()> {
        let end = start.checked_add(len).filter(|end| *end <= self.len());
        end.ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: the range lies in the mapping, and each caller's advice leaves its bytes as they are.
        unsafe { madvise(self.start().add(start).cast(), len, advice)? };
        Ok(())
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
}

impl Drop for Sparse {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and no address in it is used after this.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, memfd_create};

    use super::*;

    const LEN: usize = 8 << 20;

    /// A file of that many bytes, all of them memory.
    fn file() -> OwnedFd {
        let file = memfd_create(c"mapped", MemfdFlags::CLOEXEC).unwrap();
        fallocate(&file, FallocateFlags::empty(), 0, LEN as u64).unwrap();
        file
    }

    /// One of the numbers that the kernel tells of a mapping, in bytes.
    fn told(map: &Mapping, name: &str) -> usize {
        let text = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let first = format!("{:x}-", map.start().addr());
        let lines = text.lines().skip_while(|line| !line.starts_with(&first));
        let line = lines.skip(1).find_map(|line| line.strip_prefix(name)).expect("the kernel tells it");
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
    }

    #[test]
    fn pages_are_mapped_as_they_are_touched_or_all_at_once() {
        let file = file();
        let lazy = Mapping::whole(&file, LEN, Pages::default()).unwrap();
        assert_eq!(told(&lazy, "Rss:"), 0);
        let prefaulted = Mapping::whole(&file, LEN, Pages { prefault: true }).unwrap();
        assert_eq!(told(&prefaulted, "Rss:"), LEN);
        assert_eq!(told(&lazy, "Rss:"), 0, "it is for one mapping");
    }

    #[test]
    fn a_range_beyond_the_mapping_is_refused() {
        let map = Mapping::whole(&file(), LEN, Pages::default()).unwrap();
        for (start, len) in [(LEN, 4096), (4096, LEN), (usize::MAX, 4096)] {
            assert_eq!(map.populate(start, len).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}
