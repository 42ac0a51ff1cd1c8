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
/// While no other process can take part there is nothing to hear, and no lock is taken: thousands of threads may go to sleep
/// at a time. Once a process can take part, all sleeping threads are woken, and call this again.
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
    /// Returns the descriptor on which other processes say "look". It has an edge at each ring, so the caller watches for edges
    /// and calls [`Hear::hear`] at each.
    ///
    /// There is none while no other process can take part, and afterwards it is always the same. If it is made while tasks
    /// sleep, they are all woken, and watch it then.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>> {
        self.bell_set().map(|bell_set| bell_set.as_fd())
    }

    /// Reads what other processes said, then looks at every sleeper of this process. It does not matter which bell was rung, so
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

/// Has the background thread hear for a thread until this is dropped.
pub(crate) struct PorterHears<'a>(&'a Endpoint);

impl Drop for PorterHears<'_> {
    fn drop(&mut self) {
        let mut bell_watch = lock(&self.0.bell_watch);
        bell_watch.askers -= 1;
        bell_watch.rest();
    }
}

/// The background thread's registration for an endpoint with sleepers for which no runtime hears.
struct Listen(Weak<Endpoint>);

impl Watcher for Listen {
    fn on_event(self: Arc<Self>, _: &'static Porter, _: Token, _: Event) {
        if let Some(endpoint) = self.0.upgrade() {
            endpoint.hear();
        }
    }
}
