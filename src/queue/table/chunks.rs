//! Reclamation of chunks whose values have been taken. The receiver gives the memory back to the system and posts the chunk behind the
//! others, or it puts the chunk, as it is, where the next sender comes.
//!
//! A part of the stream is over when the first value behind it has been taken, not before: until then a sender may still write there the
//! record of its last position.
//!
//! What a kill leaves does not matter: without a receiver the channel is closed.

use super::Table;
use super::stalled::StalledList;
use super::words::Entry;
use crate::queue::edge::{Edge, release};
use alloc::vec::Vec;

/// How many parts of the stream, behind the one where senders are now, have memory before a sender comes there, as far as chunks come
/// free. More would be memory that no value needs; with fewer a sender asks the system at each chunk.
const AHEAD: u64 = if cfg!(shmpsc_loom) { 1 } else { 2 };

/// Which chunks the receiver has, and how far it has posted them.
pub(super) struct Chunks {
    /// The first part of the stream that is not over.
    clean: u64,
    /// The first part for which no chunk is posted.
    posted: u64,
    /// Parts that are over but for a stalled send, and their chunks.
    kept: Vec<(u64, u32)>,
}

impl Chunks {
    /// Returns the state at which the last receiver stopped, by the segment. That receiver had no stalled send, so each chunk is posted.
    pub fn new(table: &Table<'_>, head: u64) -> Chunks {
        let clean = table.number(head.saturating_sub(1));
        let most = table.view.entries.len() as u64;
        let posted = (clean..clean + most).find(|number| table.entry(*number).is_none());
        Chunks { clean, posted: posted.unwrap_or(clean + most), kept: Vec::new() }
    }

    /// Returns the position of head at which the next part is over.
    pub fn next_end(&self, table: &Table<'_>) -> u64 {
        (self.clean + 1) * table.positions() + 1
    }

    /// Ends each part that is over, now that head has come to `head`.
    pub fn pass(&mut self, table: &Table<'_>, head: u64, stalled: &StalledList) {
        while head >= self.next_end(table) {
            let number = self.clean;
            self.clean += 1;
            // A peer may have written over the entry. Then the chunk is lost to the channel.
            let Some(chunk) = table.ready_chunk(number) else { continue };
            if stalled.stand_in(table, number) {
                self.kept.push((number, chunk));
            } else {
                self.retire(table, chunk);
            }
        }
    }

    /// Frees the chunk of that part of the stream, if the stalled send that has just ended there was the last.
    pub fn let_go(&mut self, table: &Table<'_>, number: u64, stalled: &StalledList) {
        if !stalled.stand_in(table, number)
            && let Some(place) = self.kept.iter().position(|(kept, _)| *kept == number)
        {
            let (_, chunk) = self.kept.swap_remove(place);
            self.retire(table, chunk);
        }
    }

    /// Gives back all memory of a closed channel, whatever stands there.
    pub fn give_all_back(&mut self, table: &Table<'_>) {
        let parts = (self.clean..self.posted)
            .map_while(|number| table.entry(number).filter(|(entry, _)| !entry.is_offered()))
            .map(|(_, chunk)| chunk);
        let kept = self.kept.drain(..).map(|(_, chunk)| chunk);
        parts.chain(kept).for_each(|chunk| table.memory.give_back(chunk));
    }

    /// Posts a chunk that is memory and in which no sender writes any more: as it is where the next sender comes, if not enough stands
    /// ready there already; else as no memory.
    fn retire(&mut self, table: &Table<'_>, chunk: u32) {
        // Not beyond what was posted, whatever a peer wrote.
        let tail = table.number(table.claim().tail()).min(self.posted);
        let end = (tail + AHEAD + 1).min(self.posted);
        let mut number = tail;
        while number < end {
            let Some((entry, offered)) = table.entry(number) else { break };
            if entry.is_ready() {
                number += 1;
            } else if !entry.is_offered() {
                // A sender makes memory there, or could not. What stood behind that would be out of its reach.
                break;
            } else if table.exchange_entry(number, entry, entry.with_ready(table.place(number).0, chunk)) {
                return self.give_back(table, offered);
            }
        }
        self.give_back(table, chunk);
    }

    /// Gives the memory of a chunk back and posts it. A chunk that was on offer has memory only if a late thread touched it.
    fn give_back(&mut self, table: &Table<'_>, chunk: u32) {
        table.memory.give_back(chunk);
        let (index, lap) = table.place(self.posted);
        // ORDERING: releases that all values there were taken, to the sender that writes there next. No other process writes an entry
        // that is not posted.
        table.view.entries[index].store(Entry::offered(index, lap, chunk).0, release(Edge::Chunk));
        self.posted += 1;
    }
}
