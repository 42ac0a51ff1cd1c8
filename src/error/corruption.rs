//! Why a channel ended whose shared memory a process wrote over.

use std::fmt;

/// What was wrong in the shared memory of a channel that ended for it: see [`Receiver::corruption`](crate::Receiver::corruption) and
/// [`UnboundedReceiver::corruption`](crate::UnboundedReceiver::corruption).
///
/// A process that may write to that memory broke the rules: it has a fault, or is hostile. No other process is harmed, but the channel
/// cannot go on. Each variant prints one sentence that says what did not fit and what to do, also as [`Debug`](std::fmt::Debug), which a
/// `main` that returns an error prints.
///
/// ```
/// use shmpsc::error::Corruption;
///
/// assert_eq!(
///     Corruption::Claim.to_string(),
///     "the shared memory of the channel was overwritten: what senders have claimed does not fit what the receiver has \
///      taken; find the process that did it, then open a new channel"
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Corruption {
    /// The claim word, in which all senders claim their positions, does not fit what the receiver has taken.
    Claim,
    /// The position of the receiver is not the one that it wrote.
    Head,
    /// The receiver had closed the channel, and the claim word says that it is open.
    Open,
    /// The table of chunks of an unbounded channel names no memory where values were sent.
    Table,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Corruption::Claim => "what senders have claimed does not fit what the receiver has taken",
            Corruption::Head => "the receiver's position is not where the receiver left it",
            Corruption::Table => "its table of chunks names no memory where values were sent",
            Corruption::Open => "it says that the channel is open, after the receiver has closed it",
        };
        write!(
            f,
            "the shared memory of the channel was overwritten: {what}; find the process that did it, then open a new \
             channel"
        )
    }
}

impl fmt::Debug for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Corruption {}
