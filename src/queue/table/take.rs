//! The receiver's moves, the consumer of a single-consumer queue: take the next value, and go on past positions that stay empty. It
//! never sleeps and never writes a slot.
//!
//! A value is taken in two steps: [`Consumer::take`] finds it, [`Consumer::release`] moves on after the caller has copied it. A kill
//! between the two does no harm: without a receiver the channel is closed. [`Consumer::peek`] is the first step alone: the next take finds
//! the same value.

use super::Table;
use super::chunks::Chunks;
use super::stalled::{Stalled, StalledList};
use super::words::{Claim, Stamp};
use crate::layout::Slot;
use crate::queue::common::PATIENCE;
use crate::queue::edge::{Edge, acquire, release};
use crate::queue::{Consume, Effort, Nonsense, Number, Peers, Taken, payload};
use crate::sync::{AtomicU64, Ordering};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;

/// A value that was found and not yet released: `{ late: 24 | chunk: 24 | index: 16 }`. `late` is 0 for the value at head; for a late send
/// it is the place in the list of stalled sends, plus 1.
///
/// One word, so that it travels in a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "release it after copying"]
pub(crate) struct Found(u64);

impl Found {
    const INDEX_BITS: u32 = 16;
    const LATE_SHIFT: u32 = 40;

    #[inline(always)]
    fn at_head(chunk: u32, index: usize) -> Found {
        Found(u64::from(chunk) << Self::INDEX_BITS | index as u64)
    }

    fn late(chunk: u32, index: usize, place: usize) -> Found {
        Found((place as u64 + 1) << Self::LATE_SHIFT | Self::at_head(chunk, index).0)
    }

    #[inline(always)]
    fn place(self) -> Option<usize> {
        ((self.0 >> Self::LATE_SHIFT) as usize).checked_sub(1)
    }

    /// The chunk, and where in it.
    #[inline(always)]
    pub(super) fn place_in_memory(self) -> (u32, usize) {
        let chunk = (self.0 >> Self::INDEX_BITS) as u32 & ((1 << (Self::LATE_SHIFT - Self::INDEX_BITS)) - 1);
        (chunk, self.0 as usize & ((1 << Self::INDEX_BITS) - 1))
    }

    #[inline(always)]
    fn slot<'a>(self, table: &Table<'a>) -> Slot<'a> {
        let (chunk, index) = self.place_in_memory();
        table.view.slot(chunk, index as u64)
    }
}

/// Returns whether a slot with that stamp holds the value of the position.
#[inline(always)]
fn is_published_in(stamp: &AtomicU64, position: u64) -> bool {
    stamp.load(acquire(Edge::Stamp)) == Stamp::published(position).0
}

/// The owner of the position at head, and of those after it up to the last of them.
#[derive(Clone, Copy)]
struct Owned {
    owner: Number,
    last: u64,
}

/// The receiver's private state.
pub(crate) struct Consumer {
    head: u64,
    /// The chunk of the part of the stream where head is, once it is ready.
    here: Option<u32>,
    /// The position of head at which a part of the stream is over.
    next_end: u64,
    chunks: Chunks,
    stalled: StalledList,
    /// The owner of the last position that was not published in its turn, and how far it owns what follows.
    known: Option<Owned>,
    /// What the last peek found, for the next take. Only while a send is stalled; the list stays as it is until then.
    peeked: Option<Found>,
    /// The receiver closed the channel.
    is_closed: bool,
    /// The nonsense in the segment for which the stream ended.
    nonsense: Option<Nonsense>,
    effort: Effort,
}

impl Consume for Consumer {
    type Queue<'a> = Table<'a>;
    type Found = Found;

    /// Goes on where the segment says the last receiver stopped.
    fn new(table: &Table<'_>) -> Consumer {
        // ORDERING: relaxed. Only a receiver writes head, and this one was made receiver by a synchronizing act.
        let head = table.view.words.head.load(Ordering::Relaxed);
        let nonsense = (head >= Claim::LAST).then_some(Nonsense::Head);
        let head = head.min(Claim::LAST);
        let chunks = Chunks::new(table, head);
        Consumer {
            head,
            here: None,
            next_end: chunks.next_end(table),
            chunks,
            stalled: StalledList::default(),
            known: None,
            peeked: None,
            is_closed: false,
            nonsense,
            effort: Effort::Spin,
        }
    }

