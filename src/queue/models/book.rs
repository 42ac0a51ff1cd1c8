//! The book in which the models keep what became of each value, and by which they judge it.
//!
//! It is plain memory that the checker does not see: it judges, and orders nothing.

/// A value of two words that belong together, so that a torn or stale one is seen.
pub(in crate::queue) type Value = [u64; 2];

pub(in crate::queue) fn value(number: u64) -> Value {
    [number, !number]
}

/// What happened to the values.
#[derive(Default)]
pub(in crate::queue) struct Book {
    pub acknowledged: Vec<u64>,
    pub received: Vec<u64>,
    pub has_ended: bool,
    /// What the last peek saw, if nothing was received since.
    pub peeked: Option<u64>,
    /// Processes that were killed in the middle of their moves: a value may come that they did not live to count as sent.
    pub killed: Vec<u64>,
}

impl Book {
    /// Notes that a value has come out.
    pub fn receive(&mut self, copy: Value) {
        assert_eq!(copy, value(copy[0]), "torn");
        assert!(!self.has_ended, "a value after the end");
        if let Some(peeked) = self.peeked.take() {
            assert_eq!(copy[0], peeked, "peeked and not received");
        }
        self.received.push(copy[0]);
    }

    /// At rest: every acknowledged value was received exactly once, nothing else was, and the values of one sender
    /// (tens) came in its order.
    pub fn settle(&self) {
        let mut received = self.received.clone();
        for sender in 0..10 {
            let own: Vec<u64> = received.iter().copied().filter(|number| number / 10 == sender).collect();
            assert!(own.is_sorted(), "reordered: {received:?}");
        }
        received.sort_unstable();
        assert!(received.is_sorted_by(|one, next| one < next), "doubled: {received:?}");
        let mut sent = self.acknowledged.clone();
        sent.sort_unstable();
        received.retain(|number| !self.killed.contains(&(number / 10)) || sent.contains(number));
        assert_eq!(received, sent, "lost, or never sent");
    }
}
