//! Corruption of a ring, as any process sees it: words that do not fit each other. And the bells of all sleepers.

use super::Ring;
use super::words::Claim;
use crate::layout::Bell;
use crate::queue::Nonsense;
use crate::queue::edge::{Edge, Fence, acquire, full_fence};

impl<'a> Ring<'a> {
    /// Returns whether claim word and head fit each other now, and which does not. For a process that is not the receiver's.
    pub fn nonsense(&self) -> Option<Nonsense> {
        loop {
            let claim = Claim(self.view.words.claim.load(acquire(Edge::Claim)));
            match self.room(claim) {
                Some(room) if room.used > self.capacity() && self.is_unchanged(claim) => {
                    return Some(if self.track.is_valid(room.head as u32) {
                        Nonsense::Claim
                    } else {
                        Nonsense::Head
                    });
                }
                Some(room) if room.used <= self.capacity() => return None,
                _ => {}
            }
        }
    }

    /// Advances every bell and returns them, for a process that wakes all sleepers. A thread or task that registered before this call is
    /// woken by the caller, or does not fall asleep.
    pub fn bump_all(&self) -> impl Iterator<Item = &'a Bell> + use<'a> {
        // ORDERING: a Dekker fence: the caller's change, then each bell. A sleeper changes its bell, then looks for the change.
        full_fence(Fence::Freed);
        let all =
            self.view.bells.iter().chain(self.view.backlogs).chain([&*self.view.common.header.receiver_bell]);
        all.inspect(|bell| bell.bump())
    }
}
