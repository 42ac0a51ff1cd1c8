//! How many accesses to shared words a call may make, as `docs/limits.md` says, whatever stands in them; and how many
//! were seen.

use std::cell::RefCell;

use crate::layout::Geometry;

/// The kinds of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// A look at numbers: length, capacity, counts.
    Look,
    /// Takes positions or permits, or gives them back; waits or leaves.
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

    /// The most accesses of one call while nobody else writes.
    pub(crate) fn most(self, geometry: Geometry) -> u64 {
        let number = |number: u32| u64::from(number);
        let (capacity, line, entries) =
            (number(geometry.capacity), number(geometry.line), number(geometry.entries));
        let (members, words) = (number(geometry.members) + 1, geometry.payload_words() as u64);
        // A look along the line, as whoever gives room back does it.
        let along = 8 * line + entries + 24;
        // One position of the receiver's way: its stamp, the stalled ones, and two looks along the line.
        let step = 32 + 4 * entries + 2 * along;
        match self {
            Call::Look => 2 * entries + line + members + 8,
            // Each position that is void on the way costs one more look.
            Call::Send => (capacity + 4) * (2 * along),
            Call::Publish(values) => number(values) * (words + 1) + 4,
            // Each position once, each entry twice, twenty times in patience; and once all records and the value.
            Call::Receive => (capacity + 2 * entries + 24) * step + capacity + words,
            Call::ReceiveMany(limit) => {
                let values = number(limit).min(2 * capacity + entries) + 1;
                (2 * capacity + 2 * entries + 24 * values) * step + values * (capacity + words)
            }
            Call::Life => 4 * line + 2 * along + 4 * members + 32,
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
