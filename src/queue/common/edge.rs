//! The synchronizing edges by name; `docs/edges.md` lists each with the harm done without it.
//!
//! An ordering is written as `acquire(Edge::X)` at the one end and `release(Edge::X)` at the other, a fence as
//! `full_fence(Fence::Y)`, or as one side of asymmetric fences ([`super::fences`]). In a normal build these are constants. Under the
//! model checker any one of them can be weakened by its place (`SHMPSC_WEAKEN=queue/ring/send.rs:120`), which is how `.ci/weaken`
//! finds the model that needs it.

use crate::sync::Ordering;

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$edge_doc:meta])* $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum $kind { $($(#[$edge_doc])* $name,)* }
        #[cfg(any(test, shmpsc_loom))]
        impl $kind {
            /// All of them, for the check that each is documented and used.
            #[allow(dead_code, reason = "the models do not list them")]
            pub const ALL: &[$kind] = &[$($kind::$name),*];
        }
    };
}

named! {
    /// From a store that releases to a load that acquires.
    Edge {
        /// E1: what a claimer saw and wrote before its exchange of the claim word, to the thread that reads it next.
        Claim,
        /// E2: a published value, from its sender to the receiver.
        Stamp,
        /// E3: head, from the receiver that has copied a value to the sender that overwrites its slot.
        Head,
        /// E4: the cache of a process's senders, from the thread that read the segment to the thread that relies on it.
        Cache,
        /// E5: an entry of the quarantine, from the receiver that has copied the late value to a sender that uses its
        /// slot again.
        Entry,
        /// E6: the count of entries, as E5 for a sender that sees none left.
        Quarantined,
        /// E7: a record, from its writer to another one whose claim word is old.
        Record,
        /// E8: the line, from a sender that draws a ticket to a thread that looks along the records.
        Line,
        /// E9: a free record, from the sender that has left it to the one that takes it next.
        Waiter,
        /// E10: the epoch, from the receiver to a sender that makes a copy of head.
        Epoch,
        /// E11: the latch, from an upgrade to a scan, and from the end to the receiver.
        Latch,
        /// E12: strong handles, to the scan that decides whether one is left.
        Strong,
        /// E13: a bell, from the sleeper that registers to the waker that rings it and asks for its owner.
        Bell,
        /// E14: an entry of the table of chunks, from the receiver that has taken what stood in the chunk to a sender that writes
        /// there again; and from a sender that has made it memory to those that use it.
        Chunk,
    }
}

named! {
    /// Fences between a store of one's own and a load of the other side's (Dekker's pattern). Each is full, unless it is the light
    /// side of asymmetric fences.
    Fence {
        /// F1: a sleeper sets its bell, then looks again: the heavy side of asymmetric fences.
        Asleep,
        /// F2: a value is published, then its sender looks whether the receiver sleeps: a light side.
        Published,
        /// F3: a thread gives capacity back or leaves its place, then looks for waiters: a light side where the receiver gives back
        /// what it has taken.
        Freed,
        /// F4: a strong handle is gone, then the latch and the other processes' counts are read.
        Counted,
        /// F5: the latch is set, then the thread that set it looks whether the receiver sleeps.
        Latched,
        /// F6: a permit operation ends, then looks whether recovery waits for it. Recovery flips the phase, then looks which operations
        /// have ended.
        Settled,
        /// F7: a waker finds a sleeper, then rings its bell. A sleeper that reads that, and registers again, finds the change.
        Rung,
    }
}

#[cfg(not(shmpsc_loom))]
mod strength {
    use super::{Edge, Fence, Ordering};

    #[inline(always)]
    pub(crate) const fn acquire(_: Edge) -> Ordering {
        Ordering::Acquire
    }

    #[inline(always)]
    pub(crate) const fn release(_: Edge) -> Ordering {
        Ordering::Release
    }

    #[inline(always)]
    pub(crate) fn full_fence(_: Fence) {
        crate::sync::full_fence();
    }
}

#[cfg(shmpsc_loom)]
mod strength {
    use super::{Edge, Fence, Ordering};
    use std::panic::Location;
    use std::sync::OnceLock;

    /// Returns whether the environment names this place, as `file.rs:line`. With `.acquire` or `.release` behind it, it names only that
    /// half, for a line may have both.
    fn is_weakened(place: &Location<'_>, half: &str) -> bool {
        static CHOSEN: OnceLock<Option<(String, u32, &str)>> = OnceLock::new();
        let chosen = CHOSEN.get_or_init(|| {
            let chosen = std::env::var("SHMPSC_WEAKEN").ok().filter(|chosen| !chosen.is_empty())?;
            let halves = ["acquire", "release"].into_iter();
            let (place, half) = halves
                .filter_map(|half| Some((chosen.strip_suffix(half)?.strip_suffix('.')?, half)))
                .next()
                .unwrap_or((&chosen, ""));
            let (file, line) = place.rsplit_once(':').expect("SHMPSC_WEAKEN is file.rs:line");
            Some((format!("/{file}"), line.parse().expect("a line"), half))
        });
        chosen.as_ref().is_some_and(|(file, line, chosen)| {
            *line == place.line() && place.file().ends_with(file) && (chosen.is_empty() || *chosen == half)
        })
    }

    #[track_caller]
    pub(crate) fn acquire(_: Edge) -> Ordering {
        if is_weakened(Location::caller(), "acquire") { Ordering::Relaxed } else { Ordering::Acquire }
    }

    #[track_caller]
    pub(crate) fn release(_: Edge) -> Ordering {
        if is_weakened(Location::caller(), "release") { Ordering::Relaxed } else { Ordering::Release }
    }

    #[track_caller]
    pub(crate) fn full_fence(_: Fence) {
        if !is_weakened(Location::caller(), "") {
            crate::sync::full_fence();
        }
    }
}

pub(crate) use strength::{acquire, full_fence, release};
