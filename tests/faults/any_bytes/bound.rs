//! How many accesses to shared words a call may make, as `docs/limits.md` says, whatever stands in them; and how many
//! were seen.

use std::cell::RefCell;

use crate::layout::{RingGeometry, TableGeometry};

/// The kinds of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// A look at numbers: length, capacity, counts.
    Look,
    /// Takes positions or permits, or gives them back; comes to the line, takes its turn, or leaves.
    Send,
    /// Writes values at so many claimed positions.
    Publish(u32),
    /// Takes or peeks one value.
    Receive,
    /// Takes up to so many values.
    ReceiveMany(u32),
    /// Handles, close, and repair of the dead.
    Life,
}

impl Call {
    /// The name, and its place among the kinds.
    fn kind(self) -> (usize, &'static str) {
        match self {
            Call::Look => (0, "look"),
            Call::Send => (1, "send"),
            Call::Publish(_) => (2, "publish"),
            Call::Receive => (3, "receive"),
            Call::ReceiveMany(_) => (4, "receive many"),
            Call::Life => (5, "life"),
        }
    }

    /// The most accesses of one call on a ring while nobody else writes.
    pub(crate) fn most_of_ring(self, geometry: RingGeometry) -> u64 {
        let number = |number: u32| u64::from(number);
        let (capacity, line, entries) =
            (number(geometry.capacity), number(geometry.line), number(geometry.entries));
        let (members, words) = (number(geometry.members) + 1, u64::from(geometry.payload.div_ceil(8)));
        // Records of waiters, the words with their bits, and the rounds of a look: each picks out the next 32.
        let waiters = line + members;
        let bits = waiters.div_ceil(64);
        let rounds = waiters / 32 + 1;
        // What a sender must leave to those before it. With what its process remembers of the order: the records on their way,
        // those that are ranked, all in use if that was not enough, and those that are ranked now.
        let before = 4 * waiters + bits + entries + 24;
        // A look along the line, by a thread that gives room back. Without memory each round reads the bits and all records in
        // use. Four accesses ring a waiter, each once; what stands in the segment can have one be ranked twice. Three ring a
        // backlog.
        let along = before + rounds * (waiters + bits) + 8 * waiters + 3 * members;
        // One position of the receiver's way: its stamp, the stalled ones, and two looks along the line.
        let step = 32 + 4 * entries + 2 * along;
        match self {
            Call::Look => before + entries + members,
            // Each position that is void on the way costs one more look.
            Call::Send => (capacity + 4) * (2 * before) + along,
            Call::Publish(values) => number(values) * (words + 1) + 4,
            // Each position once, each entry twice, twenty times in patience; and once all records and the value.
            Call::Receive => (capacity + 2 * entries + 24) * step + capacity + words,
            Call::ReceiveMany(limit) => {
                let values = number(limit).min(2 * capacity + entries) + 1;
                (2 * capacity + 2 * entries + 24 * values) * step + values * (capacity + words)
            }
            Call::Life => 4 * waiters + 2 * along + 4 * members + 32,
        }
    }

    /// The most accesses of one call on a table, on which so many sends are stalled, while nobody else writes. What a call has the
    /// system do with a chunk counts as one.
    pub(crate) fn most_of_table(self, geometry: TableGeometry, stalled: u64) -> u64 {
        let number = |number: u32| u64::from(number);
        let (chunks, members) = (number(geometry.chunks), number(geometry.members) + 1);
        let words = geometry.stride_words() as u64 - 1;
        let queued = chunks * number(geometry.positions);
        // Those that are stalled before the call, and those that it passes.
        let stalled = stalled + queued;
        // One position of the receiver's way: its stamp, twenty times in patience, the stalled ones twice, the words that all go by;
        // and the end of a part of the stream, where it looks at the entries of three others.
        let step = 48 + 2 * stalled;
        match self {
            // The records of what is queued, its stamps, and for each stamp an entry.
            Call::Look => 4 * queued + members + 8,
            // The claim word, an entry until its chunk is ready, the record of the last sender.
            Call::Send => 16,
            Call::Publish(values) => number(values) * (words + 1) + 4,
            Call::Receive => (queued + stalled + 24) * step + 2 * queued + words,
            Call::ReceiveMany(limit) => {
                let values = number(limit).min(queued + stalled) + 1;
                (queued + stalled + 24 * values) * step + 2 * queued + values * words
            }
            Call::Life => 2 * chunks + 4 * members + 32,
        }
    }
}

thread_local! {
    static SEEN: RefCell<[(&'static str, u64, u64); 6]> = RefCell::default();
}

/// A call made so many accesses, where so many were allowed.
pub(crate) fn saw(call: Call, made: u64, allowed: u64) {
    let (place, name) = call.kind();
    SEEN.with(|seen| {
        let most = &mut seen.borrow_mut()[place];
        // The one that came closest, as a fraction.
        if most.0.is_empty()
            || u128::from(made) * u128::from(most.2) > u128::from(most.1) * u128::from(allowed)
        {
            *most = (name, made, allowed);
        }
    });
}

/// For each kind of call of this thread: its name, and of the one that came closest to its bound the accesses it made and
/// those it was allowed.
pub fn most_seen() -> Vec<(&'static str, u64, u64)> {
    SEEN.with(|seen| seen.borrow().iter().filter(|(name, ..)| !name.is_empty()).copied().collect())
}
