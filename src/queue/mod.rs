//! The moves on a segment: claim, publish, receive, wait in line, count handles, repair. No operating system, no
//! time, no process and no task is known here; which process is dead and how to wake come in as arguments.
//!
//! # One word decides
//!
//! `claim = { tail: 32 | reserved: 20 | owner: 10 | parity: 1 | closed: 1 }`. A send moves `tail`, a permit moves
//! `reserved`, close sets `closed`: each is one exchange of this word, so capacity, permits and close never
//! disagree. `head`, which only the receiver writes, gives capacity back.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`position`] | the arithmetic of positions |
//! | [`words`] | the packed words |
//! | [`edge`] | the names of the orderings |
//! | [`room`] | how much capacity is free, and for which sender |
//! | [`send`] | claiming positions and publishing values |
//! | [`take`] | receiving, and what to do with positions that stay unpublished |
//! | [`quarantine`] | the slots of stalled senders |
//! | [`waiting`] | which senders wait for capacity, in which order, and which sleepers are rung |
//! | [`life`] | strong and weak handles, close, and the end of the stream |
//! | [`permits`] | capacity that is held before it is used |
//! | [`account`] | permits of each process, for recovery |
//! | [`repair`] | what a dead process leaves |
//! | [`recovery`] | what dead processes held in permits |
//! | [`nonsense`] | words that do not fit each other |

pub(crate) mod account;
pub(crate) mod edge;
pub(crate) mod life;
mod nonsense;
mod payload;
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

pub(crate) use nonsense::Nonsense;
pub(crate) use payload::SMALL;
pub(crate) use permits::Permits;
pub(crate) use recovery::Recovery;
pub(crate) use send::{Claimed, Positions, Producer, Span, Turn, ViewCell, Want};
pub(crate) use take::{Consumer, Effort, Found, Peers, Took};
pub(crate) use waiting::{BellKey, Kind, Place, Rank, Ranking};

use crate::layout::View;
use crate::sync::Ordering;
use position::Track;
use words::Claim;

/// The roster number of a process. 0 is no process, and in the roster the open name.
pub(crate) type Number = u16;

/// A sleeper that shall be woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sleeper {
    /// The receiver, on its bell.
    Receiver,
    /// The sender that waits with this record, on the record's bell.
    Waiter { record: usize, owner: Number },
    /// The senders in the backlog of a process, which the process wakes itself.
    Backlog { owner: Number },
    /// The porter, which makes the [`Recovery`]: a permit operation has ended for which it may wait.
    Recovery,
}

/// How sleepers are woken: the one thing of the outside world that the queue calls.
pub(crate) trait Wake {
    fn wake(&self, sleeper: Sleeper, kind: Kind);

    /// Returns whether this process knows from private memory that it can send nothing any more. (A peer could clear the mark
    /// in the segment.) A sleeper asks after it has registered. The thread that makes it so wakes the process's sleepers then.
    fn is_over(&self) -> bool {
        false
    }
}

/// A segment and the arithmetic of its positions.
#[derive(Clone, Copy)]
pub(crate) struct Queue<'a> {
    pub view: &'a View<'a>,
    pub track: Track,
    /// What this process remembers of the line, if it does.
    pub ranking: Option<&'a Ranking>,
}

impl<'a> Queue<'a> {
    #[inline(always)]
    pub fn new(view: &'a View<'a>) -> Queue<'a> {
        Queue { view, track: Track::new(view.geometry.capacity), ranking: None }
    }

    pub fn capacity(&self) -> i64 {
        i64::from(self.view.geometry.capacity)
    }

    /// Makes the zeros of a new segment an open, empty channel. Before another process maps it.
    pub fn format(&self) {
        let first = self.track.first();
        let header = self.view.header;
        // ORDERING: no other process maps the segment yet; handing it over is a synchronizing act of its own.
        header.claim.store(Claim(0).with_tail(first as u32).0, Ordering::Relaxed);
        header.taken.head.store(first, Ordering::Relaxed);
    }
}

#[cfg(all(test, shmpsc_loom))]
mod models;
#[cfg(all(test, not(shmpsc_loom)))]
mod tests;
