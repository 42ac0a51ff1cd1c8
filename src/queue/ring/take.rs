//! The receiver's moves: take the next value, give its capacity back, and go on past positions that stay empty.
//! It never sleeps and never writes a slot.
//!
//! A value is taken in two phases: [`Consumer::take`] finds it, [`Consumer::release`] gives its place back after
//! the caller has copied it. What a kill between the two leaves does not matter: without a receiver the channel
//! is closed. [`Consumer::peek`] is the first phase alone: the next take finds what it found.

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

/// Where the next value is: `{ late: 32 | position: 32 }`, with the place in the quarantine of a send that was late, and 1; 0 for
/// the value at head.
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

    /// Goes on where the segment says the last receiver stopped.
    fn new(queue: &Ring<'_>) -> Consumer {
        // ORDERING: only a receiver writes head, and this one got its office through a synchronizing act.
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

    /// Finds the next value, skipping what the dead left and going round what the stalled hold.
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
    /// In the order of values this is where it is taken; only its place is given back later. So a late value that is
    /// published between the two comes after it, although alone it would go first: that send had not returned at the
    /// peek, and the order between sends that overlap is free. Nor does a value that is sent once the late one has
    /// returned overtake it: the take that finds that value looks at the stalled after it, as always.
    fn peek(&mut self, queue: &Ring<'_>, peers: &impl Peers) -> Taken<Found> {
        let took = self.take(queue, peers);
        if let Taken::Value(found) = took
            && !self.quarantine.is_empty()
        {
            self.peeked = Some(found);
        }
        // With the quarantine empty nothing goes before head's value: take finds it by itself, at no cost.
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
        // The channel is closed, so only permits are still sent on. The bound keeps a peer that goes on to stamp slots from
        // holding this thread here.
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

    /// Whether a send is stalled: then the receiver cannot be handed over.
    fn has_stalled(&self) -> bool {
        !self.quarantine.is_empty()
    }

    /// The nonsense in the segment for which the stream ended.
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
                // Not beyond the capacity: what is stamped there is nonsense, and could go on without end.
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
                    // What came in meanwhile is the next call's: a sender as fast as this must not hold it.
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
            // A quarantined slot carries no value in its turn; its old stamp could look like one after 2^32.
            let is_held = self.quarantine.holds_slot_of(queue, head);
            // ORDERING: head's stamp first, the stalled ones after: a late value whose send returned before the
            // value at head was sent is then seen, and goes first.
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
            // ORDERING: the latch before the claim word: the sender that set the latch has sent all it will, so a claim
            // word read after it shows the last message.
            let has_ended = queue.common().has_ended();
            let claim = Claim(queue.view.words.claim.load(acquire(Edge::Claim)));
            let claimed = queue.track.distance(head, claim.tail());
            if let Some(nonsense) = self.nonsense_in(queue, claim, claimed) {
                self.fail_with(queue, nonsense, peers);
                break;
            }
            if claimed == 0 {
                // Before the end is told, so that the channel is whole then.
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
            // Asked once for all positions that one sender claimed: one that dies with a batch leaves up to the capacity of them.
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
                // No process is left that could be in the middle of a send: it was published, or never claimed.
                if !Self::is_published(queue, head) {
                    self.fail_with(queue, Nonsense::Claim, peers);
                }
                continue;
            }
            let is_alone = claimed == 1;
            // Otherwise the void position at the tail would hold capacity until the stalled send ends.
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
        // ORDERING: releases the head that this position rests on.
        let _ = word.compare_exchange(claim.0, over.0, release(Edge::Claim), Ordering::Relaxed);
    }

    /// Ends the stream here, for all processes.
    fn fail_with(&mut self, queue: &Ring<'_>, nonsense: Nonsense, peers: &impl Peers) {
        self.nonsense = Some(nonsense);
        queue.close(peers);
    }

    /// Whether the words that all senders go by are as they must be. Only the receiver writes head, and only it closes.
    fn nonsense_in(&self, queue: &Ring<'_>, claim: Claim, claimed: i64) -> Option<Nonsense> {
        // ORDERING: this is the thread that wrote it, or got its office from it.
        if queue.view.words.receiver.head.load(Ordering::Relaxed) != self.head {
            Some(Nonsense::Head)
        } else if !(0..=queue.capacity()).contains(&claimed) || !queue.track.is_valid(claim.tail()) {
            Some(Nonsense::Claim)
        } else {
            (self.is_closed && claim.closed() == 0).then_some(Nonsense::Open)
        }
    }

    /// Looks at every stalled send, newest first: the oldest that was published after all, and one that is dead.
    fn poll_stalled(&self, queue: &Ring<'_>, peers: &impl Peers) -> (Option<usize>, Option<usize>) {
        let (mut late, mut dead) = (None, None);
        for (place, stalled) in self.quarantine.active() {
            // Proof first, stamp second.
            let is_dead = peers.is_dead(stalled.owner);
            if Self::is_published(queue, stalled.position as u32) {
                late = Some(place);
            } else if is_dead {
                dead = Some(place);
            }
        }
        (late, dead)
    }

    /// Returns the owner of the position at head: that of the first record from there that bears its own position, else
    /// that in the claim word, which was read before. It owns all positions up to that record, or up to tail.
    fn owner_of_head(queue: &Ring<'_>, head: u32, claim: Claim, claimed: i64) -> Owned {
        let mut position = head;
        for _ in 0..claimed {
            // ORDERING: the claim word was read with acquire, and a record stands before the claim behind it.
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
            // ORDERING: before head, so that a sender that sees a claim word made possible by this head sees the epoch.
            words.read_mostly.epoch.store(self.head >> EPOCH_SHIFT, release(Edge::Epoch));
        }
        words.receiver.head.store(self.head, release(Edge::Head));
        queue.freed_by_taking(peers);
    }
}
