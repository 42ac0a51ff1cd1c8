//! Detection of `fork`: whether this still is the process in which a thing was made, or a child that `fork` copied it into.
//!
//! It is not a process identity for others: a [`Birthplace`] means something only in its own address space.
//!
//! One private page of memory is marked to be wiped on fork (`MADV_WIPEONFORK`). The kernel does that for every way of forking, also
//! for those that pass by the C library's hooks. The page holds a number, which differs for each process along a line of forks. A thing
//! that was made in this process bears the same number; a thing that was inherited does not.
//!
//! # Safety
//!
//! The page is mapped once, never unmapped, and touched only as one atomic word at its beginning. So a pointer
//! that was published in [`PAGE`] can be dereferenced for as long as the process lives, and in its children too: the
//! kernel wipes the page there, it does not unmap it. What a [`PerProcess`] publishes is leaked in the same way.
#![allow(unsafe_code)]

use std::{io, mem, ptr};

use memmap2::MmapOptions;
use rustix::mm::{Advice, madvise};

use crate::sync::{AtomicPtr, AtomicU32, Ordering};

/// The wiped page, or null before the first [`Birthplace`].
static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// The number for the next process: plain memory, so a child goes on where its parent was and repeats none.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The process in which a thing was made: its number, and where the number of the present process stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birthplace {
    number: u32,
    word: &'static AtomicU32,
}

impl Birthplace {
    /// Returns this process. Fails if the system has no memory for the page that is needed once.
    pub(crate) fn here() -> io::Result<Birthplace> {
        let word = match current() {
            Some(word) => word,
            None => make()?,
        };
        let number = word.load(Ordering::Relaxed);
        if number != 0 {
            return Ok(Birthplace { number, word });
        }
        // ORDERING: Relaxed, the numbers guard no memory: each is compared with itself only.
        let mut fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        while fresh == 0 || fresh == SHUT {
            fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        // A thread that was quicker has named this process already, and its name stays.
        match word.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Ok(Birthplace { number: fresh, word }),
            Err(number) => Ok(Birthplace { number, word }),
        }
    }

    /// Returns whether this is that process: false in a child that `fork` made, even after it made things of its own.
    #[inline(always)]
    pub(crate) fn is_here(self) -> bool {
        // ORDERING: Relaxed, only the kernel and this process's first `here` write the word, both before any `Birthplace` of this
        // process exists.
        self.word.load(Ordering::Relaxed) == self.number
    }
}

/// A gate in the process in which it was made, until it is shut for good. In a forked child it is shut from the beginning.
pub(crate) struct Gate {
    birthplace: Birthplace,
    /// The number of the birthplace, or [`SHUT`].
    open_in: AtomicU32,
}

/// The number of no process.
const SHUT: u32 = u32::MAX;

impl Gate {
    /// Makes a gate that is open in this process.
    pub(crate) fn new(birthplace: Birthplace) -> Gate {
        Gate { birthplace, open_in: AtomicU32::new(birthplace.number) }
    }

    /// Returns whether this is the process in which it was made, and it was not shut.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        // ORDERING: Relaxed: see `is_here`. The caller of `shut` says what is read on the strength of that.
        self.birthplace.word.load(Ordering::Relaxed) == self.open_in.load(Ordering::Relaxed)
    }

    /// Returns whether it was shut, here or in a process that this one was forked from.
    #[inline(always)]
    pub(crate) fn is_shut(&self) -> bool {
        self.open_in.load(Ordering::Relaxed) == SHUT // ORDERING: see `is_open`.
    }

    /// Shuts it in this process.
    pub(crate) fn shut(&self) {
        self.open_in.store(SHUT, Ordering::Relaxed); // ORDERING: see `is_open`.
    }
}

/// One thing for each process along a line of forks: a child does not use its parent's, it makes one of its own. It is
/// made at the first use and never dropped.
pub(crate) struct PerProcess<T: 'static> {
    current: AtomicPtr<OfProcess<T>>,
}

struct OfProcess<T> {
    birthplace: Birthplace,
    thing: T,
}

