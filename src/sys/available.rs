//! How much memory this process may still have, as far as the machine, its control groups and its limits tell; and what is refused
//! because it is more.
//!
//! It only asks and reads. What it says is an estimate: other processes may take the memory meanwhile.
//!
//! # Safety
//!
//! Unsafe here is a call of `sysinfo`, whose failure rustix hides.
#![allow(unsafe_code)]

use std::{io, mem, time::Duration};

use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use super::cgroup;
use crate::sync::{AtomicU64, Ordering};

/// Refuses a file larger than the process may write: growing it would kill the process by SIGXFSZ before any error could be seen.
pub(super) fn check_file_size_limit(size: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if size > limit => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "{size} bytes are more than this process may write to a file ({limit}); ask for less or raise RLIMIT_FSIZE"
            ),
        )),
        _ => Ok(()),
    }
}

/// Refuses to make a sparse file where the system promises no more memory than it has (`vm.overcommit_memory` is 2): there a page that
/// becomes memory as it is touched can end the process.
pub(super) fn check_overcommit() -> io::Result<()> {
    let strict = std::fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| is_strict(&mode));
    if !strict {
        return Ok(());
    }
    let what = "the system promises no more memory than it has (vm.overcommit_memory is 2), and an unbounded channel needs \
                addresses for more than it uses; use a bounded one";
    Err(io::Error::new(io::ErrorKind::OutOfMemory, what))
}

fn is_strict(mode: &str) -> bool {
    mode.trim() == "2"
}

/// Returns the bytes of memory that this process can still have, as far as can be seen: of the machine, and of its control groups.
pub(crate) fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let machine = bytes(&text, "MemAvailable:").unwrap_or_else(free);
    cgroup::too_little_memory(u64::MAX, 0).map_or(machine, |left| left.min(machine))
}

/// Returns the bytes of memory that the machine has free, without what it could take from its caches: for a process that has no
/// `/proc`, or may open no more files. 0 if the system does not tell.
fn free() -> u64 {
    let mut info = mem::MaybeUninit::<libc::sysinfo>::zeroed();
    // SAFETY: the system writes the struct or, if a filter refuses the call, leaves it as it is; of integers, and zeros are one.
    let info = unsafe {
        libc::sysinfo(info.as_mut_ptr());
        info.assume_init()
    };
    info.freeram.saturating_mul(u64::from(info.mem_unit))
}

/// Refuses what there is no room for, in the machine or in a control group of this process: else pages would be taken one by
/// one until the kernel looks for a victim. Others may take the room meanwhile; this cannot be excluded.
fn check_memory(size: u64) -> io::Result<()> {
    // Without this file the kernel alone knows.
    let Ok(text) = std::fs::read_to_string("/proc/meminfo") else { return Ok(()) };
    let swap = bytes(&text, "SwapFree:").unwrap_or(0);
    let machine = bytes(&text, "MemAvailable:").map(|free| free.saturating_add(swap));
    let need = with_overhead(size);
    let too_little = |left: u64, whose| {
        let what = format!(
            "{size} bytes are needed and {whose} has {left} left; ask for less or give it more memory"
        );
        Err(io::Error::new(io::ErrorKind::OutOfMemory, what))
    };
    if let Some(left) = machine.filter(|left| *left < need) {
        return too_little(left, "the machine");
    }
    cgroup::too_little_memory(need, swap)
        .map_or(Ok(()), |left| too_little(left, "the control group of this process"))
}

/// Approved at once is such a part of the memory that is left,
const APPROVED_PART: u64 = 64;
/// and no more than so many bytes.
const APPROVED_MOST: u64 = 16 << 20;
/// What is approved holds until the next tick of this length ends: others may take the memory meanwhile.
const TICK: Duration = Duration::from_millis(100);

/// Bytes that may be allocated before it is asked again how many the system has. That stands in files of the kernel, and to read them
/// takes longer than to allocate a little; so a small part of the room is approved at once, for a moment.
///
/// `{ tick in which it was approved: 32 | KiB: 32 }`. It is one word, so that a forked child finds no lock held.
pub(super) struct Approved(AtomicU64);

impl Approved {
    pub const fn none() -> Approved {
        Approved(AtomicU64::new(0))
    }

