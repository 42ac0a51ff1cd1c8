//! Corruption of a table, as any process sees it: words that do not fit each other. And the bells of all sleepers.

use super::Table;
use super::words::Claim;
use crate::layout::Bell;
use crate::queue::Nonsense;
use crate::queue::edge::{Edge, Fence, acquire, full_fence};
use crate::sync::Ordering;

impl<'a> Table<'a> {
    /// Returns whether claim word and head fit each other now, and which does not. For a process that is not the receiver's.
    pub fn nonsense(&self) -> Option<Nonsense> {
        self.head_and_claim().err()
    }

    /// Reads head and a claim word that fits it: a snapshot, as under a sequence lock. The receiver may have moved on meanwhile.
    pub(super) fn head_and_claim(&self) -> Result<(u64, Claim), Nonsense> {
        loop {
            let head = self.view.words.head.load(acquire(Edge::Head));
            let claim = self.claim();
            if self.fits(head, claim) {
                return Ok((head, claim));
            }
            // Head may have moved between the two loads, and the tail with it. Then it is read again.
            // ORDERING: relaxed. If head has not changed, the two stood there together.
            if self.view.words.head.load(Ordering::Relaxed) == head {
                return Err(Nonsense::Claim);
            }
        }
    }

    /// Returns whether such a claim word and such a head can stand in a segment together.
    pub(super) fn fits(&self, head: u64, claim: Claim) -> bool {
        let most = u64::from(self.view.geometry.chunks) * self.positions();
        claim.tail() != Claim::LAST && claim.tail().checked_sub(head).is_some_and(|queued| queued <= most)
    }

    /// Advances the receiver's bell, the only one of a table, and returns it, for a process that wakes all sleepers. A receiver that
    /// registered before this call is woken by the caller, or does not fall asleep.
    pub fn bump_all(&self) -> impl Iterator<Item = &'a Bell> + use<'a> {
        // ORDERING: a Dekker fence: the caller's change, then the bell. A sleeper changes its bell, then looks for the change.
        full_fence(Fence::Freed);
        let bell: &'a Bell = &self.view.common.header.receiver_bell;
        bell.bump();
        core::iter::once(bell)
    }
}
