//! A file mapped into this process, for reading and writing, shared with all that map it.
//!
//! A process may have said that all it maps is to be locked in memory (`mlockall`). Then the system makes a sparse file memory as a
//! whole when it is mapped. So such a file is mapped without access at first, for that makes nothing memory; then it is unlocked,
//! and then made accessible.
//!
//! Huge pages are transparent ones. The others, of `hugetlbfs`, are not for shared memory whose members do not trust each other: a member
//! can punch a hole, and the next access there ends another process by a signal if no page of that kind is left.
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
use rustix::{
    fs::{FallocateFlags, fallocate},
    mm::{
        Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, munlock, munmap,
    },
};

/// How this process maps a file whose pages are all allocated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Pages {
    /// Whether all of them are mapped with the file, and not each as it is touched first.
    pub prefault: bool,
    /// Whether they are huge, where the system has such pages.
    pub huge: bool,
}

/// A mapping of a whole file.
pub(super) enum Mapping {
    /// All of the file is memory, and it is mapped anywhere.
    Anywhere(MmapRaw),
    /// Most of it is not, or it is mapped where huge pages can be.
    ByHand(ByHand),
}

impl Mapping {
    /// Has the system make a file of huge pages, as far as it has them. The file must have its length and no pages yet: then this takes
    /// less time than to allocate those.
    pub fn gather(file: &OwnedFd, len: usize) {
        let Some(huge) = huge_page_within(len) else { return };
        let Ok(map) = ByHand::aligned(file, len, huge, MapFlags::empty()) else { return };
        let map = Mapping::ByHand(map);
        if map.keep_out_of_forks().is_err() {
            return;
        }
        let page = rustix::param::page_size() as u64;
        let all = len / huge * huge;
        // It gathers only where there is a page.
        if (0..all).step_by(huge).all(|at| fallocate(file, FallocateFlags::empty(), at as u64, page).is_ok())
        {
            map.collapse(all);
        }
    }

    /// Maps a file whose pages are allocated. The caller keeps it out of forks.
    pub fn whole(file: &OwnedFd, len: usize, pages: Pages) -> io::Result<Mapping> {
        let map = Mapping::of_pages(file, len, pages.huge, false)?;
        if !pages.prefault {
            return Ok(map);
        }
        // Before the pages come, which takes its time: a child forked meanwhile would keep them.
        map.keep_out_of_forks()?;
        if map.populate(0, len).is_ok() {
            return Ok(map);
        }
        // Before Linux 5.14, and in a sandbox that refuses the advice, the mapping itself does it. An access to each page would do it
        // too, but not in words of one width that a peer may be using.
        drop(map);
        Mapping::of_pages(file, len, pages.huge, true)
    }

    /// Maps a file by huge pages, if that is asked for and possible, else anywhere.
    fn of_pages(file: &OwnedFd, len: usize, huge: bool, populate: bool) -> io::Result<Mapping> {
        let flags = if populate { MapFlags::POPULATE } else { MapFlags::empty() };
        if huge
            && let Some(huge) = huge_page_within(len)
            && let Ok(map) = ByHand::aligned(file, len, huge, flags)
        {
            let map = Mapping::ByHand(map);
            // Where the file has small pages, the system gathers them in time, if its setting lets it.
            let _ = map.advise(Advice::LinuxHugepage, 0, len);
            return Ok(map);
        }
        let mut options = MmapOptions::new();
        let options = if populate { options.populate() } else { &mut options };
        Ok(Mapping::Anywhere(options.len(len).map_raw(file)?))
    }

    /// Maps a file of which most pages are not allocated, and allocates none.
    pub fn sparse(file: &OwnedFd, len: usize) -> io::Result<Mapping> {
        let sparse = ByHand::without_access(file, len)?;
        // SAFETY: it is this mapping, which nothing refers to yet. Unlocking changes no byte; a mapping that is not locked stays so.
        let _ = unsafe { munlock(sparse.start.as_ptr().cast(), len) };
        // SAFETY: as above; the file is open for reading and writing.
        unsafe {
            mprotect(sparse.start.as_ptr().cast(), len, MprotectFlags::READ.union(MprotectFlags::WRITE))?;
        }
        Ok(Mapping::ByHand(sparse))
    }

