//! The most memory that a channel was seen to have. What it had between two looks is not known.

use std::time::{Duration, Instant};

use super::receiver::AnyReceiver;

/// A look is a system call, which beside a batch of values should cost nothing.
const PERIOD: Duration = Duration::from_millis(1);

/// The most memory that was in use at any look.
#[derive(Debug)]
pub struct Peak {
    bytes: Option<u64>,
    next: Instant,
}

impl Peak {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { bytes: None, next: Instant::now() }
    }

    /// Looks at the channel, unless the last look was a moment ago.
    pub fn look<T>(&mut self, receiver: &AnyReceiver<T>) {
        let now = Instant::now();
        if now >= self.next {
            self.next = now + PERIOD;
            self.bytes = self.bytes.max(receiver.memory_in_use());
        }
    }

    /// Returns the most that was seen; nothing of a bounded channel.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

impl Default for Peak {
    fn default() -> Self {
        Self::new()
    }
}
