//! Shared memory: a sealed memory file (`memfd`), and this process's mapping of it.
//!
//! It does not know what stands in the bytes and never looks at them; it hands out an address, not references.
//!
//! The creator sizes the file, has all its pages allocated and then seals its size. So no process can make an access of another one
//! fail with a signal by shrinking the file, and no access fails because the system ran out of memory later. A process that opens
//! the file checks those seals before it maps it.
//!
//! # Safety
//!
//! Unsafe here is the promise that the address may be known to several threads.
#![allow(unsafe_code)]

use std::{
    io, mem,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
};

use rustix::{
    fs::{self, FallocateFlags, MemfdFlags, Mode, SealFlags},
    io::Errno,
    process::{Resource, getrlimit},
};

pub(crate) use super::mapping::Pages;
use super::{
    available::{self, Approved},
    fork::Birthplace,
    mapping::Mapping,
};

/// The seals of every segment: its size is final, and so are the seals.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// File system type of ordinary memory files. Those of huge pages have another one.
const TMPFS: u64 = 0x0102_1994;

/// The most bytes of pages that are asked for at once.
const PORTION: u64 = 64 << 20;

/// What new memory files may take.
static OF_NEW_ONES: Approved = Approved::none();

/// A sealed memory file, mapped.
pub(crate) struct Memory {
    /// None only while it is dropped.
    map: Option<Mapping>,
    base: NonNull<u8>,
    len: usize,
    file: OwnedFd,
    birthplace: Birthplace,
    /// Bytes that may be allocated before it is asked again how many the system has.
    approved: Approved,
}

// SAFETY: the address is only handed out, never followed here, and the mapping it leads to belongs to the process and not
// to a thread. Code that follows it argues itself what threads may do there.
unsafe impl Send for Memory {}
// SAFETY: as above; nothing in it changes behind a shared reference.
unsafe impl Sync for Memory {}

impl Memory {
    /// Makes zeroed memory of at least `len` bytes (whole pages), with the first `allocated` of it allocated. Lack of memory, and a
    /// limit on file sizes that is too low, are errors here and not signals later. `pages`: how it is mapped if all of it is allocated.
    pub(crate) fn create(allocated: usize, len: usize, pages: Pages) -> io::Result<Memory> {
        let birthplace = Birthplace::here()?;
        let (allocated, len) = (whole_pages(allocated)?, whole_pages(len)?);
        let size = u64::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        available::check_file_size_limit(size)?;
        if allocated < len {
            available::check_overcommit()?;
        }
        OF_NEW_ONES.take(allocated as u64)?;
        let file = memory_file()?;
        fs::ftruncate(&file, size)?;
        if pages.huge && allocated == len {
            Mapping::gather(&file, len);
        }
        allocate(allocated as u64, |offset, len| fs::fallocate(&file, FallocateFlags::empty(), offset, len))?;
        fs::fcntl_add_seals(&file, SEALS)?;
        Memory::map(file, len, (allocated == len).then_some(pages), birthplace)
    }

    /// Maps memory that another process created with the same `len`. Refuses whatever is not an ordinary memory file of
    /// exactly that size with exactly the seals that [`Memory::create`] sets. `allocated` is what it was created with, `pages` how it is
    /// mapped if that is all of it.
    pub(crate) fn open(file: OwnedFd, allocated: usize, len: usize, pages: Pages) -> io::Result<Memory> {
        let birthplace = Birthplace::here()?;
        let (allocated, len) = (whole_pages(allocated)?, whole_pages(len)?);
        let seals = fs::fcntl_get_seals(&file).map_err(|_| refused("the descriptor is not a memory file"))?;
        // Newer systems add the seal that forbids to make the file executable.
        if seals != SEALS && seals != SEALS.union(SealFlags::EXEC) {
            return Err(refused("the memory file is not sealed as it must be"));
        }
        // A hole punched into huge pages kills the process that touches it next, whatever the seals.
        if fs::fstatfs(&file)?.f_type as u64 != TMPFS {
            return Err(refused("the memory file is not of ordinary pages"));
        }
        let status = fs::fstat(&file)?;
        if u64::try_from(status.st_size).ok() != u64::try_from(len).ok() {
            return Err(refused("the memory file has another size than announced"));
        }
        // Else this process would allocate what the other one has not, page by page or, with `prefault`, all at once.
        if (status.st_blocks as u64).saturating_mul(512) < allocated as u64 {
            return Err(refused("the memory file is not allocated as it must be"));
        }
        Memory::map(file, len, (allocated == len).then_some(pages), birthplace)
    }

