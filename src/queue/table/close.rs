//! Closing the receiving side.

use super::Table;
use super::words::Claim;
use crate::queue::edge::{Edge, release};

impl Table<'_> {
    /// Closes the receiving side. It wakes no sender, for none waits for capacity.
    pub fn close(&self) {
        // ORDERING: releases what the receiver did before it closed, to a sender that finds the channel closed.
        self.view.words.claim.fetch_or(Claim(0).with_closed(1).0, release(Edge::Claim));
    }

    /// Returns whether the receiving side is closed.
    pub fn is_closed(&self) -> bool {
        self.claim().closed() == 1
    }
}
