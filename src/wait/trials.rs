//! When to try again what has lately not paid: exponential backoff, counted in waits.

use crate::sync::{AtomicU32, Ordering};

/// After how many waits the next trial comes: at first, and at most.
const SOON: u32 = 16;
pub(super) const SELDOM: u32 = 1024;

/// The waits until the next trial. The numbers are hints, so lost updates do no harm.
pub(super) struct Trials {
    /// Waits until the next trial; and how many there are between two.
    pause: AtomicU32,
    pauses: AtomicU32,
}

impl Trials {
    /// The first trial is due at once.
    pub fn at_once() -> Trials {
        Trials { pause: AtomicU32::new(0), pauses: AtomicU32::new(SOON) }
    }

    /// The first trial comes soon.
    pub fn soon() -> Trials {
        Trials { pause: AtomicU32::new(SOON), pauses: AtomicU32::new(SOON) }
    }

    /// Returns whether the next trial is due.
    pub fn is_due(&self) -> bool {
        // ORDERING: relaxed here and below: hints, which order nothing.
        self.pause.load(Ordering::Relaxed) == 0
    }

    /// Counts a wait. Returns whether a trial is due in it.
    pub fn count(&self) -> bool {
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            self.pause.store(pause - 1, Ordering::Relaxed);
        }
        pause == 0
    }

    /// Puts the next trial off, each time for twice as many waits.
    pub fn put_off(&self) {
        let pauses = self.pauses.load(Ordering::Relaxed);
        self.pause.store(pauses, Ordering::Relaxed);
        self.pauses.store((pauses * 2).min(SELDOM), Ordering::Relaxed);
    }

    /// Has the next trial come soon: the last one has paid.
    pub fn begin_anew(&self) {
        set(&self.pauses, SOON);
        set(&self.pause, SOON);
    }

    /// Has the next trial that is put off come soon after.
    pub fn reset(&self) {
        set(&self.pauses, SOON);
    }

    /// Has the next wait be a trial, whatever the last ones found.
    pub fn hurry(&self) {
        self.pause.store(0, Ordering::Relaxed);
    }
}

/// Stores what is not there already: the threads of both sides share these lines, and mostly nothing changes.
pub(super) fn set(word: &AtomicU32, value: u32) {
    if word.load(Ordering::Relaxed) != value {
        word.store(value, Ordering::Relaxed);
    }
}