    /// Maps the file. `pages`: how, unless the file is sparse.
    fn map(file: OwnedFd, len: usize, pages: Option<Pages>, birthplace: Birthplace) -> io::Result<Memory> {
        let map = match pages {
            Some(pages) => Mapping::whole(&file, len, pages),
            None => Mapping::sparse(&file, len),
        };
        let map = map.map_err(|error| cannot_map(error, len))?;
        // A forked child gets a hole instead of the mapping: it must not act under its parent's number.
        map.keep_out_of_forks()?;
        // A core dump need not hold the queue, and large ones delay the end of the process. It works with them too.
        let _ = map.keep_out_of_dumps();
        let base = NonNull::new(map.start()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Memory { map: Some(map), base, len, file, birthplace, approved: Approved::none() })
    }

    /// Returns the address of the first byte. Valid for [`Memory::len`] bytes while this lives, in the process that made it.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Returns the length of the mapping in bytes: what was asked for, rounded up to whole pages.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Allocates these bytes, whole pages. What is allocated already stays as it is.
    pub(crate) fn allocate(&self, start: u64, len: u64) -> io::Result<()> {
        self.approved.take(len)?;
        allocate(len, |offset, len| fs::fallocate(&self.file, FallocateFlags::empty(), start + offset, len))
    }

    /// Maps these bytes, whole pages that are allocated, at once. Before Linux 5.14 they are mapped page by page, as they are touched.
    pub(crate) fn prepare(&self, start: u64, len: u64) {
        if let (Some(map), Ok(start), Ok(len)) = (&self.map, usize::try_from(start), usize::try_from(len)) {
            let _ = map.populate(start, len);
        }
    }

    /// Gives these bytes, whole pages, back to the system; they read as zeros then. If the system refuses that, they stay.
    pub(crate) fn give_back(&self, start: u64, len: u64) {
        let flags = FallocateFlags::PUNCH_HOLE.union(FallocateFlags::KEEP_SIZE);
        let _ = fs::fallocate(&self.file, flags, start, len);
    }

    /// Returns the bytes that are allocated now.
    pub(crate) fn in_use(&self) -> u64 {
        fs::fstat(&self.file).map_or(0, |file| u64::try_from(file.st_blocks).unwrap_or(0).saturating_mul(512))
    }

    /// Returns the memory file, to be sent to another process.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let map = self.map.take();
        if !self.birthplace.is_here() {
            // In a forked child the mapping was never there, and its addresses may hold something else by now.
            mem::forget(map);
        }
    }
}

/// Returns the bytes of a page, the unit in which memory comes and goes.
pub(crate) fn page_size() -> u32 {
    u32::try_from(rustix::param::page_size()).unwrap_or(u32::MAX)
}

