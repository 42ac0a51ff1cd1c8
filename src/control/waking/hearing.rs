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
        membership::{bell_set::BellWatch, endpoint::Endpoint},
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
    if endpoint.bell_set().is_none() {
        return Ok(None);
    }
    let mut bell_watch = lock(&endpoint.bell_watch);
    listen(endpoint, &mut bell_watch)?;
    bell_watch.askers += 1;
    Ok(Some(PorterHears(endpoint)))
}

/// Has the background thread watch the bells, if it does not yet.
fn listen(endpoint: &Arc<Endpoint>, bell_watch: &mut BellWatch) -> io::Result<()> {
    if let Some(bell_set) = endpoint.bell_set()
        && bell_watch.token.is_none()
    {
        let watcher = Arc::new(Listen(Arc::downgrade(endpoint)));
        let porter = Porter::of_this_process()?;
        bell_watch.token = Some(porter.watch(bell_set.clone(), Interest::READABLE.once_each(), watcher)?);
    }
    Ok(())
}

impl Hear for Endpoint {
    /// Returns the descriptor on which other processes say "look", readable at each new occurrence (so watch for edges, and
    /// call [`Hear::hear`] at each). None while no other process can take part;
    /// afterwards always the same. It comes while tasks sleep: then they are all woken, to watch it.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>> {
        self.bell_set().map(|bell_set| bell_set.as_fd())
    }

    /// Takes in what other processes said, then looks at every local sleeper. It does not matter which bell was rung, so
    /// neither the bells nor the set of them are read.
    fn hear(&self) {
        if self.is_forked() {
            return;
        }
        if let Some(guest) = self.guest.get() {
            guest.hear(self.bell_set());
        }
        look_at_sleepers(self);
    }

    fn wake_all(&self) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.sleepers().wake_all()));
    }

    fn porter_hears(self: &Arc<Self>) -> io::Result<()> {
        let mut bell_watch = lock(&self.bell_watch);
        listen(self, &mut bell_watch)?;
        bell_watch.always = true;
        Ok(())
    }

    fn porter_rests(&self) {
        let mut bell_watch = lock(&self.bell_watch);
        bell_watch.always = false;
        bell_watch.rest();
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
        let mut bell_watch = lock(&self.0.bell_watch);
        bell_watch.askers -= 1;
        bell_watch.rest();
    }
}

/// The porter's registration for an endpoint with tasks for which no listening task hears.
struct Listen(Weak<Endpoint>);

impl Watcher for Listen {
    fn on_event(self: Arc<Self>, _: &'static Porter, _: Token, _: Event) {
        if let Some(endpoint) = self.0.upgrade() {
            endpoint.hear();
        }
    }
}