impl<T: Send + Sync + 'static> PerProcess<T> {
    /// Makes an empty one.
    pub(crate) const fn new() -> PerProcess<T> {
        PerProcess { current: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Returns this process's thing. Two threads that come first at once may both call `make`; one result is dropped.
    ///
    /// No lock is held meanwhile: a child forked in the middle could never take it.
    pub(crate) fn get(&'static self, make: impl Fn() -> io::Result<T>) -> io::Result<&'static T> {
        loop {
            // ORDERING: Acquire pairs with the exchange below, so the thing is seen as it was made.
            let current = self.current.load(Ordering::Acquire);
            // SAFETY: null, or a leaked box that the exchange below published; it is never freed.
            if let Some(owned) = unsafe { current.as_ref() }
                && owned.birthplace.is_here()
            {
                return Ok(&owned.thing);
            }
            let fresh =
                Box::into_raw(Box::new(OfProcess { birthplace: Birthplace::here()?, thing: make()? }));
            // ORDERING: Release publishes the thing; a failed exchange is followed by a new look.
            match self.current.compare_exchange(current, fresh, Ordering::Release, Ordering::Relaxed) {
                // SAFETY: just published and leaked, so it stays for ever.
                Ok(_) => return Ok(unsafe { &(*fresh).thing }),
                // SAFETY: it came from `into_raw` just above, and no other thread has seen it.
                Err(_) => drop(unsafe { Box::from_raw(fresh) }),
            }
        }
    }
}

/// Returns the word in the wiped page, if there is a page.
#[inline]
fn current() -> Option<&'static AtomicU32> {
    // ORDERING: Acquire pairs with the publication in `make`, so the page is seen as marked.
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: `PAGE` is null or a page from `make`, which is mapped, aligned and never unmapped.
    unsafe { page.as_ref() }
}

/// Maps the page. No lock is held meanwhile: a child forked in the middle could never take it.
#[cold]
fn make() -> io::Result<&'static AtomicU32> {
    let mut map = MmapOptions::new().len(rustix::param::page_size()).map_anon()?;
    let start: *mut u8 = map.as_mut_ptr();
    // SAFETY: the range is exactly the private anonymous mapping that `map` owns, and the advice changes its
    // contents only in children.
    unsafe { madvise(start.cast(), map.len(), Advice::LinuxWipeOnFork)? };
    // ORDERING: Release publishes the marked page, Acquire sees the one of a thread that was quicker.
    let page = match PAGE.compare_exchange(ptr::null_mut(), start.cast(), Ordering::AcqRel, Ordering::Acquire)
    {
        Ok(_) => {
            mem::forget(map);
            start.cast()
        }
        Err(other) => other,
    };
    // SAFETY: either the page just mapped and now leaked, or the one in `PAGE`; both stay mapped for ever.
    Ok(unsafe { &*page })
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, WaitOptions, waitpid};

    use super::*;
    use crate::sys::memory::{Memory, Pages};

    /// Runs `child` in a forked child and returns what it returned. It must not allocate or lock: other threads'
    /// locks were copied as they stood.
    fn in_forked_child(child: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the child only runs `child`, which keeps to the above, and ends without running anything else.
        let pid = unsafe {
            match libc::fork() {
                0 => libc::_exit(child()),
                pid => pid,
            }
        };
        let (_, status) = waitpid(Some(Pid::from_raw(pid).unwrap()), WaitOptions::empty()).unwrap().unwrap();
        status.exit_status().expect("the child ended by a signal")
    }

    #[test]
    fn one_process_has_one_birthplace() {
        let here = Birthplace::here().unwrap();
        assert!(here.is_here());
        let others = std::thread::spawn(|| Birthplace::here().unwrap()).join().unwrap();
        assert_eq!(here.number, others.number);
    }

    #[test]
    fn a_forked_child_is_another_place_and_gets_its_own() {
        let here = Birthplace::here().unwrap();
        let code = in_forked_child(|| {
            if here.is_here() {
                return 1;
            }
            let Ok(own) = Birthplace::here() else { return 2 };
            if !own.is_here() || here.is_here() || own.number == here.number {
                return 3;
            }
            in_forked_child(|| i32::from(own.is_here() || here.is_here()))
        });
        assert_eq!(code, 0);
        assert!(here.is_here());
    }

    #[test]
    fn memory_dropped_in_a_forked_child_leaves_its_addresses_alone() {
        let memory = Memory::create(1, 1, Pages::default()).unwrap();
        let (base, len) = (memory.base(), memory.len());
        let code = in_forked_child(move || {
            // SAFETY: nothing is replaced, NOREPLACE fails if anything stands there.
            let put = unsafe {
                libc::mmap(
                    base.as_ptr().cast(),
                    len,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                    -1,
                    0,
                )
            };
            if put != base.as_ptr().cast() {
                return 1;
            }
            drop(memory);
            // SAFETY: mapped above; if it is not any more, the test fails by the signal.
            unsafe { base.as_ptr().write_volatile(1) };
            0
        });
        assert_eq!(code, 0);
    }
}
