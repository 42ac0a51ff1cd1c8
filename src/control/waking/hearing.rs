//! How an endpoint hears what other processes say: by its bells, which the background thread watches, or a runtime that listens.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

use super::wakes::look_at_sleepers;
use crate::{
    control::{
        membership::{endpoint::Endpoint, hearing::Ear},
        porter::{Porter, Token, Watcher},
    },
    sync::lock,
    sys::events::{Event, Interest},
    wait::{Hear, Reactors},
};

/// Has the background thread call [`Hear::hear`] until what this returns is dropped.
///
/// No lock is taken while no other process can take part, for then there is nothing to hear: thousands of threads may go
/// to sleep at a time. Once one can, all that sleep are woken, and ask again.
pub(crate) fn porter_hears_for_a_while(endpoint: &Arc<Endpoint>) -> io::Result<Option<PorterHears<'_>>> {
    if endpoint.hearing().is_none() {
        return Ok(None);
    }
    let mut ear = lock(&endpoint.ear);
    listen(endpoint, &mut ear)?;
    ear.askers += 1;
    Ok(Some(PorterHears(endpoint)))
}

/// Has the background thread watch the bells, if it does not yet.
fn listen(endpoint: &Arc<Endpoint>, ear: &mut Ear) -> io::Result<()> {
    if let Some(hearing) = endpoint.hearing()
        && ear.token.is_none()
    {
        let watcher = Arc::new(Listen(Arc::downgrade(endpoint)));
        let porter = Porter::of_this_process()?;
        ear.token = Some(porter.watch(hearing.clone(), Interest::READABLE.once_each(), watcher)?);
    }
    Ok(())
}

impl Hear for Endpoint {
    /// Returns the descriptor on which other processes say "look", readable at each new occurrence (so watch for edges, and
    /// call [`Hear::hear`] at each). None while no other process can take part;
    /// afterwards always the same. It comes while tasks sleep: then they are all woken, to watch it.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>> {
        self.hearing().map(|hearing| hearing.as_fd())
    }

    /// Takes in what other processes said, then looks at every local sleeper. It does not matter which bell was rung, so
    /// neither the bells nor the set of them are read.
    fn hear(&self) {
        if self.is_forked() {
            return;
        }
        if let Some(guest) = self.guest.get() {
            guest.hear(self.hearing());
        }
        look_at_sleepers(self);
    }

    fn wake_all(&self) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.sleepers().wake_all()));
    }

    fn porter_hears(self: &Arc<Self>) -> io::Result<()> {
        let mut ear = lock(&self.ear);
        listen(self, &mut ear)?;
        ear.always = true;
        Ok(())
    }

    fn porter_rests(&self) {
        let mut ear = lock(&self.ear);
        ear.always = false;
        ear.rest();
    }

    fn is_forked(&self) -> bool {
        Endpoint::is_forked(self)
    }

    fn reactors(&self) -> &Reactors {
        &self.sleepers().reactors
    }
}

/// The porter hears for a thread until this is dropped.
pub(crate) struct PorterHears<'a>(&'a Endpoint);

impl Drop for PorterHears<'_> {
    fn drop(&mut self) {
        let mut ear = lock(&self.0.ear);
        ear.askers -= 1;
        ear.rest();
    }
}

/// The porter's registration for an endpoint with tasks for which no listening task hears.
struct Listen(Weak<Endpoint>);

impl Watcher for Listen {
    fn noticed(self: Arc<Self>, _: &'static Porter, _: Token, _: Event) {
        if let Some(endpoint) = self.0.upgrade() {
            endpoint.hear();
        }
    }
}
