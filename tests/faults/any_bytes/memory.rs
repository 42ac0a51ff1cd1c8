//! How the chunks of a table in an image become memory: a chunk that is given back reads as zeros, and the system has no memory
//! when the input says so.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::layout::TableView;
use crate::queue::table::{ChunkMemory, NoMemory};
use crate::sync;

/// The chunks of one image.
pub(crate) struct Chunks {
    /// Where the first one begins, how many there are, and the bytes of each.
    start: usize,
    count: u32,
    size: usize,
    /// For each of the next times that memory is asked for, a bit that is set if there is none.
    refusals: AtomicU64,
}

impl Chunks {
    pub fn of(view: &TableView<'_>) -> Chunks {
        Chunks {
            start: (&raw const *view.record(0, 0)) as usize,
            count: view.geometry.chunks,
            size: view.geometry.chunk_size as usize,
            refusals: AtomicU64::new(0),
        }
    }

    /// The system has none whenever a bit is set.
    pub fn refuse(&self, when: u64) {
        self.refusals.store(when, Ordering::Relaxed);
    }

    fn addresses(&self, chunk: u32) -> Range<usize> {
        assert!(chunk < self.count, "a chunk that there is not");
        let start = self.start + chunk as usize * self.size;
        start..start + self.size
    }
}

impl ChunkMemory for Chunks {
    fn make_real(&self, chunk: u32) -> Result<(), NoMemory> {
        self.addresses(chunk);
        sync::does_one_thing();
        let refusals = self.refusals.load(Ordering::Relaxed);
        self.refusals.store(refusals >> 1, Ordering::Relaxed);
        if refusals & 1 == 1 { Err(NoMemory) } else { Ok(()) }
    }

    fn prepare(&self, chunk: u32) {
        self.addresses(chunk);
    }

    fn give_back(&self, chunk: u32) {
        sync::does_one_thing();
        sync::becomes_zero(self.addresses(chunk));
    }
}
