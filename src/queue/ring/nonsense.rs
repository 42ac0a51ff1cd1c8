//! Words of a ring that cannot be right, as any process sees them; and the bells of all sleepers.

use super::Ring;
use super::words::Claim;
use crate::layout::Bell;
use crate::queue::Nonsense;
use crate::queue::edge::{Edge, Fence, acquire, full_fence};

impl<'a> Ring<'a> {
    /// Returns what is wrong in the claim word and head now. For a process that is not the receiver's.
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

    /// Changes every bell and returns them, for a process that wakes all sleepers: a thread or task that registered before this call
    /// is woken, or does not fall asleep.
    pub fn bump_all(&self) -> impl Iterator<Item = &'a Bell> + use<'a> {
        // ORDERING: what made this necessary stands, then each bell is changed; a sleeper changes its bell, then looks.
        full_fence(Fence::Freed);
        let all =
            self.view.bells.iter().chain(self.view.backlogs).chain([&*self.view.common.header.receiver_bell]);
        all.inspect(|bell| bell.bump())
    }
}
