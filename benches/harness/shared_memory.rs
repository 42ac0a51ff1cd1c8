//! Bare shared memory for the bare ring: one mapping that parent and child have in common for the whole run.
//!
//! shmpsc does not use it; it makes its own segments.

use std::{
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
};

use memmap2::{MmapOptions, MmapRaw};
use rustix::{
    fs::{MemfdFlags, ftruncate, memfd_create},
    io::{FdFlags, fcntl_setfd},
};

/// Room for one ring: its indices, and 1024 values of 4096 bytes with a word each.
const RING: usize = 5 << 20;
/// One ring each way.
const RINGS: usize = 2;
/// Where the word of all processes lies, and the length of everything.
const WORD: usize = RING * RINGS;
const LENGTH: usize = WORD + 4096;

/// The shared mapping.
#[derive(Clone)]
pub(crate) struct SharedMemory {
    file: Arc<OwnedFd>,
    map: Arc<MmapRaw>,
}

impl SharedMemory {
    /// New memory whose descriptor a child inherits through exec.
    pub(crate) fn create() -> Self {
        let file = memfd_create("shmpsc-bench", MemfdFlags::CLOEXEC).expect("a memfd");
        ftruncate(&file, LENGTH as u64).expect("room for the rings");
        fcntl_setfd(&file, FdFlags::empty()).expect("an inherited descriptor");
        Self::map(file)
    }

    /// The memory that the parent created.
    pub(crate) fn inherited(descriptor: RawFd) -> Self {
        // SAFETY: the parent left exactly this descriptor open for us, and the child's `main` asks only once.
        Self::map(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }

    fn map(file: OwnedFd) -> Self {
        let map = MmapOptions::new().len(LENGTH).map_raw(&file).expect("a shared mapping");
        Self { file: file.into(), map: map.into() }
    }

    /// The number under which a child finds it.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Start and length of ring 0 or 1, page-aligned.
    pub(crate) fn ring(&self, index: usize) -> (NonNull<u8>, usize) {
        assert!(index < RINGS);
        let start = self.map.as_mut_ptr().wrapping_add(index * RING);
        (NonNull::new(start).expect("a mapping is not at zero"), RING)
    }

    /// Returns one word, at first 0, that all processes may use as they agree.
    pub(crate) fn word(&self) -> &AtomicU64 {
        // SAFETY: it lies within the mapping, on a page of its own, and is accessed as an atomic by all processes.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().wrapping_add(WORD).cast()) }
    }

    /// Returns another word, at first 0, on which processes may sleep.
    pub(crate) fn gate(&self) -> &AtomicU32 {
        // SAFETY: as `word`, on another cache line of its page.
        unsafe { AtomicU32::from_ptr(self.map.as_mut_ptr().wrapping_add(WORD + 128).cast()) }
    }
}
