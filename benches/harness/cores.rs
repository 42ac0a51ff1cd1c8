//! Two cores for the two sides of a measurement, and how a thread moves to one of them.
//!
//! It does not keep other programs away from those cores; a quiet machine is the reader's part.

use std::fs;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// The measuring side: the receiver's process or thread.
    pub(crate) here: usize,
    /// The other side.
    pub(crate) there: usize,
}

impl Cores {
    /// Two allowed cores, on different physical ones if the machine has them; `None` where only one is allowed.
    ///
    /// Must be asked before the first [`pin`], which narrows what is allowed.
    pub(crate) fn choose() -> Option<Self> {
        let allowed = sched_getaffinity(None).ok()?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let here = cores.next()?;
        let others: Vec<usize> = cores.collect();
        let siblings = siblings(here);
        let there = others.iter().find(|core| !siblings.contains(core)).or(others.first())?;
        Some(Self { here, there: *there })
    }
}

/// Binds the calling thread, and the threads it will start, to one core.
pub(crate) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).expect("a core that was allowed when the bench began");
}

/// The hardware threads that share a physical core with this one, as the kernel lists them ("0,64" or "0-1").
fn siblings(core: usize) -> Vec<usize> {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    let list = fs::read_to_string(path).unwrap_or_default();
    let mut cores = Vec::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            cores.extend(first..=last);
        }
    }
    cores
}
