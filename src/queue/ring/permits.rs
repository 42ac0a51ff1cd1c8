//! Permits of a semaphore: capacity that a sender holds before it uses it. Here are taking, sending on one, and giving back. No
//! thread or task sleeps here.
//!
//! A permit is a part of `reserved` in the claim word and nothing else. It fixes no place in the stream; the send does that. Each
//! operation is one exchange of the claim word, inside an [`Operation`] of its process's account. What a kill leaves is reserved
//! capacity, which [`super::recovery`] gives back exactly.

use super::Rank;
use super::account::Operation;
use super::send::{Claimed, Producer, Request, Span};
use super::words::{Claim, Entry};
use crate::queue::Wake;
use crate::queue::edge::{Edge, acquire, release};
use crate::sync::Ordering;

/// Asks for exactly so much capacity, 1 to all, to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Permits(pub u32);

impl Request for Permits {
    type Grant = ();

    fn need(self) -> u32 {
        self.0
    }

    fn ask(self, producer: &Producer<'_>, rank: Rank, wake: &impl Wake) -> Claimed<()> {
        producer.reserve(rank, self.0, wake)
    }

    fn redeem(self, _: &Producer<'_>, _: &impl Wake) -> Option<()> {
        Some(())
    }
}

/// The outcome of an attempt to send on a permit.
enum Redeemed {
    At(Span),
    /// With this claim word the tail stands on a slot in quarantine, of this entry: its position must be voided first.
    Blocked(Claim, usize, Entry),
    /// There is no position: a peer wrote nonsense over the segment.
    Nowhere,
}

impl Producer<'_> {
    /// Reserves `count` for a sender of that rank, all or nothing.
    fn reserve(&self, rank: Rank, count: u32, wake: &impl Wake) -> Claimed<()> {
        // A sender that is refused takes nothing. So this first look needs no operation in the account.
        loop {
            let claim = Claim(self.queue.view.words.claim.load(acquire(Edge::Claim)));
            match self.has_room(claim, rank, count) {
                None => {}
                Some(Claimed::Granted(())) => break,
                Some(refused) => return refused,
            }
        }
        let mut operation = Operation::begin(self.queue, self.me);
        loop {
            let claim = operation.claim();
            let Some(answer) = self.has_room(claim, rank, count) else { continue };
            let is_granted = answer == Claimed::Granted(());
            if is_granted && !self.change_reserved(claim, claim.reserved() + count) {
                continue;
            }
            operation.end(if is_granted { count as i32 } else { 0 }, wake);
            return answer;
        }
    }

    /// Returns whether there is room for `count`. `None`: something moved, try again.
    fn has_room(&self, claim: Claim, rank: Rank, count: u32) -> Option<Claimed<()>> {
        match self.room_by_cache(claim, rank) {
            Some(free) if free >= count => Some(Claimed::Granted(())),
            _ => self.room_for(claim, rank, count).map(|found| found.map(|_| ())),
        }
    }

    /// Claims the next position and spends a permit for it. Works on a closed channel too.
    ///
    /// `None`: a peer wrote nonsense over the segment, and there is no position.
    pub fn redeem(&self, wake: &impl Wake) -> Option<Span> {
        loop {
            let mut operation = Operation::begin(self.queue, self.me);
            let redeemed = loop {
                let claim = operation.claim();
                if let Some(redeemed) = self.try_redeem(claim) {
                    break redeemed;
                }
            };
            operation.end(if let Redeemed::At(_) = redeemed { -1 } else { 0 }, wake);
            match redeemed {
                Redeemed::At(span) => return Some(span),
                Redeemed::Nowhere => return None,
                // Outside of the operation: voiding wakes the receiver, whose waker is application code. While that runs, the
                // operation would hold up recovery.
                Redeemed::Blocked(claim, number, entry) => self.void(claim, number, entry, wake),
            }
        }
    }

    /// Tries to claim the next position by one exchange. `None`: something moved, try again.
    fn try_redeem(&self, claim: Claim) -> Option<Redeemed> {
        let capacity = self.queue.capacity();
        if self.used_by_cache(claim).is_none_or(|used| used >= capacity) {
            let room = self.look(claim)?;
            if room.used >= capacity {
                // A permit is capacity that is set aside, so its holder finds room. If there is none, the word is old, or nonsense.
                return self.queue.is_unchanged(claim).then_some(Redeemed::Nowhere);
            }
            if let Some((number, entry)) = room.blocked {
                return Some(Redeemed::Blocked(claim, number, entry));
            }
        }
        // Less than none would borrow from the tail.
        let reserved = claim.reserved().saturating_sub(1);
        match self.exchange(claim, claim.with_reserved(reserved), 1)? {
            Claimed::Granted(span) => Some(Redeemed::At(span)),
            Claimed::Full | Claimed::Closed => Some(Redeemed::Nowhere),
        }
    }

    /// Gives `count` permits back unused, and rings the waiters that the capacity covers now.
    pub fn give_back(&self, count: u32, wake: &impl Wake) {
        let mut operation = Operation::begin(self.queue, self.me);
        let left = loop {
            let claim = operation.claim();
            let left = claim.with_reserved(claim.reserved().saturating_sub(count));
            if self.change_reserved(claim, left.reserved()) {
                break left;
            }
        };
        operation.end(-(count as i32), wake);
        self.queue.freed(wake);
        // The receiver of a closed channel waits until the last permit is gone. A receiver that closes after this exchange is awake,
        // and finds none.
        if left.closed() == 1 && left.reserved() == 0 {
            self.queue.common().ring_receiver(wake);
        }
    }

    /// Changes what is reserved, if the claim word still is `claim`.
    pub(super) fn change_reserved(&self, claim: Claim, reserved: u32) -> bool {
        let word = &self.queue.view.words.claim;
        let changed = claim.with_reserved(reserved);
        // ORDERING: releases the operation's count in its account, for a grace period of recovery. Capacity itself publishes
        // nothing: a sender that uses it reads head anew.
        word.compare_exchange(claim.0, changed.0, release(Edge::Claim), Ordering::Relaxed).is_ok()
    }
}
