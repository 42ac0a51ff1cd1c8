//! Both kinds of channel behind one sender and one receiver, so that each program is written once. It knows no value.
//!
//! | file | what it is about |
//! |---|---|
//! | [`sender`], [`receiver`] | the ends, of either kind |
//! | [`retry`] | what is left to send where the memory of an unbounded channel is used up |
//! | [`peak`] | the most memory that a channel was seen to have |

use std::path::Path;

use serde::Serialize;
use shmpsc::Options;
use shmpsc::bytemuck::Pod;
use shmpsc::error::OpenError;

use receiver::AnyReceiver;
use sender::AnySender;

/// Calls the same method on an end of either kind.
macro_rules! each {
    ($either:expr, $end:ident => $call:expr) => {
        match $either {
            Self::Bounded($end) => $call,
            Self::Unbounded($end) => $call,
        }
    };
}

pub mod peak;
pub mod receiver;
pub mod retry;
pub mod sender;

/// The kind of a channel, on which both sides must agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A send waits while the queue is full.
    Bounded,
    /// A send never waits.
    Unbounded,
}

impl Kind {
    /// Returns the kind that `--unbounded` chooses.
    pub fn of(unbounded: bool) -> Self {
        if unbounded { Self::Unbounded } else { Self::Bounded }
    }

    /// Joins the channel of that name as a sender.
    pub fn connect<T: Pod>(self, options: Options, path: &Path) -> Result<AnySender<T>, OpenError> {
        match self {
            Self::Bounded => options.connect(path).map(AnySender::Bounded),
            Self::Unbounded => options.connect_unbounded(path).map(AnySender::Unbounded),
        }
    }
}

/// The queue of a channel, as its receiver makes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Queue {
    /// Has room for a number of values.
    Bounded {
        /// So many.
        capacity: usize,
    },
    /// Grows as long as there is memory.
    Unbounded {
        /// How many bytes of memory it may have, if that was said.
        memory_limit: Option<u64>,
    },
}

impl Queue {
    /// Returns the kind of the channel.
    pub fn kind(self) -> Kind {
        match self {
            Self::Bounded { .. } => Kind::Bounded,
            Self::Unbounded { .. } => Kind::Unbounded,
        }
    }

    /// Makes a channel with this queue and that name.
    pub fn bind<T: Pod>(self, options: Options, path: &Path) -> Result<AnyReceiver<T>, OpenError> {
        match self {
            Self::Bounded { capacity } => options.capacity(capacity).bind(path).map(AnyReceiver::Bounded),
            Self::Unbounded { memory_limit } => {
                let options = match memory_limit {
                    Some(bytes) => options.memory_limit(bytes),
                    None => options,
                };
                options.bind_unbounded(path).map(AnyReceiver::Unbounded)
            }
        }
    }
}
