//! A piece of memory that several processes map: a sealed memory file and this process's mapping of it.
//!
//! It does not know what stands in the bytes and never looks at them; it hands out an address, not references.
//!
//! The creator sizes the file, has all its pages allocated and then seals its size, so that no process can make another
//! one's access fail with a signal: not by shrinking the file, and not because the system ran out of memory
//! later. Whoever opens the file checks those seals before it maps anything.

use std::{
    io, mem,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
};

use memmap2::{Advice, MmapOptions, MmapRaw};
use rustix::{
    fs::{self, FallocateFlags, MemfdFlags, Mode, SealFlags},
    io::Errno,
    process::{Resource, getrlimit},
};

use super::fork::Birthplace;

/// The seals of every segment: its size is final, and so are the seals.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// File system type of ordinary memory files. Those of huge pages have another one.
const TMPFS: u64 = 0x0102_1994;

/// Pages are asked for in portions of this size, so that a signal interrupts only one portion.
const PORTION: u64 = 64 << 20;

/// A sealed memory file, mapped.
pub(crate) struct Memory {
    /// None only while it is dropped.
    map: Option<MmapRaw>,
    base: NonNull<u8>,
    len: usize,
    file: OwnedFd,
    birthplace: Birthplace,
}

impl Memory {
    /// Makes zeroed memory of at least `len` bytes (whole pages), all of it allocated. Lack of memory, and a limit on
    /// file sizes that is too low, are errors here and not signals later.
    pub(crate) fn create(len: usize) -> io::Result<Memory> {
        let birthplace = Birthplace::here()?;
        let len = whole_pages(len)?;
        let size = u64::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        check_file_size_limit(size)?;
        check_available(len)?;
        let file = memory_file()?;
        fs::ftruncate(&file, size)?;
        allocate(&file, size)?;
        fs::fcntl_add_seals(&file, SEALS)?;
        Memory::map(file, len, birthplace)
    }

    /// Maps memory that another process created with the same `len`. Refuses whatever is not an ordinary memory file of
    /// exactly that size with exactly the seals that [`Memory::create`] sets.
    pub(crate) fn open(file: OwnedFd, len: usize) -> io::Result<Memory> {
        let birthplace = Birthplace::here()?;
        let len = whole_pages(len)?;
        let seals = fs::fcntl_get_seals(&file).map_err(|_| refused("the descriptor is not a memory file"))?;
        // Newer systems add the seal that forbids to make the file executable.
        if seals != SEALS && seals != SEALS.union(SealFlags::EXEC) {
            return Err(refused("the memory file is not sealed as it must be"));
        }
        // A hole punched into huge pages kills whoever touches it next, whatever the seals.
        if fs::fstatfs(&file)?.f_type as u64 != TMPFS {
            return Err(refused("the memory file is not of ordinary pages"));
        }
        if u64::try_from(fs::fstat(&file)?.st_size).ok() != u64::try_from(len).ok() {
            return Err(refused("the memory file has another size than announced"));
        }
        Memory::map(file, len, birthplace)
    }

    fn map(file: OwnedFd, len: usize, birthplace: Birthplace) -> io::Result<Memory> {
        let map = MmapOptions::new().len(len).map_raw(&file)?;
        // A forked child gets a hole instead of the mapping: it must not act under its parent's number.
        map.advise(Advice::DontFork)?;
        // A core dump need not hold the queue, and large ones delay the end of the process.
        map.advise(Advice::DontDump)?;
        let base = NonNull::new(map.as_mut_ptr()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Memory { map: Some(map), base, len, file, birthplace })
    }

    /// Address of the first byte. Valid for [`Memory::len`] bytes while this lives, in the process that made it.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Length of the mapping in bytes: what was asked for, rounded up to whole pages.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The memory file, to be sent to another process.
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

/// `len` rounded up to whole pages; nothing and too much are errors.
fn whole_pages(len: usize) -> io::Result<usize> {
    let len = len.checked_next_multiple_of(rustix::param::page_size());
    // No object of a program may be larger than `isize::MAX`.
    match len {
        Some(0) => Err(io::ErrorKind::InvalidInput.into()),
        Some(len) if isize::try_from(len).is_ok() => Ok(len),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Growing a file beyond this limit would kill the process by SIGXFSZ before any error could be seen.
fn check_file_size_limit(size: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if size > limit => Err(io::ErrorKind::FileTooLarge.into()),
        _ => Ok(()),
    }
}

/// Refuses what the system obviously does not have, before pages are taken one by one until it looks for a victim.
///
/// The question is put as a private mapping of that size, which the kernel judges by its own rules and which is gone
/// again at once.
fn check_available(len: usize) -> io::Result<()> {
    MmapOptions::new().len(len).map_anon().map(drop)
}

/// A new memory file of length 0 that can be sealed, is closed on exec and can never be executed.
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

/// Has the system allocate every page now.
fn allocate(file: &OwnedFd, size: u64) -> io::Result<()> {
    let mut done = 0;
    while done < size {
        let portion = PORTION.min(size - done);
        match fs::fallocate(file, FallocateFlags::empty(), done, portion) {
            Ok(()) => done += portion,
            // A signal came: the portion was given back.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
