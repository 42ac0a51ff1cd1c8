//! The moves on a segment: claim, publish, receive, wait in line, count handles, repair. No operating system, no
//! time, no process and no task is known here; which process is dead and how to wake come in as arguments.
//!
//! | folder | what it is about |
//! | --- | --- |
//! | [`common`] | what every channel has: handles, the end of the stream, bells, payloads, the names of the orderings |
//! | [`ring`] | the queue of a bounded channel: a ring of slots, capacity, the line of waiting senders |

pub(crate) mod common;
pub(crate) mod ring;

pub(crate) use common::{
    BellKey, Common, Effort, Kind, Nonsense, Number, Peers, SMALL, Sleeper, Took, Wake, edge, payload,
};
