//! The sender's moves: claim positions, publish values. It never sleeps, and it never waits for the receiver.
//!
//! A claim is one compare-and-exchange of the claim word. The claimed slots are then this sender's alone, and a plain release store of
//! each stamp publishes its value.
//!
//! What a kill leaves: before the exchange nothing; between exchange and stamp a position that the receiver skips once the owner is
//! proved dead. What a stop leaves there is a chunk that the receiver keeps.

use super::words::{Claim, Record, Stamp};
use super::{Refused, Table, grow};
use crate::queue::edge::{Edge, Fence, acquire, release};
use crate::queue::{Number, Wake, payload};
use crate::sync::{AtomicU64, Ordering};
use bytemuck::Pod;

/// What the senders of one process know beside the segment: the last part of the stream that one of them found ready, and its chunk. In
/// private memory.
pub(crate) struct ChunkCache {
    /// `{ number: 40 | chunk + 1: 24 }`, and 0 in the low bits if nothing was noted. Only the low 40 bits of the number are kept: a part
    /// that was noted 2^40 parts ago would be taken for this one.
    seen: AtomicU64,
}

const CHUNK_BITS: u32 = 24;

impl ChunkCache {
    /// Returns a cache that knows nothing: the first claim looks at the table.
    pub fn new() -> ChunkCache {
        ChunkCache { seen: AtomicU64::new(0) }
    }

    #[inline(always)]
    fn key(number: u64) -> u64 {
        number << CHUNK_BITS
    }

    /// Returns the chunk of that part of the stream, if it is the part that was noted.
    #[inline(always)]
    pub(super) fn chunk(&self, number: u64) -> Option<u32> {
        // ORDERING: acquires, from the thread that looked at the table, what was done in the chunk before it was posted.
        let seen = self.seen.load(acquire(Edge::Cache));
        let chunk = (seen ^ Self::key(number)).wrapping_sub(1);
        (chunk < (1 << CHUNK_BITS) - 1).then_some(chunk as u32)
    }

    /// Notes the chunk of that part of the stream.
    pub(super) fn note(&self, number: u64, chunk: u32) {
        self.seen.store(Self::key(number) | (u64::from(chunk) + 1), release(Edge::Cache));
    }
}

/// Claimed positions, one after another, in one chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a claimed position that is never published holds its chunk"]
pub(crate) struct Span {
    pub first: u64,
    pub count: u32,
    pub(super) chunk: u32,
}

/// One process's sending side.
#[derive(Clone, Copy)]
pub(crate) struct Producer<'a> {
    pub table: Table<'a>,
    pub me: Number,
    pub cache: &'a ChunkCache,
}

