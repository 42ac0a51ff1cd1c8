//! The receiver's private list of the sends that it has passed before they were published.
//!
//! A sender can be stopped between claim and publish. Its position is then noted here and head moves on. Its chunk is kept until the
//! late value is received or its process is proved dead. No timer ever gives it to another sender.

use super::Table;
use crate::queue::{Number, Peers};
use alloc::vec::Vec;

/// How many stalled sends the receiver passes at most. With so many it waits until one of them goes on. Honest processes hardly come to
/// that: it takes 128 stopped threads, each in the middle of a batch.
pub(super) const MOST: usize = 4096;

/// A position that was claimed and not published.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stalled {
    pub position: u64,
    pub chunk: u32,
    pub owner: Number,
}

/// All of them, oldest first.
#[derive(Default)]
pub(super) struct StalledList {
    list: Vec<Stalled>,
}

impl StalledList {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// Returns all of them, newest first, with their places in the list.
    pub fn newest_first(&self) -> impl Iterator<Item = (usize, &Stalled)> {
        self.list.iter().enumerate().rev()
    }

    pub fn get(&self, place: usize) -> &Stalled {
        &self.list[place]
    }

    /// Returns whether a stalled send stands in that part of the stream.
    pub fn stand_in(&self, table: &Table<'_>, number: u64) -> bool {
        self.list.iter().any(|stalled| table.number(stalled.position) == number)
    }

    /// Notes a position at head, before head moves past it.
    pub fn add(&mut self, stalled: Stalled, peers: &impl Peers) {
        self.list.push(stalled);
        peers.bears(stalled.owner, true);
    }

    /// Takes the note at `place` away: the value was received, or its process is proved dead.
    pub fn remove(&mut self, place: usize, peers: &impl Peers) -> Stalled {
        let stalled = self.list.remove(place);
        peers.bears(stalled.owner, false);
        stalled
    }
}
