//! Sends and receives that wait, for tasks and for threads: what an end of a channel does in its process.
//!
//! It joins queue, waiting and endpoint; tokio's names and the errors of sending and receiving are not known here.
//! It is also the one place that handles forked children: to them a channel is closed, empty and ended.
//!
//! Before it sleeps, each end looks again for a while, if that has lately paid: see [`crate::wait`].
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`sending`] | the handles of the sending end |
//! | [`waiting`] | how its tasks wait, in a bounded channel |
//! | [`unbounded`] | what those handles do in an unbounded channel |
//! | [`receiving`] | the receiving end |

mod receiving;
mod sending;
mod unbounded;
mod waiting;

pub(crate) use crate::queue::{SMALL, Taken};
pub(crate) use crate::wait::NoRoom;
pub(crate) use receiving::{Receiving, many, next, peeked};
pub(crate) use sending::{Sending, Unsent, WeakSending};
pub(crate) use unbounded::Unsendable;
pub(crate) use waiting::Waiting;

use crate::control::Endpoint;
use crate::error::Corruption;
use crate::queue::{Nonsense, Queue, ring, table};
use crate::wait::{Futex, Threads};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::coop::poll_proceed;

/// The receiving end of a bounded channel.
pub(crate) type BoundedReceiving = Receiving<ring::Consumer>;

/// The receiving end of an unbounded channel.
pub(crate) type UnboundedReceiving = Receiving<table::Consumer>;

/// What both ends can ask.
impl Endpoint {
    /// Returns the answer of the queue. A forked child has no queue: there it is the default.
    fn ask<R: Default>(&self, question: impl FnOnce(Queue<'_>) -> R) -> R {
        if self.is_forked() { R::default() } else { question(self.queue()) }
    }

    /// Returns the number of values in the queue.
    pub(crate) fn len(&self) -> usize {
        self.ask(|queue| queue.len())
    }

    /// Returns the capacity of a bounded channel that is not held, waited for or promised.
    pub(crate) fn free_capacity(&self) -> usize {
        self.ask(|_| self.ring().free_capacity())
    }

    /// Returns the number of sending handles in all processes.
    pub(crate) fn strong_count(&self) -> usize {
        self.ask(|queue| queue.common().strong_count())
    }

    /// Returns the number of handles in all processes that do not keep the channel open.
    pub(crate) fn weak_count(&self) -> usize {
        self.ask(|queue| queue.common().weak_count())
    }

    /// Returns what is wrong in the segment, as far as this process has found, or finds now.
    pub(crate) fn corruption(&self) -> Option<Corruption> {
        self.ask(|_| self.nonsense()).map(told)
    }

    /// Returns whether nothing can be sent any more.
    fn is_closed_for_sending(&self) -> bool {
        self.is_forked() || self.is_over() || self.queue().is_closed()
    }
}

/// Converts what the queue found into the error.
fn told(nonsense: Nonsense) -> Corruption {
    match nonsense {
        Nonsense::Claim => Corruption::Claim,
        Nonsense::Head => Corruption::Head,
        Nonsense::Open => Corruption::Open,
        Nonsense::Table => Corruption::Table,
    }
}

/// Returns how a thread sleeps at that end, until that much time has passed; `threads`: where it writes that down. None: it does not
/// sleep, because the timeout is zero.
#[inline]
fn sleep<'a>(
    endpoint: &Endpoint,
    timeout: Option<Duration>,
    threads: Option<&'a Threads>,
) -> Option<Futex<'a>> {
    if timeout.is_some_and(|timeout| timeout.is_zero()) {
        return None;
    }
    // A moment too far away for the clock never comes.
    let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    Some(Futex { until, threads, late: endpoint.looks_late_after() })
}

/// Takes one unit of the task's turn.
pub(crate) fn poll_turn(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(|budget| budget.made_progress())
}

#[cfg(test)]
mod tests;
