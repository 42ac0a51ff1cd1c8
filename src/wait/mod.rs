//! How one sleeps: the one loop "try, say that you sleep, try again, sleep", and those who wait in a process.
//!
//! Which word to sleep on and whom to wake is decided in [`crate::queue`]; messages and peers are not known here.
//! Threads sleep on a futex in the segment; tasks leave their waker with their own process ([`Sleepers`]), and
//! whoever hears for the process wakes them.

#[cfg(not(shmpsc_loom))]
mod driver;
#[cfg(all(test, shmpsc_loom))]
pub(crate) mod model;
#[cfg(not(shmpsc_loom))]
mod sleepers;
#[cfg(not(shmpsc_loom))]
mod thread;

#[cfg(not(shmpsc_loom))]
pub(crate) use driver::Hear;
#[cfg(not(shmpsc_loom))]
pub(crate) use sleepers::{Sleepers, TaskSpot};
#[cfg(not(shmpsc_loom))]
pub(crate) use thread::{Futex, Threads};

use crate::layout::Bell;
use crate::queue::{Claimed, Kind, Place, Producer, Stand, Ticket, Turn, Wake, Want};

/// How a thread sleeps on a bell.
pub(crate) trait Park {
    /// Sleeps while the bell equals the ticket, or until the parker's deadline. False once that has passed.
    /// May wake for no reason.
    fn park(&self, bell: &Bell, ticket: Ticket) -> bool;
}

/// Why a thread that wanted room went away without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoRoom {
    Closed,
    TimedOut,
}

/// Takes what is wanted, sleeping in the line until there is room for it.
pub(crate) fn take<W: Want>(
    producer: &Producer<'_>,
    want: W,
    park: &impl Park,
    wake: &impl Wake,
) -> Result<W::Grant, NoRoom> {
    match want.ask(producer, Place::Newcomer, wake) {
        Claimed::Granted(grant) => return Ok(grant),
        Claimed::Closed => return Err(NoRoom::Closed),
        Claimed::Full => {}
    }
    let mut stand = Stand::Nowhere;
    let mut in_time = true;
    loop {
        // The end of this process's end is not in the segment: there may be room there.
        if wake.is_over() {
            producer.leave(&mut stand, wake);
            return Err(NoRoom::Closed);
        }
        match producer.turn(&mut stand, want, Kind::Thread, &mut |_| {}, wake) {
            Turn::Granted(grant) => return Ok(grant),
            Turn::Closed => return Err(NoRoom::Closed),
            Turn::Sleep(bell, ticket) if in_time => in_time = park.park(bell, ticket),
            // The last turn came after the time was up.
            Turn::Sleep(..) => {
                producer.leave(&mut stand, wake);
                return Err(NoRoom::TimedOut);
            }
        }
    }
}

/// Sleeps on `bell` until `look` finds something. `None` once the parker's deadline has passed.
pub(crate) fn until<R>(bell: &Bell, park: &impl Park, mut look: impl FnMut() -> Option<R>) -> Option<R> {
    if let Some(found) = look() {
        return Some(found);
    }
    let mut in_time = true;
    loop {
        let ticket = bell.register(Kind::Thread);
        // The second look: what happened before the bell was set is seen here, what happens after rings it.
        let found = look();
        // The last look comes after the time is up.
        let is_over = found.is_some() || !in_time;
        if !is_over {
            in_time = park.park(bell, ticket);
        }
        bell.rise();
        if is_over {
            return found;
        }
    }
}