    /// Finds the next value. It skips positions of the dead, and goes round positions of stalled senders.
    #[inline(always)]
    fn take(&mut self, table: &Table<'_>, peers: &impl Peers) -> Taken<Found> {
        if let Some(chunk) = self.here
            && self.stalled.is_empty()
            && self.nonsense.is_none()
            && Self::is_published(table, chunk, self.head)
        {
            return Taken::Value(Found::at_head(chunk, table.index(self.head)));
        }
        self.take_slow(table, peers)
    }

    #[inline(always)]
    fn take_fast<T: Pod>(&mut self, table: &Table<'_>, _: &impl Peers) -> Option<T> {
        let chunk = self.here?;
        if !self.stalled.is_empty() || self.nonsense.is_some() {
            return None;
        }
        let slot = table.view.slot_for::<T>(chunk, self.head);
        if !is_published_in(slot.stamp, self.head) {
            return None;
        }
        let value = payload::load(slot);
        self.pass(table);
        Some(value)
    }

    /// Finds the next value and leaves it where it is. The next take, also one for a batch or at the receiver's end,
    /// finds the same. The ring's `peek` says what that means for the order of a late value.
    fn peek(&mut self, table: &Table<'_>, peers: &impl Peers) -> Taken<Found> {
        let took = self.take(table, peers);
        if let Taken::Value(found) = took
            && !self.stalled.is_empty()
        {
            self.peeked = Some(found);
        }
        took
    }

    /// Takes up to `limit` values that are there behind the last of `values`, and moves on at once. `Value(0)` only if `limit` is 0.
    fn receive_many<T: Pod>(
        &mut self,
        table: &Table<'_>,
        limit: usize,
        values: &mut Vec<T>,
        peers: &impl Peers,
    ) -> Taken<usize> {
        self.receive_each::<T>(table, limit, |slot| payload::push(slot, values), peers)
    }

    /// Returns a private copy of a found value.
    #[inline(always)]
    fn copy<T: Pod>(table: &Table<'_>, found: Found) -> T {
        payload::load(found.slot(table))
    }

    /// Returns a private copy of a found value that was made on the heap and is nowhere else.
    fn copy_boxed<T: Pod>(table: &Table<'_>, found: Found) -> Box<T> {
        payload::load_boxed(found.slot(table))
    }

    /// Moves on behind a found value.
    #[inline]
    fn release(&mut self, table: &Table<'_>, found: Found, peers: &impl Peers) {
        match found.place() {
            None => self.pass(table),
            Some(place) => self.end_stalled(table, place, peers),
        }
    }

    /// Gives all memory back to the system. A sender in the middle of a send then writes where no receiver looks. What it touches there
    /// becomes memory again and stays so.
    fn drop_all(&mut self, table: &Table<'_>, _: &impl Peers) {
        self.chunks.give_all_back(table);
        let claim = table.claim();
        if table.fits(self.head, claim) {
            self.head = claim.tail();
            // ORDERING: relaxed. Nothing is read on the strength of it.
            table.view.words.head.store(self.head, Ordering::Relaxed);
        }
    }

    /// Says what the next takes do before they find the queue empty. At first they spin.
    fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// Notes that the receiver closes the channel: from now on the segment says so, or something is wrong with it. Returns whether
    /// the receiver had not closed it before.
    fn close(&mut self) -> bool {
        !core::mem::replace(&mut self.is_closed, true)
    }

    /// Returns whether a send is stalled: then the receiver cannot be handed over.
    fn has_stalled(&self) -> bool {
        !self.stalled.is_empty()
    }

    /// Returns the nonsense in the segment for which the stream ended.
    fn nonsense(&self) -> Option<Nonsense> {
        self.nonsense
    }
}

impl Consumer {
    #[inline(always)]
    pub(super) fn is_published(table: &Table<'_>, chunk: u32, position: u64) -> bool {
        is_published_in(table.view.slot(chunk, position).stamp, position)
    }

