//! What one process holds in permits, in one word that its permit operations change and only recovery reads.
//!
//! `{ held odd: 21 | held even: 21 | in flight odd: 11 | in flight even: 11 }`, indexed by the parity that the
//! operation saw in the claim word. `held` counts modulo 2^21, for a permit may be taken in one round and given
//! back in the next; the sum of the two is what the process holds, 0 to the capacity.
//! A round of recovery flips the parity, waits for the operations of the old one to end, and what is reserved
//! beyond the live processes' sums was held by the dead.
#![allow(dead_code, reason = "the layout is fixed before the permits that will use it")]

/// A copy of an account.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Account(pub u64);

const IN_FLIGHT_BITS: u32 = 11;
const HELD_BITS: u32 = 21;

impl Account {
    /// Operations of this parity between their first and last step.
    pub fn in_flight(self, parity: u32) -> u32 {
        (self.0 >> (parity * IN_FLIGHT_BITS)) as u32 & ((1 << IN_FLIGHT_BITS) - 1)
    }

    /// What operations of this parity took less what they gave, modulo 2^21.
    pub fn held(self, parity: u32) -> u32 {
        (self.0 >> (2 * IN_FLIGHT_BITS + parity * HELD_BITS)) as u32 & ((1 << HELD_BITS) - 1)
    }

    /// What the process holds when none of its operations is in flight.
    pub fn total(self) -> u32 {
        self.held(0).wrapping_add(self.held(1)) & ((1 << HELD_BITS) - 1)
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
}
