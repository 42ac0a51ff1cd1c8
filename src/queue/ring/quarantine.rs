//! The quarantine: the receiver's private list of stalled sends, and the entries in the segment that make senders skip their slots.
//!
//! A sender can be stopped between claim and publish. The receiver then registers its position here and moves head on. Later positions
//! of its slot are void until the late value is received or its process is proved dead. No timer ever gives the slot to another
//! sender.

use super::Ring;
use super::words::Entry;
use crate::queue::edge::{Edge, release};
use crate::queue::{Number, Peers};
use crate::sync::Ordering;

/// One slot in quarantine, as the receiver knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalled {
    /// The place of its entry in the segment.
    pub entry: usize,
    /// The position that was claimed and not published.
    pub position: u64,
    pub owner: Number,
    /// Until the value is received or the owner proved dead. Then only void positions remain to be passed.
    pub is_active: bool,
}

/// All of them, oldest first.
#[derive(Default)]
pub(crate) struct Quarantine {
    list: Vec<Stalled>,
}

impl Quarantine {
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether a send is still stalled.
    pub fn has_active(&self) -> bool {
        self.list.iter().any(|stalled| stalled.is_active)
    }

    /// Returns the active ones, newest first, with their places in the list.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Stalled)> {
        self.list.iter().enumerate().rev().filter(|(_, stalled)| stalled.is_active)
    }

    pub fn get(&self, place: usize) -> &Stalled {
        &self.list[place]
    }

    /// Returns whether the slot of `position` is in quarantine: then the position is void.
    pub fn holds_slot_of(&self, queue: &Ring<'_>, position: u32) -> bool {
        let index = queue.track.index(position);
        self.list.iter().any(|stalled| queue.track.index(stalled.position as u32) == index)
    }

    /// Returns whether an inactive entry ends at exactly `position`.
    pub fn ends_at(&self, queue: &Ring<'_>, position: u32) -> bool {
        self.list.iter().any(|stalled| {
            // ORDERING: no other thread changes an inactive entry, and this thread's own exchange made it inactive.
            let entry = Entry(queue.view.entries[stalled.entry].load(Ordering::Relaxed));
            !stalled.is_active && entry.last() == position
        })
    }

    /// Registers the position at head, before head moves past it. Returns false if every entry is in use.
    pub fn register(&mut self, queue: &Ring<'_>, head: u64, owner: Number, peers: &impl Peers) -> bool {
        let taken = |number: usize| self.list.iter().any(|stalled| stalled.entry == number);
        let Some(number) = (0..queue.view.entries.len()).find(|&number| !taken(number)) else {
            return false;
        };
        let index = queue.track.index(head as u32) as u32;
        let entry = Entry(0).with_slot(index).with_last(head as u32).with_used(1).with_active(1);
        // ORDERING: relaxed. The stores of the count and of head come later and release it. A sender that has seen neither still counts
        // the position as claimed, and does not need the entry.
        queue.view.entries[number].store(entry.0, Ordering::Relaxed);
        self.list.push(Stalled { entry: number, position: head, owner, is_active: true });
        self.count(queue);
        peers.bears(owner, true);
        true
    }

    /// Ends the stalled send at `place`: its value was received, or its process is proved dead.
    pub fn close(&mut self, queue: &Ring<'_>, place: usize, head: u64, peers: &impl Peers) {
        let stalled = self.list[place];
        let word = &queue.view.entries[stalled.entry];
        let mut entry = Entry(word.load(Ordering::Relaxed)); // ORDERING: a first guess for the exchange.
        loop {
            let is_passed = queue.track.distance(entry.last(), head as u32) > 0;
            let closed = if is_passed { Entry(0) } else { entry.with_active(0) };
            // ORDERING: releases the copy of the late value: a sender that sees the entry closed may write the slot again. Nothing is
            // acquired: a sender that moved `last` published nothing by that.
            match word.compare_exchange(entry.0, closed.0, release(Edge::Entry), Ordering::Relaxed) {
                Ok(_) if is_passed => {
                    self.list.remove(place);
                    self.count(queue);
                    break;
                }
                Ok(_) => {
                    self.list[place].is_active = false;
                    break;
                }
                Err(now) => entry = Entry(now),
            }
        }
        peers.bears(stalled.owner, false);
        queue.freed(peers);
    }

    /// Frees inactive entries whose void positions head has passed.
    pub fn collect(&mut self, queue: &Ring<'_>, head: u64, peers: &impl Peers) {
        let before = self.list.len();
        self.list.retain(|stalled| {
            let word = &queue.view.entries[stalled.entry];
            // ORDERING: no other thread changes an inactive entry, and this thread's own exchange made it inactive.
            let entry = Entry(word.load(Ordering::Relaxed));
            let is_over = !stalled.is_active && queue.track.distance(entry.last(), head as u32) > 0;
            if is_over {
                // No other thread writes an inactive entry.
                // ORDERING: its late value was copied before it became inactive, and a full fence stood since.
                word.store(0, Ordering::Relaxed);
            }
            !is_over
        });
        if self.list.len() != before {
            self.count(queue);
            queue.freed(peers);
        }
    }

    /// Publishes how many entries are in use.
    fn count(&self, queue: &Ring<'_>) {
        queue.view.words.receiver.quarantined.store(self.list.len() as u64, release(Edge::Quarantined));
    }
}