    /// Takes one value, and returns what `copy` makes of it.
    #[inline]
    pub fn receive<R>(
        &mut self,
        table: &Table<'_>,
        copy: impl FnOnce(&Table<'_>, Found) -> R,
        peers: &impl Peers,
    ) -> Taken<R> {
        self.take(table, peers).map(|found| {
            let value = copy(table, found);
            self.release(table, found, peers);
            value
        })
    }

    /// Takes as [`Consumer::receive_many`] does, and calls `put` with the slot of each value, to copy it.
    pub(super) fn receive_each<T>(
        &mut self,
        table: &Table<'_>,
        limit: usize,
        mut put: impl FnMut(Slot<'_>),
        peers: &impl Peers,
    ) -> Taken<usize> {
        let mut count = 0;
        while count < limit {
            if self.stalled.is_empty()
                && self.nonsense.is_none()
                && let Some(chunk) = self.look_here(table)
            {
                let before = self.head;
                let end = (table.number(before) + 1) * table.positions();
                while count < limit && self.head < end {
                    let slot = table.view.slot_for::<T>(chunk, self.head);
                    if !is_published_in(slot.stamp, self.head) {
                        break;
                    }
                    put(slot);
                    self.head += 1;
                    count += 1;
                }
                if self.head != before {
                    self.moved(table);
                    // What stands in the next chunk may be there as well.
                    if self.head == end {
                        continue;
                    }
                    // What came in meanwhile is left to the next call. Otherwise a sender as fast as this could keep it here.
                    return Taken::Value(count);
                }
                if count > 0 {
                    return Taken::Value(count);
                }
            }
            match self.receive(table, |table, found| put(found.slot(table)), peers) {
                Taken::Value(()) => {}
                Taken::Empty | Taken::End if count > 0 => break,
                Taken::Empty => return Taken::Empty,
                Taken::End => return Taken::End,
            }
            count += 1;
        }
        Taken::Value(count)
    }

    #[cold]
    fn take_slow(&mut self, table: &Table<'_>, peers: &impl Peers) -> Taken<Found> {
        if let Some(found) = self.peeked.take() {
            return Taken::Value(found);
        }
        let (mut patience, mut effort) = (PATIENCE, self.effort);
        if effort == Effort::Least
            && self.here.is_some()
            && self.stalled.is_empty()
            && self.nonsense.is_none()
        {
            return Taken::Empty;
        }
        while self.nonsense.is_none() {
            let head = self.head;
            let here = self.look_here(table);
            // ORDERING: head's stamp first, then those of stalled sends. So if a late send returned before the value at head was sent,
            // its value is seen here, and goes first.
            let is_here = here.is_some_and(|chunk| effort.finds(|| Self::is_published(table, chunk, head)));
            let (late, dead) = self.poll_stalled(table, peers);
            if let Some(place) = late {
                let Stalled { position, chunk, .. } = *self.stalled.get(place);
                return Taken::Value(Found::late(chunk, table.index(position), place));
            }
            if let Some(place) = dead {
                self.end_stalled(table, place, peers);
                continue;
            }
            if is_here && let Some(chunk) = here {
                return Taken::Value(Found::at_head(chunk, table.index(head)));
            }
            // ORDERING: the latch before the claim word. The sender that set the latch sends nothing more, so a claim word that is read
            // after it shows the last message.
            let has_ended = table.common().has_ended();
            let claim = table.claim();
            if let Some(nonsense) = self.nonsense_in(table, claim) {
                self.fail_with(table, nonsense);
                break;
            }
            if claim.tail() == head {
                if !has_ended && claim.closed() == 0 {
                    return Taken::Empty;
                }
                if self.stalled.is_empty() {
                    return Taken::End;
                }
                if has_ended && self.poll_stalled(table, peers) == (None, None) {
                    self.fail_with(table, Nonsense::Claim);
                    continue;
                }
                if has_ended {
                    continue;
                }
                return Taken::Empty;
            }
            // ORDERING: the claim word was read with acquire, and a sender that claims there has found the entry ready.
            let Some(chunk) = self.look_here(table) else {
                self.fail_with(table, Nonsense::Table);
                continue;
            };
            if patience > 0 {
                patience -= 1;
                effort = Effort::Spin;
                continue;
            }
            // The owner is looked up once for all positions that it claimed: there can be as many as memory holds.
            let owned = self
                .known
                .filter(|owned| head <= owned.last)
                .unwrap_or_else(|| Self::owner_of_head(table, head, claim));
            self.known = Some(owned);
            let owner = owned.owner;
            // Proof first, stamp second: a value published before the death must not be skipped.
            if peers.is_dead(owner) {
                if !Self::is_published(table, chunk, head) {
                    self.pass(table);
                }
                continue;
            }
            if has_ended {
                // No sender is left that could be in the middle of a send. So the position was published meanwhile, or no sender claimed
                // it.
                if !Self::is_published(table, chunk, head) {
                    self.fail_with(table, Nonsense::Claim);
                }
                continue;
            }
            let is_alone = claim.tail() == head + 1;
            if is_alone || self.stalled.is_full() {
                return Taken::Empty;
            }
            self.stalled.add(Stalled { position: head, chunk, owner }, peers);
            self.pass(table);
        }
        Taken::End
    }

    /// Returns the chunk where head is, if it is ready.
    #[inline(always)]
    fn look_here(&mut self, table: &Table<'_>) -> Option<u32> {
        if self.here.is_none() {
            self.here = table.ready_chunk(table.number(self.head));
            if let Some(chunk) = self.here {
                table.memory.prepare(chunk);
            }
        }
        self.here
    }

    /// Ends the stream because of nonsense in the segment, and closes the channel for all processes.
    fn fail_with(&mut self, table: &Table<'_>, nonsense: Nonsense) {
        self.nonsense = Some(nonsense);
        table.close();
    }

    /// Returns which of the words that all senders use is not as it must be. Only the receiver writes head, and only it closes.
    fn nonsense_in(&self, table: &Table<'_>, claim: Claim) -> Option<Nonsense> {
        // ORDERING: relaxed. This thread wrote head, or was made receiver by the one that did.
        if table.view.words.head.load(Ordering::Relaxed) != self.head {
            Some(Nonsense::Head)
        } else if !table.fits(self.head, claim) {
            Some(Nonsense::Claim)
        } else {
            (self.is_closed && claim.closed() == 0).then_some(Nonsense::Open)
        }
    }

    /// Looks at every stalled send. Returns the oldest one that was published after all, and the oldest one whose process is dead.
    fn poll_stalled(&self, table: &Table<'_>, peers: &impl Peers) -> (Option<usize>, Option<usize>) {
        let (mut late, mut dead) = (None, None);
        for (place, stalled) in self.stalled.newest_first() {
            // Proof first, stamp second: a value published before the death must not be dropped.
            let is_dead = peers.is_dead(stalled.owner);
            if Self::is_published(table, stalled.chunk, stalled.position) {
                late = Some(place);
            } else if is_dead {
                dead = Some(place);
            }
        }
        (late, dead)
    }

    /// Returns the owner of the position at head. The first record from head on that bears its own position names it; without such a
    /// record the claim word does, which was read before. It owns all positions up to that record, or up to the tail.
    fn owner_of_head(table: &Table<'_>, head: u64, claim: Claim) -> Owned {
        // ORDERING: relaxed. The claim word was read with acquire, and each record was written before the claim that follows it.
        let first = table.records(head, claim.tail(), Ordering::Relaxed).next();
        match first {
            Some((position, owner)) => Owned { owner, last: position },
            None => Owned { owner: claim.owner(), last: claim.tail() - 1 },
        }
    }

    /// Ends the stalled send at `place`: its value was received, or its process is proved dead.
    fn end_stalled(&mut self, table: &Table<'_>, place: usize, peers: &impl Peers) {
        let ended = self.stalled.remove(place, peers);
        self.chunks.let_go(table, table.number(ended.position), &self.stalled);
    }

    /// Moves head over one position.
    #[inline]
    fn pass(&mut self, table: &Table<'_>) {
        // Below 2^53: a head beyond is nonsense, and ends the stream.
        self.head = self.head.wrapping_add(1);
        self.moved(table);
    }

    /// Publishes the private head, which has moved, within a part of the stream or to the beginning of the next.
    #[inline]
    fn moved(&mut self, table: &Table<'_>) {
        // ORDERING: releases what was taken, to a thread that asks how far the receiver is.
        table.view.words.head.store(self.head, release(Edge::Head));
        if table.index(self.head) == 0 {
            self.here = None;
        }
        if self.head >= self.next_end {
            // A copy, so that only this rare path needs the whole table in memory.
            let table = *table;
            self.end_parts(&table);
        }
    }

    #[cold]
    fn end_parts(&mut self, table: &Table<'_>) {
        self.chunks.pass(table, self.head, &self.stalled);
        self.next_end = self.chunks.next_end(table);
    }
}