    /// Refuses what there is no room for.
    pub fn take(&self, len: u64) -> io::Result<()> {
        self.take_in(tick(), len, || {
            let left = memory();
            if left < with_overhead(len) {
                // With what can be swapped out there may be room all the same.
                check_memory(len)?;
            }
            Ok(left)
        })
    }

    /// Does so in that tick. `ask` returns the bytes that are left, or refuses.
    fn take_in(&self, tick: u32, len: u64, ask: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
        let take = |word: u64| {
            let is_fresh = tick.wrapping_sub(tick_of(word)) <= 1;
            let left = u64::from(word as u32).checked_sub(len.div_ceil(1024))?;
            is_fresh.then_some(u64::from(tick_of(word)) << 32 | left)
        };
        // ORDERING: relaxed. It is an estimate, and orders nothing.
        if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            return Ok(());
        }
        // Behind what is taken now: that is in none of the files yet.
        let left = ask()?.saturating_sub(with_overhead(len));
        let more = (left / APPROVED_PART).min(APPROVED_MOST) / 1024;
        // The newest answer counts, also if it is less than an older one.
        self.0.store(u64::from(tick) << 32 | more, Ordering::Relaxed); // ORDERING: as above.
        Ok(())
    }
}

fn tick_of(word: u64) -> u32 {
    (word >> 32) as u32
}

/// Returns the number of the present tick, modulo 2^32.
fn tick() -> u32 {
    let now = clock_gettime(ClockId::Monotonic);
    let now = Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0));
    (now.as_millis() / TICK.as_millis()) as u32
}

/// Adds what the kernel needs beside the pages, for its own account of them: a little more than 1 in 256, and some at once.
fn with_overhead(size: u64) -> u64 {
    size.saturating_add(size / 128).saturating_add(1 << 20)
}

/// Reads one of the amounts in the text of `/proc/meminfo`.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Returns whether it was asked how many bytes are left, and were so many.
    fn asks(approved: &Approved, tick: u32, len: u64, left: u64) -> bool {
        let mut is_asked = false;
        let answer = || {
            is_asked = true;
            Ok(left)
        };
        approved.take_in(tick, len, answer).unwrap();
        is_asked
    }

    #[test]
    fn a_small_part_of_what_is_left_is_approved_at_once() {
        let approved = Approved::none();
        assert!(asks(&approved, 7, MIB, 512 * MIB));
        assert!(!asks(&approved, 7, 4 * MIB, 0) && !asks(&approved, 8, 3 * MIB, 0));
        assert!(asks(&approved, 8, 2 * MIB, 512 * MIB), "it is used up");
    }

    #[test]
    fn nothing_is_approved_that_the_same_allocation_takes() {
        let (approved, len) = (Approved::none(), 1024 * MIB);
        assert!(asks(&approved, 7, len, with_overhead(len) + 64 * MIB));
        assert!(!asks(&approved, 7, MIB, 0) && asks(&approved, 7, MIB, 0));
    }

    #[test]
    fn what_was_approved_holds_for_a_moment_only() {
        let approved = Approved::none();
        assert!(asks(&approved, 7, MIB, 4096 * MIB));
        assert!(asks(&approved, 9, MIB, 4096 * MIB), "others may have the memory now");
        assert!(!asks(&approved, 9, MIB, 0));
        assert!(asks(&approved, 9, 64 * MIB, 66 * MIB), "it is more than was approved");
        assert!(asks(&approved, 9, MIB, 0), "and then less is left");
        assert!(asks(&approved, u32::MAX, MIB, 4096 * MIB) && !asks(&approved, 0, MIB, 0));
    }

    #[test]
    fn strict_overcommit_is_told_from_the_other_modes() {
        assert!(is_strict("2\n") && !is_strict("0\n") && !is_strict("1\n") && !is_strict(""));
    }

    #[test]
    fn amounts_of_memory_are_read_from_the_kernels_text() {
        let text =
            "MemTotal: 9 kB\nMemFree:   5 kB\nMemAvailable:    7 kB\nSwapTotal: 8 kB\nSwapFree:  2 kB\n";
        assert_eq!(
            (bytes(text, "MemAvailable:"), bytes(text, "SwapFree:")),
            (Some(7 * 1024), Some(2 * 1024))
        );
        assert_eq!(bytes("MemFree: 3 kB", "MemAvailable:"), None);
        assert_eq!(bytes("MemAvailable: many", "MemAvailable:"), None);
    }
}