impl Producer<'_> {
    /// Claims one position on the fast path: if this process made the last claim too, its chunk is known, and the channel is open.
    /// Returns the chunk and the position. In any other case [`Producer::claim`] takes the slow path.
    #[inline(always)]
    fn claim_fast(&self) -> Option<(u32, u64)> {
        let claim = self.table.claim();
        if !claim.is_open_to(self.me) {
            return None;
        }
        let chunk = self.cache.chunk(self.table.number(claim.tail()))?;
        // Only a peer's nonsense leads to the last position. The word that this makes there is nonsense too, and ends the stream.
        let mine = claim.with_tail(claim.tail().wrapping_add(1));
        let word = &self.table.view.words.claim;
        // ORDERING: as in `exchange`.
        let moved = word.compare_exchange(claim.0, mine.0, release(Edge::Claim), Ordering::Relaxed);
        moved.is_ok().then_some((chunk, claim.tail()))
    }

    /// Sends one value on the fast path, see [`Producer::claim_fast`]. Returns whether it did.
    #[inline(always)]
    pub fn send_fast<T: Pod>(&self, value: &T, wake: &impl Wake) -> bool {
        let Some((chunk, position)) = self.claim_fast() else { return false };
        self.write(chunk, position, value);
        self.announce(wake);
        true
    }

    /// Claims between 1 and `want` positions.
    #[inline]
    pub fn claim(&self, want: u32) -> Result<Span, Refused> {
        if want == 1
            && let Some((chunk, first)) = self.claim_fast()
        {
            return Ok(Span { first, count: 1, chunk });
        }
        loop {
            let claim = self.table.claim();
            if claim.closed() == 1 {
                return Err(Refused::Closed);
            }
            let number = self.table.number(claim.tail());
            let chunk = match self.cache.chunk(number) {
                Some(chunk) => chunk,
                None => match self.find(claim, number)? {
                    Some(chunk) => chunk,
                    None => continue,
                },
            };
            if let Some(span) = self.exchange(claim, chunk, want) {
                return Ok(span);
            }
        }
    }

    /// Returns the chunk where the next value stands, and notes it for the process. `None`: something moved, try again.
    #[cold]
    fn find(&self, claim: Claim, number: u64) -> Result<Option<u32>, Refused> {
        if claim.tail() == Claim::LAST {
            // A peer wrote nonsense: there is no such position.
            return Err(Refused::Closed);
        }
        let grown = grow::grow(&self.table, number);
        match grown {
            Ok(chunk) => {
                self.table.memory.prepare(chunk);
                self.cache.note(number, chunk);
                Ok(Some(chunk))
            }
            // Unless the claim word is old: there may be memory where the stream goes on.
            Err(refused) => {
                if self.table.is_unchanged(claim) {
                    Err(refused)
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Records the owner of the last claim if that is another process, then claims up to `want` positions in the chunk by one exchange.
    /// `None`: the claim word has moved.
    #[inline(always)]
    fn exchange(&self, claim: Claim, chunk: u32, want: u32) -> Option<Span> {
        let tail = claim.tail();
        let owner = claim.owner();
        if owner != self.me && owner != 0 && !self.record(claim) {
            return None;
        }
        let left = self.table.positions() - self.table.index(tail) as u64;
        let count = u64::from(want).min(left);
        let mine = claim.with_tail(tail + count).with_owner(self.me);
        let word = &self.table.view.words.claim;
        // ORDERING: releases the entry and the record on which this claim rests.
        word.compare_exchange(claim.0, mine.0, release(Edge::Claim), Ordering::Relaxed).ok().map(|_| Span {
            first: tail,
            count: count as u32,
            chunk,
        })
    }

    /// Records the owner of the last claim. Returns false if the claim word has moved on.
    ///
    /// A thread that was stopped before its exchange here may make it much later. If another part of the stream uses the chunk by then,
    /// the word has changed and the exchange fails, or the word holds nothing that is still needed. If the chunk is no memory any more,
    /// a page becomes memory again until the chunk is used and given back.
    #[cold]
    pub(super) fn record(&self, claim: Claim) -> bool {
        let table = &self.table;
        let Some(position) = claim.tail().checked_sub(1) else { return true }; // Nonsense: no position is claimed.
        let Some(chunk) = table.ready_chunk(table.number(position)) else {
            // If the claim word is still the same, the table is nonsense, and a record would not help.
            return table.is_unchanged(claim);
        };
        let word = table.view.record(chunk, table.index(position));
        let mine = Record::new(position, claim.owner());
        let mut seen = Record(word.load(acquire(Edge::Record)));
        loop {
            if seen.bears(position) {
                return true;
            }
            // A newer position means that the claim word is old.
            if seen.set() == 1 && seen.position() > position && !table.is_unchanged(claim) {
                return false;
            }
            match word.compare_exchange(seen.0, mine.0, release(Edge::Record), acquire(Edge::Record)) {
                Ok(_) => return true,
                Err(now) => seen = Record(now),
            }
        }
    }

    /// Publishes one value at each claimed position, in order, and wakes the receiver.
    ///
    /// `values` has as many as were claimed.
    #[inline]
    pub fn publish<T: Pod>(&self, span: Span, values: &[T], wake: &impl Wake) {
        debug_assert_eq!(values.len(), span.count as usize);
        for (position, value) in (span.first..).zip(values) {
            self.write(span.chunk, position, value);
        }
        self.announce(wake);
    }

    /// Publishes one value at a claimed position.
    #[inline(always)]
    fn write<T: Pod>(&self, chunk: u32, position: u64, value: &T) {
        let view = self.table.view;
        let slot = view.slot_for::<T>(chunk, position);
        payload::store(slot, value);
        // ORDERING: releases the value.
        slot.stamp.store(Stamp::published(position).0, release(Edge::Stamp));
        slot.prefetch_behind();
    }

    /// Wakes the receiver if it sleeps. Called after publishing.
    #[inline(always)]
    fn announce(&self, wake: &impl Wake) {
        // ORDERING: a Dekker fence: the sender publishes, then looks whether the receiver sleeps. The receiver registers, then looks at
        // the stamp.
        self.table.fences.light(Fence::Published);
        self.table.common().ring_receiver(wake);
    }
}

impl Table<'_> {
    /// Returns whether the claim word still is `claim`. A thread calls this after it has read a value that contradicts the word, to tell
    /// an old word from corruption.
    pub(super) fn is_unchanged(&self, claim: Claim) -> bool {
        // ORDERING: relaxed. The contradicting value was read with acquire. So this sees each change of the claim word that came before
        // that value.
        self.view.words.claim.load(Ordering::Relaxed) == claim.0
    }
}
