//! Bells. A bell is an eventcount, as in folly, on a futex word that also says whether its sleeper is a thread or a task. Whether to
//! sleep or wake is decided here; neither is done here.
//!
//! A bell is `{ count: 30 | task: 1 | asleep: 1 }` in one word. The sleeper sets `asleep` and adds one in one step, looks again, and
//! sleeps while the bell equals that value. A waker that finds `asleep` adds one, wakes the sleeper, and only then clears `asleep`, by
//! an exchange on the value that it made. If it cleared first, a waker that is stopped or killed between the two would silence every
//! later waker.
//!
//! # Orderings
//!
//! Two Dekker fences: the waker makes its change, passes a fence, and reads the bell. The sleeper sets the bell, passes a fence, and
//! looks again. So either the waker finds the sleeper, or the sleeper finds the change.
//!
//! A sleeper that was woken and registers again has read what the waker wrote, and then passes its fence. So it finds the change too:
//! the waker passed a full fence before it wrote to the bell, if not before it read it.
//!
//! The bell itself publishes one thing, from the sleeper to the waker: the owner of the record that the bell belongs to.

use super::Fences;
use crate::layout::Bell;
use crate::queue::edge::{Edge, Fence, acquire, full_fence, release};
use crate::sync::Ordering;

const ASLEEP: u32 = 1;
const TASK: u32 = 2;
const ONE: u32 = 4;

/// How a sleeper sleeps, which tells how to wake it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A thread, on the bell's word.
    Thread,
    /// A task, whose waker its process knows.
    Task,
}

/// The value of a bell after a sleeper registered, an eventcount's key: the sleeper sleeps while the bell equals it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BellKey(pub u32);

impl Bell {
    /// Registers a sleeper and returns its key. The caller looks again before it sleeps.
    pub fn register(&self, kind: Kind, fences: Fences) -> BellKey {
        let kind = if kind == Kind::Task { TASK } else { 0 };
        let mut seen = self.word.load(Ordering::Relaxed); // ORDERING: only a first guess for the exchange.
        loop {
            let mine = (seen & !(TASK | ASLEEP)).wrapping_add(ONE) | kind | ASLEEP;
            // ORDERING: releases that the record was taken to which the bell belongs.
            match self.word.compare_exchange_weak(seen, mine, release(Edge::Bell), Ordering::Relaxed) {
                Ok(_) => {
                    // ORDERING: a Dekker fence, which pairs with that of the thread that publishes or gives capacity back. Without the
                    // two, the sleeper's second look and the waker's look at the bell could both miss.
                    fences.heavy(Fence::Asleep);
                    return BellKey(mine);
                }
                Err(now) => seen = now,
            }
        }
    }

    /// Advances the bell whatever it says, so that its sleeper looks again. The caller wakes the sleeper.
    pub fn bump(&self) {
        self.word.fetch_add(ONE, Ordering::Relaxed); // ORDERING: as in `ring_asleep`.
    }

    /// Returns the kind of the sleeper that is registered here, if there is one that was not rung.
    pub fn sleeper(&self) -> Option<Kind> {
        // ORDERING: relaxed, a hint. The caller has passed a fence, and wakes once too often at worst.
        let word = self.word.load(Ordering::Relaxed);
        let kind = if word & TASK != 0 { Kind::Task } else { Kind::Thread };
        (word & ASLEEP != 0).then_some(kind)
    }

    /// Returns whether no waker has rung since `key` was taken.
    pub fn is_quiet(&self, key: BellKey) -> bool {
        // ORDERING: relaxed. A sleeper that was rung registers again, with a fence, before it looks. A sleeper that was not rung is
        // still registered, and looks behind the fence of that registration.
        self.word.load(Ordering::Relaxed) == key.0
    }

    /// Takes the registration back: the sleeper is awake, so no waker need make a system call for it.
    pub fn deregister(&self) {
        self.word.fetch_and(!ASLEEP, Ordering::Relaxed); // ORDERING: a hint; nothing is read on its strength.
    }

    /// Wakes the sleeper, if there is one.
    ///
    /// The caller has made its change and passed a full fence, or that of a light side.
    #[inline]
    pub fn ring(&self, wake: impl FnOnce(Kind)) {
        // ORDERING: relaxed. The caller's fence decides, and nothing but the bell itself is read here.
        if self.word.load(Ordering::Relaxed) & ASLEEP != 0 {
            self.ring_asleep(wake);
        }
    }

    #[cold]
    fn ring_asleep(&self, wake: impl FnOnce(Kind)) {
        // ORDERING: the caller's change, then the bell. A caller on a light side has passed no full fence yet.
        full_fence(Fence::Rung);
        // ORDERING: acquires the record, whose owner is read next. It releases nothing to the sleeper: the waker's fence publishes the
        // change, and the sleeper's fence acquires it.
        let mine = self.word.fetch_add(ONE, acquire(Edge::Bell)).wrapping_add(ONE);
        wake(if mine & TASK != 0 { Kind::Task } else { Kind::Thread });
        // If the bell differs, the sleeper has registered again or taken its registration back, or another waker rings. Then `asleep`
        // is theirs to clear.
        // ORDERING: relaxed. Clearing promises nothing: a sleeper that needs `asleep` sets it in its own exchange.
        let _ = self.word.compare_exchange(mine, mine & !ASLEEP, Ordering::Relaxed, Ordering::Relaxed);
    }
}
