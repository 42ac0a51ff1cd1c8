//! Joining by name: calling at the door, and waiting for a receiver that is not there yet. What is said behind the door stands
//! in [`crate::control::meeting::join`].
//!
//! The wait looks again and again, at first after 1 ms and at last every 50 ms, which is 20 times a second. The kernel could
//! tell of new files in the directory, but not of what matters: a name is of use only once a process listens behind its
//! socket, which is no event of a file. The directory itself may be missing too, or be on a file system that tells nothing, and
//! a user may have only 128 such watches.

use std::{
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{join::join, talk::Patience, terms::Terms};
use crate::{
    control::{
        membership::{endpoint::Endpoint, name},
        wire::Facts,
    },
    error::OpenError,
    sys::interrupt::{self, Interrupt, Waited},
};

/// How often one attempt goes to the door. Bounded: a host that is out of descriptors sends every caller away.
const MOST_CALLS: u32 = 4;

/// The first and the longest pause between two looks for a receiver.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How many looks in a row find a socket that this process may not open before the wait ends. A receiver sets the mode of its socket
/// a moment after it has made it, and its umask may have taken bits away until then.
const MOST_BARRED: u32 = 4;

/// How long a call that can be interrupted stands at a full door before it looks whether it was.
const STAND: Duration = Duration::from_millis(50);

/// Joins as a sender the receiver that listens at `path`.
pub(crate) fn connect(
    path: &Path,
    size: usize,
    align: usize,
    terms: &Terms,
) -> Result<Arc<Endpoint>, OpenError> {
    connect_interruptibly(path, size, align, terms, None)
}

/// Joins as [`connect`] does. Once `interrupt` has been rung, it ends soon, with an error that means nothing.
pub(in crate::control) fn connect_interruptibly(
    path: &Path,
    size: usize,
    align: usize,
    terms: &Terms,
    interrupt: Option<&Interrupt>,
) -> Result<Arc<Endpoint>, OpenError> {
    let facts = terms.facts(size, align)?;
    let mut absence = Absence::new(terms.wait, interrupt);
    loop {
        match attempt(path, &facts, terms, interrupt) {
            Err(error) if absence.goes_on(&error) => {}
            joined => return joined.map_err(|error| error.at(path)),
        }
    }
}

/// The wait for a receiver that is not there.
struct Absence<'a> {
    /// None: no moment is so late.
    until: Option<Instant>,
    pause: Duration,
    /// Looks in a row that found a socket which this process may not open.
    barred: u32,
    interrupt: Option<&'a Interrupt>,
}

impl<'a> Absence<'a> {
    fn new(wait: Duration, interrupt: Option<&'a Interrupt>) -> Absence<'a> {
        Absence { until: Instant::now().checked_add(wait), pause: FIRST_PAUSE, barred: 0, interrupt }
    }

    /// Pauses if a look that came to this error is not the last one, and returns whether to look again.
    fn goes_on(&mut self, error: &OpenError) -> bool {
        self.barred = match error {
            // Closed: of a receiver that is on its way out, and gives up its name next.
            OpenError::NoReceiver { .. } | OpenError::Closed { .. } => 0,
            OpenError::NotPermitted { .. } => {
                self.pause = LONGEST_PAUSE;
                self.barred + 1
            }
            _ => return false,
        };
        self.barred < MOST_BARRED && self.pauses()
    }

    /// Pauses, and returns whether to look again. The last look comes once the time is up.
    fn pauses(&mut self) -> bool {
        let now = Instant::now();
        let next = now + self.pause;
        let until = self.until.map_or(next, |until| until.min(next));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        until > now && matches!(interrupt::wait(None, self.interrupt, Some(until)), Ok(Waited::TimedOut))
    }
}

/// Goes to the door, a few times if it is sent back there.
fn attempt(
    path: &Path,
    facts: &Facts,
    terms: &Terms,
    interrupt: Option<&Interrupt>,
) -> Result<Arc<Endpoint>, OpenError> {
    let patience = Patience { until: Instant::now() + terms.deadline, deadline: terms.deadline, interrupt };
    let mut calls = 1;
    loop {
        match join(call(path, &patience)?, patience, facts.clone(), terms.pages) {
            // Sent back to the door: others crowd there, or the receiver goes to another process, which opens it again.
            Err(OpenError::HungUp { .. } | OpenError::HandoverInProgress { .. }) if calls < MOST_CALLS => {
                calls += 1
            }
            joined => return joined,
        }
    }
}

/// Calls at the door. If too many others stand there, it waits to be next.
fn call(path: &Path, patience: &Patience<'_>) -> Result<OwnedFd, OpenError> {
    loop {
        // The kernel wakes a caller when there is room, and nothing else does.
        let until = match patience.interrupt {
            Some(_) => patience.until.min(Instant::now() + STAND),
            None => patience.until,
        };
        return match name::connect(path, until) {
            Err(OpenError::TimedOut { .. })
                if Instant::now() < patience.until && !patience.is_interrupted() =>
            {
                continue;
            }
            Err(OpenError::TimedOut { .. }) => Err(patience.late()),
            called => called,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_end_with_the_wait() {
        let mut absence = Absence::new(Duration::from_millis(200), None);
        let mut pauses = Vec::new();
        while absence.pauses() {
            pauses.push(absence.pause);
        }
        let grown = [2, 4, 8, 16, 32, 50, 50].map(Duration::from_millis);
        // A pause can last longer than it was told, so there may be fewer.
        assert!(pauses.iter().zip(grown).all(|(pause, expected)| *pause == expected), "{pauses:?}");
        assert!(pauses.len() <= 9, "{pauses:?}");
        assert!(absence.until.is_some_and(|until| Instant::now() >= until));
    }

    #[test]
    fn a_socket_that_is_yet_to_get_its_mode_does_not_end_the_wait() {
        let mut absence = Absence::new(Duration::MAX, None);
        let barred =
            OpenError::NotPermitted { path: "feed".into(), source: std::io::ErrorKind::Other.into() };
        let absent = OpenError::NoReceiver { path: "feed".into(), why: "it has ended" };
        for error in [&barred, &barred, &barred, &absent, &barred, &barred, &barred] {
            assert!(absence.goes_on(error));
        }
        assert!(!absence.goes_on(&barred), "it will not get it");
        assert!(!absence.goes_on(&OpenError::WrongEnd));
    }

    #[test]
    fn without_a_wait_there_is_one_look() {
        assert!(!Absence::new(Duration::ZERO, None).pauses());
    }

    #[test]
    fn a_wait_without_end_goes_on_until_it_is_interrupted() {
        let interrupt = Interrupt::new().unwrap();
        let mut absence = Absence::new(Duration::MAX, Some(&interrupt));
        assert!(absence.pauses());
        interrupt.ring();
        assert!(!absence.pauses());
    }
}
