//! The receiver's moves, the consumer of a single-consumer queue: take the next value, give its capacity back, and go on past positions
//! that stay empty. It never sleeps and never writes a slot.
//!
//! A value is taken in two steps: [`Consumer::take`] finds it, [`Consumer::release`] gives its place back after the caller has copied
//! it. A kill between the two does no harm: without a receiver the channel is closed. [`Consumer::peek`] is the first step alone: the
//! next take finds the same value.
//!
//! An empty position at head is one of three. Its sender is between claim and publish, and publishes soon. Its sender is dead: the
//! position is skipped. Or its sender is stopped: the position goes to the quarantine, and its value is taken late.

use super::Ring;
use super::quarantine::Quarantine;
use super::words::{Claim, Record, Stamp};
use crate::layout::Slot;
use crate::queue::common::PATIENCE;
use crate::queue::edge::{Edge, acquire, release};
use crate::queue::{Consume, Effort, Nonsense, Number, Peers, Taken, payload};
use crate::sync::{AtomicU64, Ordering};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytemuck::Pod;

/// A value that was found and not yet released: `{ late: 32 | position: 32 }`. `late` is 0 for the value at head; for a late send it is
/// the place in the quarantine, plus 1.
///
/// One word, so that it travels in a register: through memory each receive took a third longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "release it after copying"]
pub(crate) struct Found(u64);

impl Found {
    #[inline(always)]
    fn at_head(position: u32) -> Found {
        Found(u64::from(position))
    }

    fn late(position: u32, place: usize) -> Found {
        Found((place as u64 + 1) << 32 | u64::from(position))
    }

    #[inline(always)]
    fn place(self) -> Option<usize> {
        ((self.0 >> 32) as usize).checked_sub(1)
    }

    #[inline(always)]
    pub fn position(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    fn slot<'a>(self, queue: &Ring<'a>) -> Slot<'a> {
        queue.view.slots.at(queue.track.index(self.position()))
    }
}

/// The owner of the position at head, and of those after it up to the last of them.
#[derive(Clone, Copy)]
struct Owned {
    owner: Number,
    last: u32,
}

/// The receiver's private state.
pub(crate) struct Consumer {
    head: u64,
    quarantine: Quarantine,
    /// What the last peek found, for the next take. Only while a send is in quarantine; the list there stays as it is
    /// until then.
    peeked: Option<Found>,
    /// The receiver closed the channel.
    is_closed: bool,
    /// The nonsense in the segment for which the stream ended.
    nonsense: Option<Nonsense>,
    effort: Effort,
}

/// Returns whether a slot with that stamp holds the value of the position.
#[inline(always)]
fn is_published_in(stamp: &AtomicU64, position: u32) -> bool {
    stamp.load(acquire(Edge::Stamp)) == Stamp::published(position).0
}

/// A value of the position's high bits changes about every 2^29 positions.
const EPOCH_SHIFT: u32 = 29;

impl Consume for Consumer {
    type Queue<'a> = Ring<'a>;
    type Found = Found;

    fn new(queue: &Ring<'_>) -> Consumer {
        // ORDERING: relaxed. Only a receiver writes head, and this one was made receiver by a synchronizing act.
        let head = queue.view.words.receiver.head.load(Ordering::Relaxed);
        let nonsense = (!queue.track.is_valid(head as u32)).then_some(Nonsense::Head);
        Consumer {
            head,
            quarantine: Quarantine::default(),
            peeked: None,
            is_closed: false,
            nonsense,
            effort: Effort::Spin,
        }
    }

    /// Finds the next value. It skips positions of the dead, and goes round positions of stalled senders.
    #[inline(always)]
    fn take(&mut self, queue: &Ring<'_>, peers: &impl Peers) -> Taken<Found> {
        if self.quarantine.is_empty()
            && self.nonsense.is_none()
            && Self::is_published(queue, self.head as u32)
        {
            return Taken::Value(Found::at_head(self.head as u32));
        }
        self.take_slow(queue, peers)
    }

    #[inline(always)]
    fn take_fast<T: Pod>(&mut self, queue: &Ring<'_>, peers: &impl Peers) -> Option<T> {
        let queue = &queue.of::<T>();
        if !self.quarantine.is_empty() || self.nonsense.is_some() {
            return None;
        }
        let slot = queue.view.slots.of::<T>(self.head as u32);
        if !is_published_in(slot.stamp, self.head as u32) {
            return None;
        }
        let value = payload::load(slot);
        self.pass_head(queue, peers);
        Some(value)
    }

