//! What a receiver is asked, what it answers, and what it must know of other processes, whatever kind the queue is of.

use super::{Nonsense, Number, Wake};
use crate::sync::spin_loop;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;

/// What the receiver must know of other processes.
pub(crate) trait Peers: Wake {
    /// Whether the kernel has proved that this process is gone (or it said goodbye): it writes no more.
    fn is_dead(&self, number: Number) -> bool;
    /// An entry of the quarantine bears this number now, or no longer: such a number is not given again.
    fn bears(&self, number: Number, more: bool);
}

/// What a look for the next value came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken<T> {
    Value(T),
    /// Nothing now: sleep on the receiver's bell.
    Empty,
    /// Nothing ever again.
    End,
}

impl<T> Taken<T> {
    #[inline]
    pub fn map<R>(self, change: impl FnOnce(T) -> R) -> Taken<R> {
        match self {
            Taken::Value(value) => Taken::Value(change(value)),
            Taken::Empty => Taken::Empty,
            Taken::End => Taken::End,
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

/// How often head's stamp alone is looked at, with a short pause before each further look, before the claim word is. Its
/// line belongs to the senders: a receiver that asks without pause whether there is more holds them up more than it
/// learns. The pauses do not grow, for a value that comes in the middle of one waits for its end: with pauses of up to four
/// hints a busy round trip took 1.7 times that of two bare rings, with these 1.35 times (AMD EPYC, 64 bytes). Longer rests,
/// so that values gather, did not raise the rate of a bounded channel: the sender sets it.
const LOOKS: u32 = if cfg!(shmpsc_loom) { 0 } else { 20 };

/// How often the receiver spins so at a claimed position before the sender there counts as stalled.
pub(in crate::queue) const PATIENCE: u32 = if cfg!(shmpsc_loom) { 0 } else { 20 };

impl Effort {
    /// Returns whether `look` finds something: at once, or within a moment if this is [`Effort::Spin`].
    pub fn finds(self, look: impl Fn() -> bool) -> bool {
        let looks = if self == Effort::Spin { LOOKS } else { 0 };
        (0..looks).any(|_| {
            let is_found = look();
            if !is_found {
                spin_loop();
            }
            is_found
        }) || look()
    }
}

/// The receiver's private state and its moves, as every kind of queue has them.
pub(crate) trait Consume: Sized {
    type Queue<'a>: Copy;
    /// Where a value was found.
    type Found: Copy;

    /// Goes on where the segment says the last receiver stopped.
    fn new(queue: &Self::Queue<'_>) -> Self;

    /// Finds the next value.
    fn take(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Taken<Self::Found>;

    /// Takes the next value on the fast path: if it is published at head, and no other value goes before it. In any other case
    /// [`Consume::take`] takes the slow path.
    fn take_fast<T: Pod>(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Option<T>;

    /// Finds the next value and leaves it where it is.
    fn peek(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Taken<Self::Found>;

    /// Takes up to `limit` values that are there behind the last of `values`.
    fn receive_many<T: Pod>(
        &mut self,
        queue: &Self::Queue<'_>,
        limit: usize,
        values: &mut Vec<T>,
        peers: &impl Peers,
    ) -> Taken<usize>;

    /// Returns a private copy of a found value.
    fn copy<T: Pod>(queue: &Self::Queue<'_>, found: Self::Found) -> T;

    /// Returns a private copy of a found value that was made on the heap and is nowhere else.
    fn copy_boxed<T: Pod>(queue: &Self::Queue<'_>, found: Self::Found) -> Box<T>;

    /// Gives the place of a found value back.
    fn release(&mut self, queue: &Self::Queue<'_>, found: Self::Found, peers: &impl Peers);

    /// Drops what is queued. The channel is closed, and nothing is received any more.
    fn drop_all(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers);

    /// Says what the next takes do before they find the queue empty. At first they spin.
    fn set_effort(&mut self, effort: Effort);

    /// Notes that the receiver closes the channel. Returns whether it had not closed it before.
    fn close(&mut self) -> bool;

    /// Whether a send is stalled: then the receiver cannot be handed over.
    fn has_stalled(&self) -> bool;

    /// The nonsense in the segment for which the stream ended.
    fn nonsense(&self) -> Option<Nonsense>;
}
