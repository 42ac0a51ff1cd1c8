//! What a receiver writes down, to see that nothing is lost, doubled or out of order. No test is here.

use std::collections::HashMap;

use super::Value;

/// What came from whom: each value `[who, n]` once, and in the order of its sender.
#[derive(Default)]
pub struct Ledger {
    next: HashMap<u64, u64>,
}

impl Ledger {
    #[track_caller]
    pub fn enter(&mut self, [who, n]: Value) {
        let next = self.next.entry(who).or_insert(0);
        assert_eq!(n, *next, "from {who}: none lost, none twice, in order");
        *next += 1;
    }

    pub fn count(&self, who: u64) -> u64 {
        self.next.get(&who).copied().unwrap_or(0)
    }

    /// Who will not come again.
    pub fn strike_out(&mut self, who: u64) {
        self.next.remove(&who);
    }
}
