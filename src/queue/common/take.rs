//! What a receiver is asked, what it answers, and what it must know of other processes, whatever kind the queue is of.

use super::{Number, Wake};

/// What the receiver must know of other processes.
pub(crate) trait Peers: Wake {
    /// Whether the kernel has proved that this process is gone (or it said goodbye): it writes no more.
    fn is_dead(&self, number: Number) -> bool;
    /// An entry of the quarantine bears this number now, or no longer: such a number is not given again.
    fn bears(&self, number: Number, more: bool);
}

/// What a look for the next value came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Took<T> {
    Value(T),
    /// Nothing now: sleep on the receiver's bell.
    Empty,
    /// Nothing ever again.
    End,
}

impl<T> Took<T> {
    #[inline]
    pub fn map<R>(self, change: impl FnOnce(T) -> R) -> Took<R> {
        match self {
            Took::Value(value) => Took::Value(change(value)),
            Took::Empty => Took::Empty,
            Took::End => Took::End,
        }
    }
}

/// What a take does before it says that the queue is empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Effort {
    /// It looks at head's stamp alone. If that is not published it says `Empty`, also at the end of the stream and though
    /// the sender of a position behind it is done. For a caller that looks again in any case.
    Least,
    /// It looks at everything, once. For a caller that sleeps if there is nothing.
    Once,
    /// It looks several times at head's stamp, and at everything else after that. For a caller that asks again at once.
    Spin,
}