    /// Finds the next value and leaves it where it is. The next take, also one for a batch or at the receiver's end,
    /// finds the same.
    ///
    /// In the order of values, the peek is where the value is taken; only its place is given back later. So a late value that is
    /// published between peek and take comes after it, although without the peek it would go first. That is allowed: the late send had
    /// not returned at the peek, and sends that overlap have no order. A value that is sent after the late send has returned does not
    /// overtake it: the take that finds that value looks at the stalled sends after it, as always.
    fn peek(&mut self, queue: &Ring<'_>, peers: &impl Peers) -> Taken<Found> {
        let took = self.take(queue, peers);
        if let Taken::Value(found) = took
            && !self.quarantine.is_empty()
        {
            self.peeked = Some(found);
        }
        // With the quarantine empty nothing goes before head's value, so the next take finds it without this note.
        took
    }

    /// Takes up to `limit` values that are there behind the last of `values`, and gives their capacity back at once.
    /// `Value(0)` only if `limit` is 0.
    fn receive_many<T: Pod>(
        &mut self,
        queue: &Ring<'_>,
        limit: usize,
        values: &mut Vec<T>,
        peers: &impl Peers,
    ) -> Taken<usize> {
        self.receive_each::<T>(queue, limit, |slot| payload::push(slot, values), peers)
    }

    /// Returns a private copy of a found value.
    #[inline(always)]
    fn copy<T: Pod>(queue: &Ring<'_>, found: Found) -> T {
        payload::load(found.slot(queue))
    }

    /// Returns a private copy of a found value that was made on the heap and is nowhere else.
    fn copy_boxed<T: Pod>(queue: &Ring<'_>, found: Found) -> Box<T> {
        payload::load_boxed(found.slot(queue))
    }

    /// Gives the place of a found value back.
    #[inline]
    fn release(&mut self, queue: &Ring<'_>, found: Found, peers: &impl Peers) {
        match found.place() {
            None => self.pass(queue, peers),
            Some(place) => self.quarantine.close(queue, place, self.head, peers),
        }
    }

    fn drop_all(&mut self, queue: &Ring<'_>, peers: &impl Peers) {
        // The channel is closed, so only sends on permits still come. Without the bound, a peer that goes on to stamp slots could hold
        // this thread here.
        for _ in 0..queue.capacity() {
            match self.take(queue, peers) {
                Taken::Value(found) => self.release(queue, found, peers),
                Taken::Empty | Taken::End => break,
            }
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
        !self.quarantine.is_empty()
    }

    /// Returns the nonsense in the segment for which the stream ended.
    fn nonsense(&self) -> Option<Nonsense> {
        self.nonsense
    }
}

impl Consumer {
    #[inline(always)]
    pub(super) fn is_published(queue: &Ring<'_>, position: u32) -> bool {
        is_published_in(queue.view.slots.stamp_of(position), position)
    }

