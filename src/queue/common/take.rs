//! The receiver's interface, for both kinds of queue: what a take does and returns, and what it must know of other processes.

use super::{Nonsense, Number, Wake};
use crate::sync::spin_loop;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;

/// What the receiver must know of other processes.
pub(crate) trait Peers: Wake {
    /// Returns whether the kernel has proved that this process is gone, or it has said goodbye: it writes no more.
    fn is_dead(&self, number: Number) -> bool;
    /// Notes that one stalled send more, or one less, bears this number. While any does, the number is not given again.
    fn bears(&self, number: Number, more: bool);
}

/// The outcome of a take or a peek.
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

/// How hard a take looks before it says that the queue is empty.
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

/// How often the receiver looks at head's stamp alone before it reads the claim word, with a short pause between two looks.
///
/// The claim word's cache line belongs to the senders. A receiver that reads it without pause slows them down more than it learns.
///
/// The pauses do not grow, for a value that comes in the middle of a pause waits for its end. With pauses of up to four hints a busy
/// round trip took 1.7 times that of two bare rings, with these 1.35 times (AMD EPYC, 64 bytes). Longer pauses, so that values gather,
/// did not raise the rate of a bounded channel: its senders set the rate.
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

    /// Makes the state of a receiver that goes on where the segment says the last one stopped.
    fn new(queue: &Self::Queue<'_>) -> Self;

    /// Finds the next value.
    fn take(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Taken<Self::Found>;

    /// Takes the next value on the fast path: if it is published at head, and no other value goes before it. In any other case
    /// [`Consume::take`] takes the slow path.
    fn take_fast<T: Pod>(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Option<T>;

    /// Finds the next value and leaves it where it is.
    fn peek(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers) -> Taken<Self::Found>;

    /// Takes up to `limit` values that are there now, and appends them to `values`.
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

    /// Drops what is queued. The channel is closed, and nothing is received after this.
    fn drop_all(&mut self, queue: &Self::Queue<'_>, peers: &impl Peers);

    /// Says what the next takes do before they find the queue empty. At first they spin.
    fn set_effort(&mut self, effort: Effort);

    /// Notes that the receiver closes the channel. Returns whether it had not closed it before.
    fn close(&mut self) -> bool;

    /// Returns whether a send is stalled: then the receiver cannot be handed over.
    fn has_stalled(&self) -> bool;

    /// Returns the nonsense in the segment for which the stream ended.
    fn nonsense(&self) -> Option<Nonsense>;
}
