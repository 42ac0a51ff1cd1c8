//! Repair of what a process left that is dead or has said goodbye; and how far senders and receiver are. Which process is dead is not
//! decided here.
//!
//! Places in the line and handles are repaired here, permits in [`super::recovery`], by the receiver's process.
//! Unpublished positions are repaired by the receiver itself, in [`super::take`]. If the receiver is dead the channel is
//! closed and nothing needs repair.

use super::words::{Claim, Record};
use super::{Consumer, Ring};
use crate::queue::edge::{Edge, acquire};
use crate::queue::{Number, Wake};
use crate::sync::Ordering;

impl Ring<'_> {
    /// Repairs what process `number` left, which writes to the segment no more.
    pub fn repair(&self, number: Number, wake: &impl Wake) {
        self.vacate_all(number);
        self.freed(wake);
        let member = &self.view.common.members[usize::from(number)];
        member.weak.store(0, Ordering::Relaxed); // ORDERING: advisory.
        self.common().clear_strong(number, wake);
        // The receiver must look even if no count changed: a position of the dead may stand at head.
        // ORDERING: a Dekker fence, that of `freed`. The caller marked the death, then this looks whether the receiver sleeps. The
        // receiver registers, then asks which processes are dead.
        self.common().ring_receiver(wake);
    }

    /// Wakes the waiters that the permits of the dead may cover, and the receiver, which may wait for the last one.
    pub fn notify_after_recovery(&self, wake: &impl Wake) {
        self.freed(wake);
        self.common().ring_receiver(wake);
    }

    /// Returns the position after the last claimed one, all 64 bits: once head has reached it, nothing that was claimed
    /// until now is left.
    pub fn tail(&self) -> u64 {
        // ORDERING: the caller knows of all that it asks for in another way: its process is dead, which the kernel said.
        let claim = Claim(self.view.words.claim.load(Ordering::Relaxed));
        self.track.widen(self.head(), claim.tail())
    }

    /// Returns the position after the last claimed one, and under which numbers anything was claimed from head up to it, each
    /// once. A receiver that has come from another process does not know it otherwise.
    pub fn claimants(&self) -> (u64, Vec<Number>) {
        self.claimants_of(|_| true)
    }

    /// Returns under which numbers a position from head on was claimed that is not published, each once; perhaps some more. A
    /// number that is not among them owns nothing in the queue, once its process has ended and no slot in quarantine bears it.
    /// The caller looks at the quarantine after this call, not before.
    pub fn unpublished_claimants(&self) -> Vec<Number> {
        self.claimants_of(|position| !Consumer::is_published(self, position)).1
    }

    /// Returns the position after the last claimed one, and the owners of those positions from head up to it that count.
    fn claimants_of(&self, counts: impl Fn(u32) -> bool) -> (u64, Vec<Number>) {
        let claim = Claim(self.view.words.claim.load(acquire(Edge::Claim)));
        let head = self.head();
        // Nonsense is not followed, nor anything beyond the capacity.
        let is_valid = self.track.is_valid(head as u32);
        let claimed = if is_valid { self.track.distance(head as u32, claim.tail()) } else { 0 };
        let mut numbers = Vec::new();
        let mut position = head as u32;
        // Whether one counts since the last record.
        let mut is_any = false;
        for _ in 0..claimed.min(self.capacity()) {
            is_any |= counts(position);
            // ORDERING: the claim word was read with acquire, and a record stands before the claim behind it. A record of a later
            // lap tells that head has moved on. What the receiver did before that is then seen by later loads of this thread.
            let record = Record(self.view.records[self.track.index(position)].load(acquire(Edge::Record)));
            if is_any && record.bears(position) {
                numbers.push(record.owner());
                is_any = false;
            }
            position = self.track.add(position, 1);
        }
        if is_any {
            numbers.push(claim.owner());
        }
        // There are as many as values fit, and each is looked for by its number.
        numbers.sort_unstable();
        numbers.dedup();
        (self.track.widen(head, claim.tail()), numbers)
    }

    /// Returns the position of the first value not yet taken.
    pub fn head(&self) -> u64 {
        self.view.words.receiver.head.load(acquire(Edge::Head))
    }
}
