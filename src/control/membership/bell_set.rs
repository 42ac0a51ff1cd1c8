//! The descriptor by which other processes say "look" to an endpoint, and for which sleepers the background thread watches it. How the endpoint then listens is [`waking::hearing`](crate::control::waking::hearing).

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use crate::{
    control::porter::{Porter, Token},
    sys::events::Events,
};

/// Everything by which other processes can say "look" to this one, as one descriptor.
pub(in crate::control) struct BellSet {
    pub events: Events,
}

impl BellSet {
    pub fn new() -> io::Result<BellSet> {
        Ok(BellSet { events: Events::new()? })
    }
}

impl AsFd for BellSet {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}

/// Whether the background thread watches the descriptor of an endpoint, and for which sleepers.
#[derive(Default)]
pub(in crate::control) struct BellWatch {
    pub token: Option<Token>,
    /// Tasks sleep for which no runtime listens.
    pub always: bool,
    /// Threads that wait for what the background thread hears: one answer, or a ring for the backlog.
    pub askers: u32,
}

impl BellWatch {
    /// Stops watching, if no task and no thread needs it.
    pub fn rest(&mut self) {
        if self.askers == 0 && !self.always {
            self.stop();
        }
    }

    /// Stops watching.
    pub fn stop(&mut self) {
        if let (Some(token), Ok(porter)) = (self.token.take(), Porter::of_this_process()) {
            porter.forget(token);
        }
    }
}
