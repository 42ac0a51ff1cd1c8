//! How a thread sleeps: on a futex word that processes share. Tasks are not known here.

use super::Park;
use crate::layout::Bell;
use crate::queue::Ticket;
use crate::sys::futex::{self, Wait};
use std::time::Instant;

/// Sleeps on a shared futex, for ever or until a moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Futex {
    pub until: Option<Instant>,
}

impl Park for Futex {
    fn park(&self, bell: &Bell, ticket: Ticket) -> bool {
        // The kernel compares once more before it puts the thread to sleep, so no ring can fall in between.
        match futex::wait(&bell.word, ticket.0, self.until) {
            Wait::TimedOut => false,
            // It compares before it looks at the clock: whoever rings without end must not hold the thread beyond its time.
            Wait::Changed => self.until.is_none_or(|until| Instant::now() < until),
            Wait::Woken => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Kind;

    #[test]
    fn a_bell_that_is_rung_without_end_holds_nobody_beyond_its_time() {
        let bell = Bell::default();
        let ticket = bell.register(Kind::Thread);
        bell.ring(|_| {});
        let past = Futex { until: Some(Instant::now()) };
        assert!(!past.park(&bell, ticket));
        assert!(Futex::default().park(&bell, ticket), "with no time it looks again");
    }
}
