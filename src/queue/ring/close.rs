//! Closing the receiving side.

use super::Ring;
use super::words::Claim;
use crate::queue::Wake;
use crate::queue::edge::{Edge, acquire, release};

impl Ring<'_> {
    /// Closes the receiving side, and fails every sender that waits for capacity.
    pub fn close(&self, wake: &impl Wake) {
        // ORDERING: releases what the receiver did before it closed, to a sender that finds the channel closed.
        self.view.words.claim.fetch_or(Claim(0).with_closed(1).0, release(Edge::Claim));
        self.freed(wake);
    }

    /// Returns whether the receiving side is closed.
    pub fn is_closed(&self) -> bool {
        Claim(self.view.words.claim.load(acquire(Edge::Claim))).closed() == 1
    }
}
