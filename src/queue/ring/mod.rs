//! The queue of a bounded channel: a ring of slots, each with a sequence number, its *stamp*, as in Vyukov's bounded queue. What is
//! special here: the capacity is a fair semaphore across processes, and processes may die or stop at any step.
//!
//! # One word decides
//!
//! `claim = { tail: 32 | reserved: 20 | owner: 10 | phase: 1 | closed: 1 }`. A send moves `tail`, a permit moves
//! `reserved`, close sets `closed`. Each is one exchange of this word, so capacity, permits and close never
//! disagree. `head`, which only the receiver writes, gives capacity back.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`position`] | the arithmetic of positions |
//! | [`words`] | the packed words |
//! | [`room`] | how much capacity is free, and for which sender |
//! | [`send`] | claiming positions and publishing values |
//! | [`take`] | receiving, and what to do with positions that stay unpublished |
//! | [`quarantine`] | the slots of stalled senders |
//! | [`waiting`] | which senders wait for capacity, in which order, and which sleepers are rung |
//! | [`close`] | closing the receiving side |
//! | [`permits`] | capacity that is held before it is used |
//! | [`account`] | permits of each process, for recovery |
//! | [`repair`] | what a dead process leaves, and how far senders and receiver are |
//! | [`recovery`] | what dead processes held in permits |
//! | [`nonsense`] | words that do not fit each other |

pub(crate) mod account;
mod close;
mod nonsense;
pub(crate) mod permits;
pub(crate) mod position;
pub(crate) mod quarantine;
pub(crate) mod recovery;
pub(crate) mod repair;
pub(crate) mod room;
pub(crate) mod send;
pub(crate) mod take;
pub(crate) mod waiting;
pub(crate) mod words;

pub(crate) use permits::Permits;
pub(crate) use recovery::Recovery;
pub(crate) use send::{Claimed, Positions, Producer, Request, SenderCache, Span, Turn};
pub(crate) use take::Consumer;
pub(crate) use waiting::{Place, Rank, Ranking};

use super::{Common, Fences};
use crate::layout::{RingView, rounds_up};
use crate::sync::Ordering;
use position::Track;
use words::Claim;

/// A segment and the arithmetic of its positions.
#[derive(Clone, Copy)]
pub(crate) struct Ring<'a> {
    pub view: &'a RingView<'a>,
    pub track: Track,
    /// What this process remembers of the line, if anything.
    pub ranking: Option<&'a Ranking>,
    pub fences: Fences,
}

impl<'a> Ring<'a> {
    /// Returns the queue for a caller that remembers nothing of the line. Its fences are full.
    #[inline(always)]
    pub fn new(view: &'a RingView<'a>) -> Ring<'a> {
        Ring {
            view,
            track: Track::new(view.slots.count(), view.slots.mask()),
            ranking: None,
            fences: Fences::FULL,
        }
    }

    /// Returns the queue as one for values of type `T`. If their positions are plain numbers, the compiler then knows so.
    #[inline(always)]
    pub fn of<T>(self) -> Ring<'a> {
        Ring { track: if rounds_up(size_of::<T>()) { self.track.plain() } else { self.track }, ..self }
    }

    /// Returns what every channel has.
    #[inline(always)]
    pub fn common(&self) -> Common<'a> {
        Common::new(self.view.common)
    }

    /// The values that it can hold.
    pub fn capacity(&self) -> i64 {
        i64::from(self.view.geometry.capacity)
    }

    /// Makes the zeros of a new segment an open, empty channel. Before another process maps it.
    pub fn format(&self) {
        let first = self.track.first();
        let words = self.view.words;
        // ORDERING: no other process maps the segment yet; handing it over is a synchronizing act of its own.
        words.claim.store(Claim(0).with_tail(first as u32).0, Ordering::Relaxed);
        words.receiver.head.store(first, Ordering::Relaxed);
    }
}

#[cfg(all(test, shmpsc_loom))]
mod models;
#[cfg(all(test, not(shmpsc_loom)))]
mod tests;
