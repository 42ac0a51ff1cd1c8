//! The double of a segment's chunks for unit tests and models: they are memory or not, and the system may refuse. What touches a
//! chunk that is no memory fails the test, but for the late touch of a record that [`super::send`] speaks of.

use super::words::{Claim, Entry};
use super::{ChunkMemory, NoMemory};
use crate::layout::{Part, TableGeometry, TableView, Touch};
use crate::sync::{AtomicU64, Ordering};
use std::sync::Mutex;

/// The chunks of one segment.
pub(super) struct MemoryDouble {
    geometry: TableGeometry,
    words: Box<[AtomicU64]>,
    /// 1 for each chunk that is memory. Relaxed: a thread to which no edge comes from the one that made it memory may see 0.
    real: Box<[AtomicU64]>,
    kernel: Mutex<Kernel>,
}

/// What the system knows. The checker does not see it.
struct Kernel {
    real: Box<[bool]>,
    /// Most chunks that it has memory for.
    most: usize,
    /// Calls to make a chunk memory that came to nothing or to something.
    calls: usize,
    /// Chunks that became memory by the touch of a late thread.
    strays: usize,
    /// Any touch makes a chunk memory, as the system does.
    is_lenient: bool,
}

impl MemoryDouble {
    /// No chunk is memory, and the system has enough.
    pub fn new(geometry: TableGeometry, words: Box<[AtomicU64]>) -> MemoryDouble {
        let count = geometry.chunks as usize;
        let real = (0..count).map(|_| AtomicU64::new(0)).collect();
        let kernel =
            Kernel { real: vec![false; count].into(), most: count, calls: 0, strays: 0, is_lenient: false };
        MemoryDouble { geometry, words, real, kernel: Mutex::new(kernel) }
    }

    /// From now on the system has memory for so many chunks.
    pub fn have(&self, most: usize) {
        self.kernel.lock().unwrap().most = most;
    }

    /// From now on a touch makes a chunk memory, whatever is touched: the words of the segment are nonsense.
    pub fn be_lenient(&self) {
        self.kernel.lock().unwrap().is_lenient = true;
    }

    /// Returns how many chunks are memory.
    pub fn count(&self) -> usize {
        self.kernel.lock().unwrap().count()
    }

    pub fn is_real(&self, chunk: u32) -> bool {
        self.kernel.lock().unwrap().real[chunk as usize]
    }

    /// Returns how often a sender asked the system.
    pub fn calls(&self) -> usize {
        self.kernel.lock().unwrap().calls
    }

    /// Returns how many chunks became memory by a late touch of a record.
    pub fn strays(&self) -> usize {
        self.kernel.lock().unwrap().strays
    }

    fn set(&self, chunk: u32, is_real: bool) {
        // An exchange, so that the last one counts.
        let word = &self.real[chunk as usize];
        if is_real {
            word.fetch_or(1, Ordering::Relaxed);
        } else {
            word.fetch_and(0, Ordering::Relaxed);
        }
    }
}

impl Kernel {
    fn count(&self) -> usize {
        self.real.iter().filter(|is_real| **is_real).count()
    }
}

impl ChunkMemory for MemoryDouble {
    fn make_real(&self, chunk: u32) -> Result<(), NoMemory> {
        let mut kernel = self.kernel.lock().unwrap();
        kernel.calls += 1;
        if kernel.real[chunk as usize] {
            drop(kernel);
            // The call is one of the system's: it sees the chunk as it is.
            self.set(chunk, true);
            return Ok(());
        }
        if kernel.count() >= kernel.most {
            return Err(NoMemory);
        }
        kernel.real[chunk as usize] = true;
        drop(kernel);
        self.set(chunk, true);
        Ok(())
    }

    /// Does nothing: it is a hint.
    fn prepare(&self, _: u32) {}

    fn give_back(&self, chunk: u32) {
        self.kernel.lock().unwrap().real[chunk as usize] = false;
        self.set(chunk, false);
        let each = self.words.len() / self.geometry.chunks as usize;
        let positions = self.geometry.positions as usize;
        let (records, slots) = self.words[chunk as usize * each..][..each].split_at(positions);
        for word in records {
            // An exchange: a late thread may exchange it too.
            word.fetch_and(0, Ordering::Relaxed);
        }
        for word in &slots[..positions * self.geometry.stride_words()] {
            word.store(0, Ordering::Relaxed);
        }
    }
}

impl Touch for MemoryDouble {
    fn words(&self) -> &[AtomicU64] {
        &self.words
    }

    fn touch(&self, view: &TableView<'_>, chunk: u32, part: Part) {
        let kernel = self.kernel.lock().unwrap();
        let (is_real, is_lenient) = (kernel.real[chunk as usize], kernel.is_lenient);
        drop(kernel);
        if is_real && part == Part::Slot {
            let knows = self.real[chunk as usize].load(Ordering::Relaxed) == 1;
            assert!(
                knows || is_lenient,
                "chunk {chunk} is used by a thread that cannot know that it is memory"
            );
        }
        if is_real {
            return;
        }
        let is_late = part == Part::Record && !has_the_last(view, chunk);
        assert!(is_late || is_lenient, "a {part:?} is touched in chunk {chunk}, which is no memory");
        let mut kernel = self.kernel.lock().unwrap();
        kernel.strays += 1;
        kernel.real[chunk as usize] = true;
        drop(kernel);
        self.set(chunk, true);
    }
}

/// Returns whether the last position that was claimed stands in that chunk: a sender that is not late has to record its owner.
fn has_the_last(view: &TableView<'_>, chunk: u32) -> bool {
    // An exchange that changes nothing sees the word as it is.
    let claim = Claim(view.words.claim.fetch_or(0, Ordering::Relaxed));
    let Some(last) = claim.tail().checked_sub(1) else { return false };
    let number = last / u64::from(view.geometry.positions);
    let entries = view.entries.len() as u64;
    let index = (number % entries) as usize;
    let entry = Entry(view.entries[index].load(Ordering::Relaxed));
    // Of a channel that is closed all memory may have been given back.
    claim.closed() == 0 && entry.is_of(number / entries) && entry.is_ready() && entry.chunk(index) == chunk
}
