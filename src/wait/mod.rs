//! How threads and tasks sleep: the one loop "try, say that you sleep, try again, sleep", and the waiters of one process.
//!
//! Which word to sleep on and which sleeper to wake is decided in [`crate::queue`]; messages and peers are not known here.
//! Threads sleep on a futex in the segment, or in the backlog of their process on one of private memory ([`Signal`]). Tasks
//! leave their waker with their own process ([`Sleepers`]); a reactor that hears for the process has them woken ([`Reactors`]).

mod backlog;
#[cfg(not(shmpsc_loom))]
mod budget;
#[cfg(not(shmpsc_loom))]
mod coalesce;
#[cfg(all(test, shmpsc_loom))]
pub(crate) mod model;
#[cfg(not(shmpsc_loom))]
mod polls;
#[cfg(not(shmpsc_loom))]
mod reactors;
mod signal;
#[cfg(not(shmpsc_loom))]
mod sleepers;
#[cfg(not(shmpsc_loom))]
mod spin;
#[cfg(not(shmpsc_loom))]
mod spot;
#[cfg(not(shmpsc_loom))]
mod thread;
#[cfg(not(shmpsc_loom))]
mod trials;

pub(crate) use backlog::{Backlog, Next, Stand, Wakeable};
#[cfg(not(shmpsc_loom))]
pub(crate) use polls::PolledWait;
#[cfg(not(shmpsc_loom))]
pub(crate) use reactors::{Hear, Reactors};
pub(crate) use signal::Signal;
#[cfg(not(shmpsc_loom))]
pub(crate) use sleepers::{Sleepers, WakerKey};
#[cfg(not(shmpsc_loom))]
pub(crate) use spin::Spins;
#[cfg(not(shmpsc_loom))]
pub(crate) use thread::{Futex, Threads};

pub(crate) use crate::layout::Bell;
use crate::queue::edge::{Fence, full_fence};
use crate::queue::ring::{Claimed, Place, Producer, Rank, Request};
use crate::queue::{BellKey, Fences, Kind, Wake};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Waker;

/// How a thread sleeps on a bell.
pub(crate) trait Park {
    /// Sleeps while the bell equals the key, or until the parker's deadline. False once that has passed.
    /// May wake for no reason.
    fn park(&self, bell: &Bell, key: BellKey) -> bool;

    /// Sleeps likewise in the backlog of the process, until the signal comes.
    fn park_in_backlog(&self, signal: &Signal) -> bool;

    /// Sleeps as [`park`](Park::park) does, but not beyond the moment at which a late look is due for a thread that has just
    /// registered: see [`crate::queue::common::fences`]. With full fences none ever is.
    fn park_until_late(&self, bell: &Bell, key: BellKey) -> Slept {
        if self.park(bell, key) { Slept::Woken } else { Slept::TimedOut }
    }

    /// Makes the late look for the senders in the line.
    fn look_late(&self) {}
}

/// How a thread's sleep ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slept {
    /// It was woken, perhaps for no reason.
    Woken,
    /// A late look is due. After it the thread sleeps on with the same key: it stands registered.
    Late,
    /// The parker's deadline has passed.
    TimedOut,
}

/// Wakes all of them, also if a waker panics; then the panic goes on.
fn wake_each(woken: Vec<Waker>) {
    let mut panic = None;
    for waker in woken {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}

/// Wakes all of them. A panic of a waker stays with its task: the thread that wakes may hold what it was granted, or be about
/// to look along the line for others.
pub(crate) fn wake_calmly(woken: Vec<Waker>) {
    let _ = catch_unwind(AssertUnwindSafe(|| wake_each(woken)));
}

/// A thread that waits to send.
#[derive(Default)]
pub(crate) struct WaitingThread(Option<Arc<Signal>>);

impl WaitingThread {
    pub fn signal(&mut self) -> &Arc<Signal> {
        self.0.get_or_insert_default()
    }
}

impl Wakeable for WaitingThread {
    const KIND: Kind = Kind::Thread;

    fn waker(&mut self) -> Waker {
        Waker::from(self.signal().clone())
    }

    fn prepare(&mut self, _: Place) {}
}

/// Why a thread that wanted room went away without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoRoom {
    Closed,
    TimedOut,
}

/// Takes what is wanted, sleeping in the line until there is room for it.
pub(crate) fn take<W: Request>(
    producer: &Producer<'_>,
    want: W,
    backlog: &Backlog,
    park: &impl Park,
    wake: &impl Wake,
) -> Result<W::Grant, NoRoom> {
    match want.ask(producer, Rank::Newcomer, wake) {
        Claimed::Granted(grant) => return Ok(grant),
        Claimed::Closed => return Err(NoRoom::Closed),
        Claimed::Full => {}
    }
    let mut stand = Stand::Nowhere;
    let mut thread = WaitingThread::default();
    let mut in_time = true;
    loop {
        let next = backlog.next(producer, &mut stand, want, &mut thread, wake);
        match next {
            Next::Granted(grant) => return Ok(grant),
            Next::Closed => return Err(NoRoom::Closed),
            Next::Sleep(bell, key) if in_time => {
                in_time = match park.park_until_late(bell, key) {
                    Slept::Woken => true,
                    Slept::TimedOut => false,
                    Slept::Late => {
                        park.look_late();
                        park.park(bell, key)
                    }
                }
            }
            Next::SleepInBacklog if in_time => in_time = park.park_in_backlog(thread.signal()),
            // The last turn came after the time was up.
            Next::Sleep(..) | Next::SleepInBacklog => {
                backlog.leave(producer, &mut stand, wake);
                return Err(NoRoom::TimedOut);
            }
        }
    }
}

/// Sleeps on `bell` until `look` finds something, which it has not lately. `None` once the parker's deadline has passed.
pub(crate) fn until<R>(
    bell: &Bell,
    fences: Fences,
    park: &impl Park,
    mut look: impl FnMut() -> Option<R>,
) -> Option<R> {
    let mut in_time = true;
    loop {
        let key = bell.register(Kind::Thread, fences);
        // The second look: what happened before the bell was set is seen here, what happens after rings it.
        let mut found = look();
        // The last look comes after the time is up.
        let is_over = found.is_some() || !in_time;
        if !is_over {
            let slept = park.park_until_late(bell, key);
            in_time = slept != Slept::TimedOut;
            if slept == Slept::Late {
                // ORDERING: the second look, made late.
                full_fence(Fence::Asleep);
                found = look();
                if found.is_none() {
                    in_time = park.park(bell, key);
                }
            }
        }
        bell.deregister();
        if is_over || found.is_some() {
            return found;
        }
    }
}