    /// Takes one value, and returns what `copy` makes of it.
    #[inline]
    pub fn receive<R>(
        &mut self,
        queue: &Ring<'_>,
        copy: impl FnOnce(&Ring<'_>, Found) -> R,
        peers: &impl Peers,
    ) -> Taken<R> {
        self.take(queue, peers).map(|found| {
            let value = copy(queue, found);
            self.release(queue, found, peers);
            value
        })
    }

    /// Takes as [`Consumer::receive_many`] does, and calls `put` with the slot of each value, to copy it.
    pub(super) fn receive_each<T>(
        &mut self,
        queue: &Ring<'_>,
        limit: usize,
        mut put: impl FnMut(Slot<'_>),
        peers: &impl Peers,
    ) -> Taken<usize> {
        let queue = &queue.of::<T>();
        let mut count = 0;
        while count < limit {
            if self.quarantine.is_empty() && self.nonsense.is_none() {
                let before = self.head;
                // Not beyond the capacity: stamps there are a peer's nonsense, and could go on without end.
                let most = limit.min(count.saturating_add(queue.view.geometry.capacity as usize));
                while count < most {
                    let slot = queue.view.slots.of::<T>(self.head as u32);
                    if !is_published_in(slot.stamp, self.head as u32) {
                        break;
                    }
                    put(slot);
                    self.head = queue.track.next_wide(self.head);
                    count += 1;
                }
                if self.head != before {
                    self.give_back(queue, before, peers);
                    // What came in meanwhile is left to the next call. Otherwise a sender as fast as this could keep it here.
                    return Taken::Value(count);
                }
            }
            match self.receive(queue, |queue, found| put(found.slot(queue)), peers) {
                Taken::Value(()) => {}
                Taken::Empty | Taken::End if count > 0 => break,
                Taken::Empty => return Taken::Empty,
                Taken::End => return Taken::End,
            }
            count += 1;
        }
        Taken::Value(count)
    }

    /// Finds the next value in every case that the fast path leaves.
    #[cold]
    fn take_slow(&mut self, queue: &Ring<'_>, peers: &impl Peers) -> Taken<Found> {
        if let Some(found) = self.peeked.take() {
            return Taken::Value(found);
        }
        let (mut patience, mut effort) = (PATIENCE, self.effort);
        if effort == Effort::Least && self.quarantine.is_empty() && self.nonsense.is_none() {
            return Taken::Empty;
        }
        let mut known: Option<Owned> = None;
        while self.nonsense.is_none() {
            let head = self.head as u32;
            // A slot in quarantine carries no value at its later positions. Its old stamp could look like one after 2^32 positions.
            let is_held = self.quarantine.holds_slot_of(queue, head);
            // ORDERING: head's stamp first, then those of stalled sends. So if a late send returned before the value at head was sent,
            // its value is seen here, and goes first.
            let is_here = !is_held && effort.finds(|| Self::is_published(queue, head));
            let (late, dead) = self.poll_stalled(queue, peers);
            if let Some(place) = late {
                return Taken::Value(Found::late(self.quarantine.get(place).position as u32, place));
            }
            if let Some(place) = dead {
                self.quarantine.close(queue, place, self.head, peers);
                continue;
            }
            if is_here {
                return Taken::Value(Found::at_head(head));
            }
            // ORDERING: the latch before the claim word. The sender that set the latch sends nothing more, so a claim word that is read
            // after it shows the last message.
            let has_ended = queue.common().has_ended();
            let claim = Claim(queue.view.words.claim.load(acquire(Edge::Claim)));
            let claimed = queue.track.distance(head, claim.tail());
            if let Some(nonsense) = self.nonsense_in(queue, claim, claimed) {
                self.fail_with(queue, nonsense, peers);
                break;
            }
            if claimed == 0 {
                // The tail is moved over the void position before the end is told, so that nothing is left to do then.
                if self.quarantine.ends_at(queue, claim.tail()) {
                    Self::step_over(queue, claim);
                    continue;
                }
                let is_over = has_ended || claim.closed() == 1 && claim.reserved() == 0;
                if !is_over {
                    return Taken::Empty;
                }
                if !self.quarantine.has_active() {
                    return Taken::End;
                }
                if has_ended && self.poll_stalled(queue, peers) == (None, None) {
                    self.fail_with(queue, Nonsense::Claim, peers);
                    continue;
                }
                if has_ended {
                    continue;
                }
                return Taken::Empty;
            }
            if is_held {
                self.pass(queue, peers);
                continue;
            }
            if patience > 0 {
                patience -= 1;
                effort = Effort::Spin;
                continue;
            }
            // The owner is looked up once for all positions that it claimed: a sender that dies with a batch leaves up to the capacity.
            let is_known = |owned: &Owned| queue.track.distance(head, owned.last) >= 0;
            let owned =
                known.filter(is_known).unwrap_or_else(|| Self::owner_of_head(queue, head, claim, claimed));
            known = Some(owned);
            let owner = owned.owner;
            // Proof first, stamp second: a value published before the death must not be skipped.
            if peers.is_dead(owner) {
                if !Self::is_published(queue, head) {
                    self.pass(queue, peers);
                }
                continue;
            }
            if has_ended {
                // No sender is left that could be in the middle of a send. So the position was published meanwhile, or no sender claimed
                // it.
                if !Self::is_published(queue, head) {
                    self.fail_with(queue, Nonsense::Claim, peers);
                }
                continue;
            }
            let is_alone = claimed == 1;
            // Otherwise the void position at the tail would hold capacity until the stalled send at head ends.
            if is_alone && self.quarantine.ends_at(queue, claim.tail()) {
                Self::step_over(queue, claim);
                continue;
            }
            if is_alone || !self.quarantine.register(queue, self.head, owner, peers) {
                return Taken::Empty;
            }
            self.pass(queue, peers);
        }
        Taken::End
    }

    /// Moves the claim word over the void position at the tail, unless something moved.
    fn step_over(queue: &Ring<'_>, claim: Claim) {
        let over = claim.with_tail(queue.track.add(claim.tail(), 1));
        let word = &queue.view.words.claim;
        // ORDERING: releases the head on which this position rests.
        let _ = word.compare_exchange(claim.0, over.0, release(Edge::Claim), Ordering::Relaxed);
    }

    /// Ends the stream because of nonsense in the segment, and closes the channel for all processes.
    fn fail_with(&mut self, queue: &Ring<'_>, nonsense: Nonsense, peers: &impl Peers) {
        self.nonsense = Some(nonsense);
        queue.close(peers);
    }

    /// Returns which of the words that all senders use is not as it must be. Only the receiver writes head, and only it closes.
    fn nonsense_in(&self, queue: &Ring<'_>, claim: Claim, claimed: i64) -> Option<Nonsense> {
        // ORDERING: relaxed. This thread wrote head, or was made receiver by the one that did.
        if queue.view.words.receiver.head.load(Ordering::Relaxed) != self.head {
            Some(Nonsense::Head)
        } else if !(0..=queue.capacity()).contains(&claimed) || !queue.track.is_valid(claim.tail()) {
            Some(Nonsense::Claim)
        } else {
            (self.is_closed && claim.closed() == 0).then_some(Nonsense::Open)
        }
    }

    /// Looks at every stalled send. Returns the oldest one that was published after all, and the oldest one whose process is dead.
    fn poll_stalled(&self, queue: &Ring<'_>, peers: &impl Peers) -> (Option<usize>, Option<usize>) {
        let (mut late, mut dead) = (None, None);
        for (place, stalled) in self.quarantine.active() {
            // Proof first, stamp second: a value published before the death must not be dropped.
            let is_dead = peers.is_dead(stalled.owner);
            if Self::is_published(queue, stalled.position as u32) {
                late = Some(place);
            } else if is_dead {
                dead = Some(place);
            }
        }
        (late, dead)
    }

    /// Returns the owner of the position at head. The first record from head on that bears its own position names it; without such a
    /// record the claim word does, which was read before. It owns all positions up to that record, or up to the tail.
    fn owner_of_head(queue: &Ring<'_>, head: u32, claim: Claim, claimed: i64) -> Owned {
        let mut position = head;
        for _ in 0..claimed {
            // ORDERING: relaxed. The claim word was read with acquire, and each record was written before the claim that follows it.
            let record = Record(queue.view.records[queue.track.index(position)].load(Ordering::Relaxed));
            if record.bears(position) {
                return Owned { owner: record.owner(), last: position };
            }
            position = queue.track.add(position, 1);
        }
        Owned { owner: claim.owner(), last: queue.track.previous(claim.tail()) }
    }

    /// Moves head over one position. No slot is in quarantine.
    #[inline(always)]
    fn pass_head(&mut self, queue: &Ring<'_>, peers: &impl Peers) {
        let before = self.head;
        self.head = queue.track.next_wide(before);
        self.give_back(queue, before, peers);
    }

    /// Moves head over one position.
    #[inline]
    fn pass(&mut self, queue: &Ring<'_>, peers: &impl Peers) {
        self.pass_head(queue, peers);
        if !self.quarantine.is_empty() {
            self.quarantine.collect(queue, self.head, peers);
        }
    }

    /// Publishes the private head, which was `before`.
    #[inline]
    fn give_back(&mut self, queue: &Ring<'_>, before: u64, peers: &impl Peers) {
        let words = queue.view.words;
        if before >> EPOCH_SHIFT != self.head >> EPOCH_SHIFT {
            // ORDERING: the epoch before head. So a sender that sees a claim word that this head made possible sees the epoch too.
            words.read_mostly.epoch.store(self.head >> EPOCH_SHIFT, release(Edge::Epoch));
        }
        words.receiver.head.store(self.head, release(Edge::Head));
        queue.freed_by_taking(peers);
    }
}
