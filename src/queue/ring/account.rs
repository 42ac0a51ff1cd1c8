//! What one process holds in permits, in one word that its permit operations change and only recovery reads.
//!
//! `{ held odd: 21 | held even: 21 | in flight odd: 11 | in flight even: 11 }`, indexed by the phase that the
//! operation saw in the claim word. `held` counts modulo 2^21, for a permit may be taken in one round and given
//! back in the next; the sum of the two is what the process holds, 0 to the capacity.
//! A round of recovery flips the phase, waits for the operations of the old one to end, and what is reserved
//! beyond the live processes' sums was held by the dead ([`super::recovery`]).

use super::Ring;
use super::words::Claim;
use crate::queue::edge::{Edge, Fence, acquire, full_fence};
use crate::queue::{Kind, Number, Sleeper, Wake};
use crate::sync::{AtomicU64, Ordering};

/// A copy of an account.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Account(pub u64);

const IN_FLIGHT_BITS: u32 = 11;
const HELD_BITS: u32 = 21;
/// `held` is a number modulo this.
pub(super) const HELD_RANGE: u32 = 1 << HELD_BITS;

impl Account {
    fn held_shift(phase: u32) -> u32 {
        2 * IN_FLIGHT_BITS + phase * HELD_BITS
    }

    /// One operation of this phase, as a number to add.
    fn one_in_flight(phase: u32) -> u64 {
        1 << (phase * IN_FLIGHT_BITS)
    }

    /// Operations of this phase between their first and last step.
    pub fn in_flight(self, phase: u32) -> u32 {
        (self.0 >> (phase * IN_FLIGHT_BITS)) as u32 & ((1 << IN_FLIGHT_BITS) - 1)
    }

    /// Whether no operation is between its first and last step.
    pub fn is_idle(self) -> bool {
        self.in_flight(0) == 0 && self.in_flight(1) == 0
    }

    /// What operations of this phase took less what they gave, modulo 2^21.
    pub fn held(self, phase: u32) -> u32 {
        (self.0 >> Account::held_shift(phase)) as u32 & (HELD_RANGE - 1)
    }

    /// What the process holds when none of its operations is in flight.
    pub fn total(self) -> u32 {
        self.held(0).wrapping_add(self.held(1)) % HELD_RANGE
    }

    /// After an operation of this phase that took so much, or gave it.
    fn ended(self, phase: u32, taken: i32) -> Account {
        let held = self.held(phase).wrapping_add_signed(taken) % HELD_RANGE;
        let shift = Account::held_shift(phase);
        let others = self.0.wrapping_sub(Account::one_in_flight(phase));
        Account(others & !(u64::from(HELD_RANGE - 1) << shift) | u64::from(held) << shift)
    }
}

/// A permit operation under way: counted in its process's account from before it reads the claim word until after its
/// exchange, and never while it sleeps.
///
/// What a kill leaves: the count, which tells recovery that the account alone does not say what was held.
#[must_use = "an operation that does not end holds up recovery"]
pub(crate) struct Operation<'a> {
    queue: Ring<'a>,
    account: &'a AtomicU64,
    phase: u32,
    /// It began under another phase, and whoever waits for that one's operations must be told.
    has_changed: bool,
}

impl<'a> Operation<'a> {
    pub fn begin(queue: Ring<'a>, me: Number) -> Operation<'a> {
        let account = &queue.view.common.members[usize::from(me)].account;
        // ORDERING: a first guess; `claim` reads it again once the operation is counted.
        let phase = Claim(queue.view.words.claim.load(Ordering::Relaxed)).phase();
        let operation = Operation { queue, account, phase, has_changed: false };
        operation.count();
        operation
    }

    fn count(&self) {
        // ORDERING: released by the exchange of the claim word that follows. A round of recovery that comes after that
        // exchange sees it counted; before any other round the exchange fails, for the phase is part of the word.
        self.account.fetch_add(Account::one_in_flight(self.phase), Ordering::Relaxed);
    }

    /// The claim word, for one attempt at an exchange. It has the phase under which the operation is counted.
    pub fn claim(&mut self) -> Claim {
        loop {
            let claim = Claim(self.queue.view.words.claim.load(acquire(Edge::Claim)));
            if claim.phase() == self.phase {
                return claim;
            }
            // ORDERING: it has changed nothing under the old phase, so this tells nothing but itself.
            self.account.fetch_sub(Account::one_in_flight(self.phase), Ordering::Relaxed);
            self.phase = claim.phase();
            self.has_changed = true;
            self.count();
        }
    }

    /// Its exchange has taken so much, or given it; 0 if there was none.
    pub fn end(self, taken: i32, wake: &impl Wake) {
        let mut seen = self.account.load(Ordering::Relaxed); // ORDERING: a first guess for the exchange.
        loop {
            // One exchange, not an addition: a carry out of one `held` would fall into the other.
            let ended = Account(seen).ended(self.phase, taken);
            // ORDERING: relaxed. Whoever finds the operation ended finds what it took: both stand in this word.
            match self.account.compare_exchange_weak(seen, ended.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        // ORDERING: the account is settled, then the phase is read; a round flips it, then reads the accounts. So a
        // round that found this operation in flight is found, and told.
        full_fence(Fence::Settled);
        let claim = Claim(self.queue.view.words.claim.load(Ordering::Relaxed));
        if self.has_changed || claim.phase() != self.phase {
            wake.wake(Sleeper::Recovery, Kind::Thread);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_layout_says() {
        let word = Account(5 | 6 << 11 | 7 << 22 | ((1 << 21) - 2) << 43);
        assert_eq!((word.in_flight(0), word.in_flight(1)), (5, 6));
        assert_eq!((word.held(0), word.held(1)), (7, (1 << 21) - 2));
        assert_eq!(word.total(), 5, "two were given back in the odd round");
    }

    #[test]
    fn giving_back_in_another_round_carries_into_no_other_field() {
        let mut word = Account(0);
        for (phase, taken) in [(0, 3), (1, -2), (0, 1), (1, -1), (0, -1)] {
            word = Account(word.0 + Account::one_in_flight(phase)).ended(phase, taken);
            assert!(word.is_idle());
        }
        assert_eq!((word.held(0), word.held(1), word.total()), (3, HELD_RANGE - 3, 0));
    }
}
