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
        futex::wait(&bell.word, ticket.0, self.until) != Wait::TimedOut
    }
}
