//! What cannot be right in a segment, whoever looks, and how the receiver is told of it. Whether that ends the channel is
//! the receiver's to decide.
//!
//! Most nonsense is not told from sense, and need not be: it makes wrong values, and wrong waits. These are the words that
//! must fit each other, so that anything can be sent at all.

use super::edge::{Edge, Fence, acquire, full_fence};
use super::words::Claim;
use super::{Kind, Queue, Sleeper, Wake};
use crate::layout::Bell;

/// What does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nonsense {
    /// The claim word and the receiver's position: no channel can have come there.
    Claim,
    /// The receiver's position is not where the receiver left it, or no slot has it.
    Head,
    /// The mark that the channel is closed has gone.
    Open,
}

impl Queue<'_> {
    /// What the claim word and head say against each other now. For who is not the receiver.
    pub fn nonsense(&self) -> Option<Nonsense> {
        loop {
            let claim = Claim(self.view.header.claim.load(acquire(Edge::Claim)));
            match self.room(claim) {
                Some(room) if room.used > self.capacity() && self.is_still(claim) => {
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

    /// All bells, for who has every sleeper look: whoever lay down before it was called is woken, or does not fall asleep.
    pub fn shake_all(&self) -> impl Iterator<Item = &Bell> {
        // ORDERING: what made this necessary stands, then each bell is changed; a sleeper changes its bell, then looks.
        full_fence(Fence::Freed);
        let header = self.view.header;
        let all = self.view.bells.iter().chain(self.view.backlogs).chain([&*header.receiver_bell]);
        all.inspect(|bell| bell.shake())
    }

    /// Has the receiver look, whatever its bell says: it may be a part of the nonsense.
    pub fn alarm(&self, wake: &impl Wake) {
        self.view.header.receiver_bell.shake();
        wake.wake(Sleeper::Receiver, Kind::Thread);
        wake.wake(Sleeper::Receiver, Kind::Task);
    }
}
