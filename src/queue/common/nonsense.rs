//! What cannot be right in a segment, and how the receiver is told of it. Whether that ends the channel is the receiver's to
//! decide.
//!
//! Most nonsense is not told from sense, and need not be: it makes wrong values, and wrong waits. These are the words that
//! must fit each other, so that anything can be sent at all.

use super::{Common, Kind, Sleeper, Wake};

/// What does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nonsense {
    /// The claim word and the receiver's position: no channel can have come there.
    Claim,
    /// The receiver's position is not where the receiver left it, or no slot has it.
    Head,
    /// The mark that the channel is closed has gone.
    Open,
    /// The table of chunks names none where values were sent.
    Table,
}

impl Common<'_> {
    /// Has the receiver look, whatever its bell says: it may be a part of the nonsense.
    pub fn force_wake_receiver(&self, wake: &impl Wake) {
        self.view.header.receiver_bell.bump();
        wake.wake(Sleeper::Receiver, Kind::Thread);
        wake.wake(Sleeper::Receiver, Kind::Task);
    }
}
