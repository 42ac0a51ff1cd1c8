//! Bells: an eventcount on a futex word, which also says whether its sleeper is a thread or a task. It decides; it neither
//! sleeps nor wakes.
//!
//! A bell is `{ count: 30 | task: 1 | asleep: 1 }` in one word. The sleeper sets `asleep` and adds one in one step,
//! looks again, and sleeps while the bell equals that value. The waker, if the bell says asleep, adds one, wakes,
//! and only then clears `asleep`, by an exchange on the value it made. Clearing first would let a waker that is
//! stopped, or killed, between the two silence every waker that comes after it.
//!
//! # Orderings
//!
//! Two Dekker fences: the waker makes its change, passes a fence, and reads the bell. The sleeper sets the bell, passes a
//! fence, and looks again. So either the waker finds the sleeper, or the sleeper finds the change. A sleeper that was
//! woken and registers again has read what the waker wrote, and then passes its fence, so it finds the change too: the waker passed
//! a full fence before it wrote that, if not before it read the bell. The bell
//! itself publishes one thing, from the sleeper to the waker: the owner of the record that the bell belongs to.

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
    /// Says "I sleep, look for me". The caller looks again before it does.
    pub fn register(&self, kind: Kind, fences: Fences) -> BellKey {
        let kind = if kind == Kind::Task { TASK } else { 0 };
        let mut seen = self.word.load(Ordering::Relaxed); // ORDERING: only a first guess for the exchange.
        loop {
            let mine = (seen & !(TASK | ASLEEP)).wrapping_add(ONE) | kind | ASLEEP;
            // ORDERING: after the place was taken to which the bell belongs.
            match self.word.compare_exchange_weak(seen, mine, release(Edge::Bell), Ordering::Relaxed) {
                Ok(_) => {
                    // ORDERING: pairs with the fence of the thread that publishes or gives capacity back. Without the
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

    /// Returns how a sleeper is registered here, if there is one that was not rung.
    pub fn sleeper(&self) -> Option<Kind> {
        // ORDERING: a hint; the caller has passed a fence, and wakes once too often at worst.
        let word = self.word.load(Ordering::Relaxed);
        let kind = if word & TASK != 0 { Kind::Task } else { Kind::Thread };
        (word & ASLEEP != 0).then_some(kind)
    }

    /// Returns whether no waker has rung since `key` was taken.
    pub fn is_quiet(&self, key: BellKey) -> bool {
        // ORDERING: a sleeper that was rung takes its next turn: it registers, with a fence, before it looks. One that was not still
        // stands registered, and looks behind the fence of then.
        self.word.load(Ordering::Relaxed) == key.0
    }

    /// Says "I am awake", so that no waker makes a system call for it.
    pub fn deregister(&self) {
        self.word.fetch_and(!ASLEEP, Ordering::Relaxed); // ORDERING: a hint; nothing is read on its strength.
    }

    /// Wakes the sleeper, if there is one.
    ///
    /// The caller has made its change and passed a full fence, or that of a light side.
    #[inline]
    pub fn ring(&self, wake: impl FnOnce(Kind)) {
        // ORDERING: the fence before decides; what is read here is only the bell itself.
        if self.word.load(Ordering::Relaxed) & ASLEEP != 0 {
            self.ring_asleep(wake);
        }
    }

    #[cold]
    fn ring_asleep(&self, wake: impl FnOnce(Kind)) {
        // ORDERING: the change, then the bell: a light side has passed no full fence before it came here.
        full_fence(Fence::Rung);
        // ORDERING: before the owner of the record is read. To the sleeper it tells nothing: the waker's fence before it
        // publishes the change, the sleeper's fence receives it.
        let mine = self.word.fetch_add(ONE, acquire(Edge::Bell)).wrapping_add(ONE);
        wake(if mine & TASK != 0 { Kind::Task } else { Kind::Thread });
        // If it differs, the sleeper has registered again, or risen, or another waker is at it: it is theirs.
        // ORDERING: clearing promises nothing; a sleeper that needs `asleep` sets it in its own exchange.
        let _ = self.word.compare_exchange(mine, mine & !ASLEEP, Ordering::Relaxed, Ordering::Relaxed);
    }
}
