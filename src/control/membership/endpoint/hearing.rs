//! How an endpoint hears what other processes say: by its doorbells, in the porter or in a runtime that listens.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

use super::{Endpoint, refused};
use crate::{
    control::{
        porter::{Porter, Token, Watcher},
        waking::Calmly,
    },
    error::OpenError,
    sync::lock,
    sys::events::{Event, Events, Interest},
    wait::{Hear, Reactors},
};

/// Everything by which other processes can say "look" to this one, as one descriptor.
pub(in crate::control) struct Hearing {
    pub events: Events,
}

/// Whether the porter hears for the endpoint, and for which sleepers.
#[derive(Default)]
pub(super) struct Ear {
    token: Option<Token>,
    /// Tasks sleep for which no runtime listens.
    always: bool,
    /// Threads that wait for what the porter hears: one answer, or that the backlog is rung.
    askers: u32,
}

impl Endpoint {
    /// Has the porter call [`Hear::hear`] until what this returns is dropped.
    ///
    /// No lock is taken while no other process can take part, for then there is nothing to hear: thousands of threads may go
    /// to sleep at a time. Once one can, all that sleep are woken, and ask again.
    pub(crate) fn porter_hears_for_a_while(self: &Arc<Self>) -> io::Result<Option<PorterHears<'_>>> {
        if self.hearing.get().is_none() {
            return Ok(None);
        }
        let mut ear = lock(&self.ear);
        self.listen(&mut ear)?;
        ear.askers += 1;
        Ok(Some(PorterHears(self)))
    }

    fn listen(self: &Arc<Self>, ear: &mut Ear) -> io::Result<()> {
        if let Some(hearing) = self.hearing.get()
            && ear.token.is_none()
        {
            let watcher = Arc::new(Listen(Arc::downgrade(self)));
            let porter = Porter::of_this_process()?;
            ear.token = Some(porter.watch(hearing.clone(), Interest::READABLE.once_each(), watcher)?);
        }
        Ok(())
    }

    pub(in crate::control) fn hearing(&self) -> Option<&Arc<Hearing>> {
        self.hearing.get()
    }

    /// Makes the descriptor of [`Hear::bell_fd`], and lets the local sleepers know that there is one.
    pub(in crate::control) fn open_doors(&self) -> Result<&Arc<Hearing>, OpenError> {
        if self.hearing.get().is_none() {
            let hearing = Hearing::new().map_err(refused("make a set of doorbells"))?;
            self.prepare_late_looks();
            if self.hearing.set(Arc::new(hearing)).is_ok() {
                self.sleepers.wake_all();
            }
        }
        match self.hearing.get() {
            Some(hearing) => Ok(hearing),
            None => Err(OpenError::Closed { path: None }),
        }
    }

    /// Has the porter hear no longer: the endpoint goes.
    pub(super) fn porter_forgets(&self) {
        let heard = lock(&self.ear).token.take();
        if let (Some(token), Ok(porter)) = (heard, Porter::of_this_process()) {
            porter.forget(token);
        }
    }
}

impl Hear for Endpoint {
    /// Returns the descriptor on which other processes say "look", readable at each new occurrence (so watch for edges, and
    /// call [`Hear::hear`] at each). None while no other process can take part;
    /// afterwards always the same. It comes while tasks sleep: then they are all woken, to watch it.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>> {
        self.hearing.get().map(|hearing| hearing.as_fd())
    }

    /// Takes in what other processes said, then looks at every local sleeper. It does not matter which bell was rung, so
    /// neither the bells nor the set of them are read.
    fn hear(&self) {
        if self.is_forked() {
            return;
        }
        if let Some(guest) = self.guest.get() {
            guest.hear(self.hearing.get());
        }
        Calmly(self).hear();
    }

    fn wake_all(&self) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.sleepers.wake_all()));
    }

    fn porter_hears(self: &Arc<Self>) -> io::Result<()> {
        let mut ear = lock(&self.ear);
        self.listen(&mut ear)?;
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
        &self.sleepers.reactors
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

impl Ear {
    /// Has the porter hear no longer, if that is for nothing.
    fn rest(&mut self) {
        if self.askers == 0
            && !self.always
            && let (Some(token), Ok(porter)) = (self.token.take(), Porter::of_this_process())
        {
            porter.forget(token);
        }
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

impl Hearing {
    fn new() -> io::Result<Hearing> {
        Ok(Hearing { events: Events::new()? })
    }
}

impl AsFd for Hearing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}
