//! The queue of an unbounded channel: chunks of memory in the order in which the receiver posted them.
//!
//! A ring of receive descriptors, as a network card has one. The receiver *posts* pieces of memory, the chunks, into a table. Senders fill
//! them in that order. The receiver takes the values and posts each chunk anew. What is special here: most chunks are no memory while they
//! are on offer. The sender that comes to such a chunk has the system make it memory. The receiver gives it back to the system once it has
//! taken what was there, or posts it, as it is, where the next sender comes.
//!
//! A position never comes twice. Position `p` stands in the part of the stream with number `p / positions`; which chunk of memory that
//! is, is said by the entry of that number, at `number % entries` in the table. An entry is written over when its part of the
//! stream is over, so a sender looks at it once for as many values as a chunk holds.
//!
//! An entry goes from *offered* to *growing*, by a sender that is about to make its chunk memory, to *ready*. The receiver may also
//! exchange what is offered for a chunk that is memory already. A sender claims positions only in a part that is ready.
//!
//! `claim = { tail: 53 | owner: 10 | closed: 1 }`: a send is one exchange of this word, and so is the close.
//!
//! Senders never wait for the receiver and never look at how far it is: the limit of memory is reached when nothing is on
//! offer. A sender that is stopped in the middle of a send keeps its chunk until it goes on, and nothing else.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`words`] | the packed words |
//! | [`send`] | claiming positions and publishing values |
//! | [`grow`] | where a sender finds memory |
//! | [`take`] | receiving, and what to do with positions that stay unpublished |
//! | [`records`] | which process has claimed which position |
//! | [`stalled`] | the sends that were passed before they were published |
//! | [`chunks`] | what the receiver does with a chunk whose values have been taken |
//! | [`repair`] | what a dead process leaves, and how far senders and receiver are |
//! | [`close`] | closing the receiving side |
//! | [`nonsense`] | words that do not fit each other |

mod chunks;
mod close;
mod grow;
mod nonsense;
mod records;
pub(crate) mod repair;
pub(crate) mod send;
mod stalled;
pub(crate) mod take;
pub(crate) mod words;

pub(crate) use send::{ChunkCache, Producer};
pub(crate) use take::Consumer;

use super::edge::{Edge, acquire, release};
use super::{Common, Fences};
use crate::layout::TableView;
use crate::sync::Ordering;
use words::{Claim, Entry};

/// The chunks of a segment as memory of the system. Beside waking, it is the one thing that the queue asks of the system.
pub(crate) trait ChunkMemory: Sync {
    /// Makes the chunk memory, all of it. If it is memory already it stays as it is.
    fn make_real(&self, chunk: u32) -> Result<(), NoMemory>;

    /// Has the system map a chunk that is memory into this process at once, and not page by page as it is touched. A hint.
    fn prepare(&self, chunk: u32);

    /// Gives the memory of the chunk back to the system. It then reads as zeros.
    fn give_back(&self, chunk: u32);
}

/// The system has no memory for another chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoMemory;

/// Why nothing can be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    Closed,
    /// Every chunk of the channel is in use.
    Limit,
    /// The system has no memory for another one.
    NoMemory,
}

/// The segment of an unbounded channel, and how its chunks become memory.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub view: &'a TableView<'a>,
    pub memory: &'a dyn ChunkMemory,
    pub fences: Fences,
}

impl<'a> Table<'a> {
    /// Returns the queue with full fences.
    #[inline(always)]
    pub fn new(view: &'a TableView<'a>, memory: &'a dyn ChunkMemory) -> Table<'a> {
        Table { view, memory, fences: Fences::FULL }
    }

    /// Returns what every channel has.
    #[inline(always)]
    pub fn common(&self) -> Common<'a> {
        Common::new(self.view.common)
    }

    #[inline(always)]
    fn positions(&self) -> u64 {
        u64::from(self.view.geometry.positions)
    }

    /// Returns the number of the part of the stream in which a position stands.
    #[inline(always)]
    fn number(&self, position: u64) -> u64 {
        // Less than 64: there is no shift by more, whatever it says.
        position >> (self.view.bits & 63)
    }

    /// Returns the index of a position in its chunk.
    #[inline(always)]
    fn index(&self, position: u64) -> usize {
        (position & self.view.slots.mask()) as usize
    }

    /// Loads the claim word with acquire.
    #[inline(always)]
    fn claim(&self) -> Claim {
        Claim(self.view.words.claim.load(acquire(Edge::Claim)))
    }

    /// Returns the index in the table of the entry of a part of the stream, and the lap that it must bear.
    fn place(&self, number: u64) -> (usize, u64) {
        let entries = self.view.entries.len() as u64;
        ((number % entries) as usize, number / entries)
    }

    /// Returns the entry of the part of the stream with this number and its chunk, if a chunk is posted there. No entry names a chunk that
    /// there is not, whatever a peer wrote.
    fn entry(&self, number: u64) -> Option<(Entry, u32)> {
        let (index, lap) = self.place(number);
        // ORDERING: acquires what was done in the chunk before it was posted.
        let entry = Entry(self.view.entries[index].load(acquire(Edge::Chunk)));
        let chunk = entry.chunk(index);
        (entry.is_of(lap) && chunk < self.view.geometry.chunks).then_some((entry, chunk))
    }

    /// Changes the entry of a part of the stream, if it still is `from`. Returns whether it was.
    fn exchange_entry(&self, number: u64, from: Entry, to: Entry) -> bool {
        let word = &self.view.entries[self.place(number).0];
        // ORDERING: releases that the chunk is memory, and what was done in it before. The entry was read with acquire.
        word.compare_exchange(from.0, to.0, release(Edge::Chunk), Ordering::Relaxed).is_ok()
    }

    /// Returns the chunk of a part of the stream if its entry is ready, so that positions can have been claimed there.
    fn ready_chunk(&self, number: u64) -> Option<u32> {
        self.entry(number).filter(|(entry, _)| entry.is_ready()).map(|(_, chunk)| chunk)
    }
}

#[cfg(test)]
mod double;
#[cfg(all(test, shmpsc_loom))]
mod models;
#[cfg(all(test, not(shmpsc_loom)))]
mod tests;
