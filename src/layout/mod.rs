//! What the bytes of a segment are. No atomic operation is performed here.
//!
//! ```text
//! every channel
//! 0            header      384 bytes   identity, the receiver's bell, latch: a block of 128 each
//! 384          members     64 each     the roster: one line for each process, number 0 is the open name
//!
//! the ring of a bounded channel
//!              words       384 bytes   claim, the receiver's, read-mostly: a block of 128 each
//!              entries     8 each      quarantine: slots of stalled senders
//!              occupied    8 each      a bit for each waiter's record that is in use
//!              waiters     8 each      the line: a record for each sender that waits for capacity
//!              bells       8 each      one for each waiter's record
//!              backlogs    8 each      a bell for each process, whose backlog waits behind the line
//!              records     8 each      the owner of a claimed position, one for each slot
//!              slots       stride      the value as words, then padding, then its stamp
//!
//! or the table of an unbounded one
//!              words       256 bytes   claim, the receiver's: a block of 128 each
//!              entries     8 each      which chunk stands in which part of the stream
//!              chunks      chunk size  memory only while they are in use; in each a record, then a slot for each position
//! ```
//!
//! Header and members stand in [`common`], what is behind them in [`ring`] and [`table`].
//! Each region begins at a multiple of 128 bytes, the chunks at one of 64 KiB. All words are little-endian `u64` (bells are `u32`
//! alone in eight bytes), all are accessed as atomics of their one width, and zero means empty in each.

mod attach;
mod common;
mod geometry;
mod ring;
mod slot;
mod table;
#[cfg(test)]
mod typed;

pub(crate) use attach::View;
pub(crate) use common::{Bell, CommonView, FenceKind, Header, MemberWords};
pub(crate) use geometry::{ChannelKind, Geometry, GeometryError};
pub(crate) use ring::{RingGeometry, RingView};
pub(crate) use slot::{Slot, rounds_up};
#[cfg(test)]
pub(crate) use table::{Part, Touch};
pub(crate) use table::{TableGeometry, TableView};
#[cfg(test)]
pub(crate) use typed::{Typed, TypedTable};

/// Version of the layout of the bytes. Two processes meet only if theirs are equal.
pub(crate) const VERSION: u32 = 1;

/// First word of every segment: `shmpsc` and two zero bytes, read as a little-endian number.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"shmpsc\0\0");

/// Largest capacity: the claim word gives 20 bits to the capacity held by permits.
pub(crate) const MAX_CAPACITY: u32 = (1 << 20) - 1;

/// Most processes in one channel: the claim word gives 10 bits to an owner, and 0 is no process.
pub(crate) const MAX_MEMBERS: u32 = (1 << 10) - 1;
