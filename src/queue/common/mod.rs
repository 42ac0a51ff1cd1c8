//! What the two kinds of queue share.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`handles`] | strong and weak handles, and the end of the stream |
//! | [`bell`] | whether a sleeper must be woken: an eventcount |
//! | [`take`] | the receiver's interface |
//! | [`payload`] | a value between private memory and the segment |
//! | [`copy`] | its bytes, by words or by wider moves |
//! | [`nonsense`] | words that do not fit each other |
//! | [`words`] | packed words |
//! | [`edge`] | the names of the orderings |
//! | [`fences`] | asymmetric fences |

pub(crate) mod bell;
mod copy;
pub(crate) mod edge;
pub(crate) mod fences;
mod handles;
mod nonsense;
pub(crate) mod payload;
mod take;
pub(in crate::queue) mod words;

pub(crate) use bell::{BellKey, Kind};
pub(crate) use fences::{Fences, Sides};
pub(crate) use nonsense::Nonsense;
pub(crate) use payload::SMALL;
pub(in crate::queue) use take::PATIENCE;
pub(crate) use take::{Consume, Effort, Peers, Taken};

use crate::layout::CommonView;

/// The roster number of a process. 0 is no process, and in the roster the open name.
pub(crate) type Number = u16;

/// Which sleeper shall be woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sleeper {
    /// The receiver, on its bell.
    Receiver,
    /// The sender that waits with this record, on the record's bell.
    Waiter { record: usize, owner: Number },
    /// The senders in the backlog of a process, which the process wakes itself.
    Backlog { owner: Number },
    /// The porter, which runs the [`Recovery`](super::ring::Recovery): a permit operation has ended for which it may wait.
    Recovery,
}

/// How sleepers are woken: the one thing of the outside world that the queue calls.
pub(crate) trait Wake {
    /// Wakes this sleeper, which sleeps as a thread or as a task.
    fn wake(&self, sleeper: Sleeper, kind: Kind);

    /// Returns whether this process already knows, from private memory, that it can send nothing any more. (A peer could clear the bit
    /// in the segment.) A sleeper calls this after it has registered. The thread that makes it true wakes all sleepers of the process
    /// afterwards.
    fn is_over(&self) -> bool {
        false
    }

    /// Notes that the backlog of this process has registered on its bell. In a channel of asymmetric fences a late look is due for it.
    fn backlog_sleeps(&self) {}
}

/// What every channel has, to be worked with.
#[derive(Clone, Copy)]
pub(crate) struct Common<'a> {
    view: CommonView<'a>,
}

impl<'a> Common<'a> {
    #[inline(always)]
    pub fn new(view: CommonView<'a>) -> Common<'a> {
        Common { view }
    }
}
