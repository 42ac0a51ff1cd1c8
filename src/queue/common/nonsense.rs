//! Corruption: what cannot be right in a segment, here called *nonsense*, and how the receiver is told of it. The receiver decides
//! whether that ends the channel.
//!
//! Corruption that still looks valid cannot be detected, and need not be: it makes wrong values and wrong waits, and nothing worse. What
//! is checked is only that the words fit each other without which nothing can be sent.

use super::{Common, Kind, Sleeper, Wake};

/// Which words do not fit.
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
    /// Wakes the receiver whatever its bell says, for the bell may be corrupt too. The receiver then looks for nonsense itself.
    pub fn force_wake_receiver(&self, wake: &impl Wake) {
        self.view.header.receiver_bell.bump();
        wake.wake(Sleeper::Receiver, Kind::Thread);
        wake.wake(Sleeper::Receiver, Kind::Task);
    }
}
