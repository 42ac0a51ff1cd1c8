//! The account of a process: the permits that it holds, and its operations on them as the read-side critical sections of SRCU. One
//! word, which the process's permit operations change and only recovery reads.
//!
//! `{ held odd: 21 | held even: 21 | in flight odd: 11 | in flight even: 11 }`: a counter for each phase, as in SRCU. An operation
//! uses those of the phase that it saw in the claim word. `held` counts modulo 2^21, for a permit may be taken in one phase and
//! given back in the next. The sum of the two is what the process holds, 0 to the capacity.
//!
//! Recovery flips the phase and waits until the operations of the old one have ended. That is a grace period. Reserved capacity that
//! no living process's sum accounts for was then held by the dead ([`super::recovery`]).

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
/// The modulus of `held`.
pub(super) const HELD_RANGE: u32 = 1 << HELD_BITS;

impl Account {
    fn held_shift(phase: u32) -> u32 {
        2 * IN_FLIGHT_BITS + phase * HELD_BITS
    }

    /// Returns one operation of this phase, as a number to add to the word.
    fn one_in_flight(phase: u32) -> u64 {
        1 << (phase * IN_FLIGHT_BITS)
    }

    /// Returns the number of operations of this phase that are between their first and last step.
    pub fn in_flight(self, phase: u32) -> u32 {
        (self.0 >> (phase * IN_FLIGHT_BITS)) as u32 & ((1 << IN_FLIGHT_BITS) - 1)
    }

    /// Returns whether no operation is between its first and last step.
    pub fn is_idle(self) -> bool {
        self.in_flight(0) == 0 && self.in_flight(1) == 0
    }

    /// Returns what operations of this phase took less what they gave, modulo 2^21.
    pub fn held(self, phase: u32) -> u32 {
        (self.0 >> Account::held_shift(phase)) as u32 & (HELD_RANGE - 1)
    }

    /// Returns what the process holds. Right only while none of its operations is in flight.
    pub fn total(self) -> u32 {
        self.held(0).wrapping_add(self.held(1)) % HELD_RANGE
    }

    /// Returns the account after the end of an operation of this phase that took so much, or gave it.
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
    /// It began under another phase. The porter may wait for the operations of that phase, so it must be woken.
    has_changed: bool,
}

impl<'a> Operation<'a> {
    /// Begins an operation of process `me`: counts it in the account.
    pub fn begin(queue: Ring<'a>, me: Number) -> Operation<'a> {
        let account = &queue.view.common.members[usize::from(me)].account;
        // ORDERING: a first guess; `claim` reads it again once the operation is counted.
        let phase = Claim(queue.view.words.claim.load(Ordering::Relaxed)).phase();
        let operation = Operation { queue, account, phase, has_changed: false };
        operation.count();
        operation
    }

    fn count(&self) {
        // ORDERING: released by the exchange of the claim word that follows. A flip of the phase that comes after that exchange
        // sees the operation counted. After a flip that comes before it the exchange fails, for the phase is part of the word.
        self.account.fetch_add(Account::one_in_flight(self.phase), Ordering::Relaxed);
    }

    /// Loads the claim word, for one attempt at an exchange. It has the phase under which the operation is counted.
    ///
    /// If the phase has flipped since, the operation is counted under the new one instead. The exchange fails if it flips again.
    pub fn claim(&mut self) -> Claim {
        loop {
            let claim = Claim(self.queue.view.words.claim.load(acquire(Edge::Claim)));
            if claim.phase() == self.phase {
                return claim;
            }
            // ORDERING: relaxed. The operation has changed nothing under the old phase, so there is nothing to publish.
            self.account.fetch_sub(Account::one_in_flight(self.phase), Ordering::Relaxed);
            self.phase = claim.phase();
            self.has_changed = true;
            self.count();
        }
    }

    /// Ends the operation. Its exchange has taken `taken`, or given it if negative; 0 if there was no exchange.
    pub fn end(self, taken: i32, wake: &impl Wake) {
        let mut seen = self.account.load(Ordering::Relaxed); // ORDERING: a first guess for the exchange.
        loop {
            // One exchange, not an addition: a carry out of one `held` would fall into the other.
            let ended = Account(seen).ended(self.phase, taken);
            // ORDERING: relaxed. A thread that finds the operation ended finds what it took, too: both stand in this word.
            match self.account.compare_exchange_weak(seen, ended.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        // ORDERING: a Dekker fence. This thread settles the account, then reads the phase. Recovery flips the phase, then reads the
        // accounts. So if recovery finds this operation in flight, this thread finds the flip, and wakes the porter.
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
        assert_eq!(word.total(), 5, "two were given back in the odd phase");
    }

    #[test]
    fn giving_back_in_another_phase_carries_into_no_other_field() {
        let mut word = Account(0);
        for (phase, taken) in [(0, 3), (1, -2), (0, 1), (1, -1), (0, -1)] {
            word = Account(word.0 + Account::one_in_flight(phase)).ended(phase, taken);
            assert!(word.is_idle());
        }
        assert_eq!((word.held(0), word.held(1), word.total()), (3, HELD_RANGE - 3, 0));
    }
}