    /// Returns the address of the first byte.
    pub fn start(&self) -> *mut u8 {
        match self {
            Mapping::Anywhere(map) => map.as_mut_ptr(),
            Mapping::ByHand(map) => map.start.as_ptr(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Mapping::Anywhere(map) => map.len(),
            Mapping::ByHand(map) => map.len,
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

    /// Gathers the first pages of the file into huge ones.
    fn collapse(&self, len: usize) {
        /// As the kernel numbers it since Linux 6.1, on all machines. No crate has a name for it yet.
        const COLLAPSE: libc::c_int = 25;
        debug_assert!(len <= self.len());
        // SAFETY: the range lies in the mapping, and the advice leaves its bytes as they are.
        let _ = unsafe { libc::madvise(self.start().cast(), len, COLLAPSE) };
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

/// Returns the bytes of a huge page, if the system has such pages and one fits that many bytes.
fn huge_page_within(len: usize) -> Option<usize> {
    let size = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size").ok()?;
    let size = size.trim().parse::<usize>().ok()?;
    (size.is_power_of_two() && (rustix::param::page_size()..=len).contains(&size)).then_some(size)
}

/// A mapping that was made by hand.
pub(super) struct ByHand {
    start: NonNull<u8>,
    len: usize,
    /// The addresses that were reserved for it, and how many.
    reserved: (NonNull<u8>, usize),
}

impl ByHand {
    /// Maps a file anywhere, so that it cannot be accessed yet.
    fn without_access(file: &OwnedFd, len: usize) -> io::Result<ByHand> {
        // SAFETY: the system chooses the place, so nothing else is mapped there.
        let start = unsafe { mmap(null_mut(), len, ProtFlags::empty(), MapFlags::SHARED, file.as_fd(), 0)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(ByHand { start, len, reserved: (start, len) })
    }

    /// Maps a file at a multiple of `align`, a power of two.
    fn aligned(file: &OwnedFd, len: usize, align: usize, flags: MapFlags) -> io::Result<ByHand> {
        let room = len.checked_add(align).ok_or(io::ErrorKind::OutOfMemory)?;
        let reserve = MapFlags::PRIVATE.union(MapFlags::NORESERVE);
        // SAFETY: the system chooses the place, so nothing else is mapped there.
        let first = unsafe { mmap_anonymous(null_mut(), room, ProtFlags::empty(), reserve)? };
        let first = NonNull::new(first.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let skip = first.addr().get().wrapping_neg() % align;
        // SAFETY: fewer bytes than `align` are skipped, so this is inside of what is reserved.
        let start = unsafe { first.add(skip) };
        let map = ByHand { start, len, reserved: (first, room) };
        let flags = flags.union(MapFlags::SHARED).union(MapFlags::FIXED);
        let access = ProtFlags::READ.union(ProtFlags::WRITE);
        // SAFETY: the range is inside of what this has reserved, and nothing refers to it yet.
        unsafe { mmap(start.as_ptr().cast(), len, access, flags, file.as_fd(), 0)? };
        Ok(map)
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let (first, room) = self.reserved;
        // SAFETY: all of it was reserved by this one, and no address in it is used after this.
        let _ = unsafe { munmap(first.as_ptr().cast(), room) };
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

    use super::*;

    const LEN: usize = 8 << 20;

    /// A file of that many bytes, all of them memory.
    fn file(huge: bool) -> OwnedFd {
        let file = memfd_create(c"mapped", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, LEN as u64).unwrap();
        if huge {
            Mapping::gather(&file, LEN);
        }
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
        let file = file(false);
        let lazy = Mapping::whole(&file, LEN, Pages::default()).unwrap();
        assert_eq!(told(&lazy, "Rss:"), 0);
        let prefaulted = Mapping::whole(&file, LEN, Pages { prefault: true, huge: false }).unwrap();
        assert_eq!(told(&prefaulted, "Rss:"), LEN);
        assert_eq!(told(&lazy, "Rss:"), 0, "it is for one mapping");
    }

    /// How many of them the system has depends on it; `tests/processes/extensions/pages.rs` counts what they save.
    #[test]
    fn all_is_mapped_whether_the_system_has_huge_pages_or_not() {
        for huge in [(false, true), (true, false), (true, true)] {
            let map = Mapping::whole(&file(huge.0), LEN, Pages { prefault: true, huge: huge.1 }).unwrap();
            assert_eq!(told(&map, "Rss:"), LEN);
        }
    }

    #[test]
    fn an_aligned_mapping_shows_the_file_from_its_first_byte() {
        const ALIGN: usize = 1 << 24;
        let file = file(false);
        rustix::io::pwrite(&file, b"first", 0).unwrap();
        rustix::io::pwrite(&file, b"last", LEN as u64 - 4).unwrap();
        for flags in [MapFlags::empty(), MapFlags::POPULATE] {
            let map = Mapping::ByHand(ByHand::aligned(&file, LEN, ALIGN, flags).unwrap());
            assert_eq!(map.start().addr() % ALIGN, 0);
            let copy = |at: usize| {
                // SAFETY: the byte lies in the mapping, and nothing writes to the file.
                unsafe { map.start().add(at).read_volatile() }
            };
            assert_eq!([copy(0), copy(4), copy(LEN - 4), copy(LEN - 1)], *b"ftlt");
        }
    }

    #[test]
    fn a_range_beyond_the_mapping_is_refused() {
        let map = Mapping::whole(&file(false), LEN, Pages::default()).unwrap();
        for (start, len) in [(LEN, 4096), (4096, LEN), (usize::MAX, 4096)] {
            assert_eq!(map.populate(start, len).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}
