//! Repair of what a process left that is dead or has said goodbye; and how far senders and receiver are. Which process is dead is not
//! decided here.
//!
//! Handles are repaired here, by the receiver's process. Unpublished positions are repaired by the receiver itself, in
//! [`super::take`]. If the receiver is dead the channel is closed and nothing needs repair.

use super::words::Claim;
use super::{Consumer, Table};
use crate::queue::edge::{Edge, Fence, acquire, full_fence};
use crate::queue::{Number, Wake};
use crate::sync::Ordering;
use alloc::vec::Vec;

/// How many numbers an owner can have, 0 among them.
const NUMBERS: usize = 1 << 10;

impl Table<'_> {
    /// Repairs what process `number` left, which writes to the segment no more.
    pub fn repair(&self, number: Number, wake: &impl Wake) {
        let member = &self.view.common.members[usize::from(number)];
        member.weak.store(0, Ordering::Relaxed); // ORDERING: advisory.
        self.common().clear_strong(number, wake);
        self.notify_after_recovery(wake);
    }

    /// Wakes the receiver: a position of the dead may stand at head.
    pub fn notify_after_recovery(&self, wake: &impl Wake) {
        // ORDERING: a Dekker fence. The caller marked the death, then this looks whether the receiver sleeps. The receiver registers,
        // then asks which processes are dead.
        full_fence(Fence::Freed);
        self.common().ring_receiver(wake);
    }

    /// Returns the position of the first value not yet taken.
    pub fn head(&self) -> u64 {
        self.view.words.head.load(acquire(Edge::Head))
    }

    /// Returns the position after the last claimed one: once head has reached it, nothing that was claimed until now is left.
    pub fn tail(&self) -> u64 {
        // ORDERING: the caller knows of all that it asks for in another way: its process is dead, which the kernel said.
        Claim(self.view.words.claim.load(Ordering::Relaxed)).tail()
    }

    /// Returns the number of values in the queue. One that is being written may or may not count.
    pub fn len(&self) -> usize {
        let queued = self.head_and_claim().map_or(0, |(head, claim)| claim.tail() - head);
        usize::try_from(queued).unwrap_or(usize::MAX)
    }

    /// Returns the position after the last claimed one, and under which numbers anything was claimed from head up to it, each
    /// once. A receiver that has come from another process does not know it otherwise.
    pub fn claimants(&self) -> (u64, Vec<Number>) {
        self.claimants_of(|_| true)
    }

    /// Returns under which numbers a position from head on was claimed that is not published, each once; perhaps some more. A
    /// number that is not among them owns nothing in the queue, once its process has ended and no stalled send bears it.
    /// The caller looks at the stalled sends after this call, not before.
    ///
    /// The receiver may give a chunk back while this looks there. Then a page of it is memory until the chunk is used and given back.
    pub fn unpublished_claimants(&self) -> Vec<Number> {
        let is_published = |position| {
            self.ready_chunk(self.number(position))
                .is_some_and(|chunk| Consumer::is_published(self, chunk, position))
        };
        self.claimants_of(|position| !is_published(position)).1
    }

    /// Returns the position after the last claimed one, and the owners of those positions from head up to it that count.
    fn claimants_of(&self, counts: impl Fn(u64) -> bool) -> (u64, Vec<Number>) {
        // The claim word first: a receiver that moves on meanwhile has passed all that was claimed by then, or is on its way to.
        let claim = self.claim();
        let head = self.head();
        let tail = claim.tail();
        if !self.fits(head, claim) {
            return (tail, Vec::new());
        }
        // There can be as many claims as memory holds, and 1023 numbers.
        let mut is_among = [false; NUMBERS];
        let mut from = head;
        // ORDERING: as in the ring's: a record of a part that is used again tells that head has moved on.
        for (position, owner) in self.records(head, tail, acquire(Edge::Record)) {
            if !is_among[usize::from(owner)] && (from..=position).any(&counts) {
                is_among[usize::from(owner)] = true;
            }
            from = position + 1;
        }
        let last = usize::from(claim.owner());
        if !is_among[last] && (from..tail).any(&counts) {
            is_among[last] = true;
        }
        let numbers =
            (0..).zip(is_among).filter(|(_, is_among)| *is_among).map(|(number, _)| number).collect();
        (tail, numbers)
    }
}