/// Rounds `len` up to whole pages; nothing and too much are errors.
fn whole_pages(len: usize) -> io::Result<usize> {
    let len = len.checked_next_multiple_of(rustix::param::page_size());
    // No object of a program may be larger than `isize::MAX`.
    match len {
        Some(0) => Err(io::ErrorKind::InvalidInput.into()),
        Some(len) if isize::try_from(len).is_ok() => Ok(len),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Makes a memory file of length 0 that can be sealed, is closed on exec and can never be executed.
fn memory_file() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC.union(MemfdFlags::ALLOW_SEALING);
    let file = match fs::memfd_create(c"shmpsc", flags.union(MemfdFlags::NOEXEC_SEAL)) {
        // Before Linux 6.3 there is no such flag.
        Err(Errno::INVAL) => fs::memfd_create(c"shmpsc", flags)?,
        other => other?,
    };
    fs::fchmod(&file, Mode::RUSR.union(Mode::WUSR))?;
    Ok(file)
}

/// Has the system allocate every page now: `ask` is called for one portion after the other, with its offset and length.
///
/// Before Linux 6.11 any signal ends the call for a portion, and the pages of that portion are given back. So a portion that a
/// signal ended is halved, down to a page, and one that came through is doubled: however often signals come, pages stay.
fn allocate(size: u64, mut ask: impl FnMut(u64, u64) -> Result<(), Errno>) -> io::Result<()> {
    let page = rustix::param::page_size() as u64;
    let (mut done, mut portion) = (0, PORTION);
    while done < size {
        let len = portion.min(size - done);
        match ask(done, len) {
            Ok(()) => {
                done += len;
                portion = (portion * 2).min(PORTION);
            }
            // `size` is whole pages, and so is each half of what was asked for.
            Err(Errno::INTR) => portion = (len.next_power_of_two() / 2).max(page),
            // It is no disk that is full.
            Err(Errno::NOSPC) => {
                let what = format!(
                    "the system has no more memory for the {size} bytes that are needed; ask for less"
                );
                return Err(io::Error::new(io::ErrorKind::OutOfMemory, what));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Names the limit that kept this process from mapping `len` bytes, where the error of the system does not.
fn cannot_map(error: io::Error, len: usize) -> io::Error {
    let (limit, name, of) = match error.raw_os_error() {
        // `mlockall` makes each new mapping count as locked. The error of the system says "try again".
        Some(libc::EAGAIN) => {
            (Resource::Memlock, "RLIMIT_MEMLOCK", "locked memory, and locks all that it maps")
        }
        Some(libc::ENOMEM) => (Resource::As, "RLIMIT_AS", "addresses"),
        _ => return error,
    };
    let Some(most) = getrlimit(limit).current else { return io::ErrorKind::OutOfMemory.into() };
    let what = format!(
        "{len} bytes of memory could not be mapped: this process may have {most} bytes of {of}; ask for less or raise {name}"
    );
    io::Error::new(io::ErrorKind::OutOfMemory, what)
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Rlimit, setrlimit};

    use super::*;
    use crate::sys::tests::is_own_process;

    fn copy(memory: &Memory) -> OwnedFd {
        memory.fd().try_clone_to_owned().unwrap()
    }

    fn unsealed(size: u64) -> OwnedFd {
        let file = memory_file().unwrap();
        fs::fallocate(&file, FallocateFlags::empty(), 0, size).unwrap();
        file
    }

    fn why(result: io::Result<Memory>) -> io::ErrorKind {
        result.map(|memory| memory.len()).unwrap_err().kind()
    }

    #[test]
    fn lengths_are_whole_pages_and_all_of_them_allocated() {
        let page = rustix::param::page_size();
        let memory = Memory::create(page + 1, page + 1, Pages::default()).unwrap();
        assert_eq!(memory.len(), 2 * page);
        assert_eq!(memory.base().as_ptr().addr() % page, 0);
        let stat = fs::fstat(memory.fd()).unwrap();
        assert_eq!(stat.st_size as usize, 2 * page);
        assert!(stat.st_blocks as usize * 512 >= 2 * page);
        assert_eq!(stat.st_mode & 0o777, 0o600);
        assert!(rustix::io::fcntl_getfd(memory.fd()).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn the_size_cannot_be_changed_and_the_seals_neither() {
        let memory = Memory::create(100, 100, Pages::default()).unwrap();
        let size = memory.len() as u64;
        assert_eq!(fs::ftruncate(memory.fd(), 0), Err(Errno::PERM));
        assert_eq!(fs::ftruncate(memory.fd(), size * 2), Err(Errno::PERM));
        assert_eq!(fs::fallocate(memory.fd(), FallocateFlags::empty(), size, 1), Err(Errno::PERM));
        assert_eq!(fs::fcntl_add_seals(memory.fd(), SealFlags::WRITE), Err(Errno::PERM));
    }

    #[test]
    fn what_create_made_can_be_opened_with_the_same_length() {
        let memory = Memory::create(100, 100, Pages::default()).unwrap();
        let again = Memory::open(copy(&memory), 100, 100, Pages::default()).unwrap();
        assert_eq!(again.len(), memory.len());
        assert_ne!(again.base(), memory.base());
    }

    #[test]
    fn open_refuses_other_sizes() {
        let memory = Memory::create(100, 100, Pages::default()).unwrap();
        for len in [memory.len() + 1, 2 * memory.len()] {
            assert_eq!(
                why(Memory::open(copy(&memory), len, len, Pages::default())),
                io::ErrorKind::InvalidData
            );
        }
        assert_eq!(why(Memory::open(copy(&memory), 0, 0, Pages::default())), io::ErrorKind::InvalidInput);
        assert_eq!(
            why(Memory::open(copy(&memory), usize::MAX, usize::MAX, Pages::default())),
            io::ErrorKind::FileTooLarge
        );
    }

    #[test]
    fn open_refuses_every_other_set_of_seals() {
        let page = rustix::param::page_size();
        let all = [SealFlags::SEAL, SealFlags::SHRINK, SealFlags::GROW, SealFlags::WRITE];
        for set in 0..1 << all.len() {
            let file = unsealed(page as u64);
            let seals = (0..all.len())
                .filter(|bit| set & (1 << bit) != 0)
                .fold(SealFlags::empty(), |sum, bit| sum | all[bit]);
            fs::fcntl_add_seals(&file, seals).unwrap();
            let opened = Memory::open(file, page, page, Pages::default());
            match seals == SEALS {
                true => assert!(opened.is_ok()),
                false => assert_eq!(why(opened), io::ErrorKind::InvalidData, "{seals:?}"),
            }
        }
    }

    #[test]
    fn open_accepts_a_file_of_a_system_without_the_exec_seal() {
        let page = rustix::param::page_size();
        let file = fs::memfd_create(c"old", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        fs::fallocate(&file, FallocateFlags::empty(), 0, page as u64).unwrap();
        fs::fcntl_add_seals(&file, SEALS).unwrap();
        assert_eq!(fs::fcntl_get_seals(&file), Ok(SEALS));
        assert!(Memory::open(file, page, page, Pages::default()).is_ok());
    }

    #[test]
    fn open_refuses_what_is_not_allocated() {
        let page = rustix::param::page_size();
        let file = unsealed(page as u64);
        fs::ftruncate(&file, 2 * page as u64).unwrap();
        fs::fcntl_add_seals(&file, SEALS).unwrap();
        let opened = Memory::open(file.try_clone().unwrap(), 2 * page, 2 * page, Pages::default());
        assert_eq!(why(opened), io::ErrorKind::InvalidData);
        assert!(
            Memory::open(file, page, 2 * page, Pages::default()).is_ok(),
            "a file may be sparse behind that"
        );
    }

    #[test]
    fn open_refuses_huge_pages() {
        let flags =
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB;
        // Not every kernel has them; that none are free does not matter here.
        let Ok(file) = fs::memfd_create(c"huge", flags) else { return };
        fs::ftruncate(&file, 2 << 20).unwrap();
        fs::fcntl_add_seals(&file, SEALS).unwrap();
        let error =
            Memory::open(file, 2 << 20, 2 << 20, Pages::default()).map(|memory| memory.len()).unwrap_err();
        assert!(error.to_string().contains("ordinary pages"), "{error}");
    }

    #[test]
    fn open_refuses_what_is_not_a_memory_file() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(rustix::param::page_size() as u64).unwrap();
        assert_eq!(why(Memory::open(file.into(), 1, 1, Pages::default())), io::ErrorKind::InvalidData);
        let (pipe, _other) = std::io::pipe().unwrap();
        assert_eq!(why(Memory::open(pipe.into(), 1, 1, Pages::default())), io::ErrorKind::InvalidData);
    }

    #[test]
    fn more_than_the_machine_has_is_an_error() {
        assert_eq!(why(Memory::create(0, 0, Pages::default())), io::ErrorKind::InvalidInput);
        assert_eq!(why(Memory::create(1 << 46, 1 << 46, Pages::default())), io::ErrorKind::OutOfMemory);
        assert_eq!(
            why(Memory::create(usize::MAX, usize::MAX, Pages::default())),
            io::ErrorKind::FileTooLarge
        );
        assert_eq!(
            why(Memory::create(isize::MAX as usize, isize::MAX as usize, Pages::default())),
            io::ErrorKind::FileTooLarge
        );
    }

    /// Allocates so many pages where `ends` says which portion a signal ends. The portions that came through, in pages.
    fn allocated(pages: u64, mut ends: impl FnMut(u64) -> bool) -> Vec<u64> {
        let page = rustix::param::page_size() as u64;
        let mut portions = Vec::new();
        allocate(pages * page, |offset, len| {
            assert_eq!(offset, portions.iter().sum::<u64>() * page, "nothing twice, nothing left out");
            assert_eq!(len % page, 0);
            if ends(len / page) {
                return Err(Errno::INTR);
            }
            portions.push(len / page);
            Ok(())
        })
        .unwrap();
        assert_eq!(portions.iter().sum::<u64>(), pages);
        portions
    }

    #[test]
    fn a_portion_that_a_signal_ends_is_asked_for_in_smaller_ones() {
        assert_eq!(allocated(7, |_| false), [7]);
        assert_eq!(allocated(7, |pages| pages > 2), [2, 2, 2, 1]);
        assert_eq!(allocated(5, |pages| pages > 1), [1; 5]);
        let mut signals = 100;
        let few = allocated(50_000, |_| {
            signals -= i32::from(signals > 0);
            signals > 0
        });
        assert!(few.len() < 25, "portions grow again: {few:?}");
    }

    #[test]
    fn a_sparse_file_takes_memory_only_where_it_is_asked_for() {
        let page = rustix::param::page_size() as u64;
        let memory = Memory::create(1, 1 << 30, Pages::default()).unwrap();
        assert_eq!(memory.in_use(), page);
        memory.allocate(16 * page, 4 * page).unwrap();
        memory.prepare(16 * page, 4 * page);
        assert_eq!(memory.in_use(), 5 * page);
        let other = Memory::open(copy(&memory), 1, 1 << 30, Pages::default()).unwrap();
        assert_eq!(other.in_use(), 5 * page, "to map it takes none");
        other.give_back(16 * page, 3 * page);
        assert_eq!(memory.in_use(), 2 * page);
    }

    #[test]
    fn a_sparse_file_stays_sparse_in_a_process_that_locks_all() {
        let name = "sys::memory::tests::a_sparse_file_stays_sparse_in_a_process_that_locks_all";
        if !is_own_process(name) {
            return;
        }
        rustix::mm::mlockall(rustix::mm::MlockAllFlags::FUTURE).unwrap();
        // Where the limit is low it cannot be mapped, and says why.
        let Ok(memory) = Memory::create(1, 256 << 20, Pages::default()) else { return };
        let again = Memory::open(copy(&memory), 1, 256 << 20, Pages::default()).unwrap();
        assert_eq!(again.in_use(), rustix::param::page_size() as u64);
    }

    #[test]
    fn a_full_memory_is_not_called_a_full_disk() {
        let error = allocate(1, |_, _| Err(Errno::NOSPC)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
    }

    #[test]
    fn a_limit_on_file_sizes_is_an_error_and_not_a_signal() {
        if !is_own_process("sys::memory::tests::a_limit_on_file_sizes_is_an_error_and_not_a_signal") {
            return;
        }
        let limit = 1 << 20;
        setrlimit(Resource::Fsize, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
        assert_eq!(
            why(Memory::create((1 << 20) + 1, (1 << 20) + 1, Pages::default())),
            io::ErrorKind::FileTooLarge
        );
        assert!(Memory::create(1 << 20, 1 << 20, Pages::default()).is_ok());
    }

    #[test]
    fn a_limit_on_address_space_is_an_error() {
        if !is_own_process("sys::memory::tests::a_limit_on_address_space_is_an_error") {
            return;
        }
        let limit = 256 << 20;
        setrlimit(Resource::As, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
        assert_eq!(why(Memory::create(256 << 20, 256 << 20, Pages::default())), io::ErrorKind::OutOfMemory);
    }
}
