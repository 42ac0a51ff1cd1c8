//! How much one wait may spend on looking again before it sleeps: a number that doubles when that paid, and halves when it was in
//! vain. When to try again without a budget is said by [`Trials`].

use super::trials::{Trials, set};
use crate::sync::{AtomicU32, Ordering};

/// How often one way is tried in one wait.
pub(super) struct Budget {
    most: u32,
    /// The same for a trial.
    trial: u32,
    now: AtomicU32,
    /// Of a wait without a budget.
    pub trials: Trials,
}

impl Budget {
    /// Makes a full budget.
    pub fn new(most: u32, trial: u32) -> Budget {
        Budget { most, trial, now: AtomicU32::new(most), trials: Trials::at_once() }
    }

    /// Makes an empty budget: it has yet to pay.
    pub fn empty(most: u32, trial: u32, trials: Trials) -> Budget {
        Budget { most, trial, now: AtomicU32::new(0), trials }
    }

    /// Returns how often to try in this wait.
    pub fn grant(&self) -> u32 {
        let now = self.now();
        if now > 0 || self.trial == 0 || !self.trials.count() {
            return now;
        }
        self.trials.put_off();
        self.trial
    }

    /// Returns how much a wait may spend without being a trial.
    pub fn now(&self) -> u32 {
        // ORDERING: relaxed here and below: hints, which order nothing.
        self.now.load(Ordering::Relaxed)
    }

    /// Returns whether that is anything.
    pub fn is_in_hand(&self) -> bool {
        self.now() > 0
    }

    /// Notes that it has paid, after so much was spent.
    pub fn paid(&self, spent: u32) {
        let now = self.now.load(Ordering::Relaxed).max(spent);
        set(&self.now, (now * 2).clamp(2, self.most));
        // A trial that found something late has paid only if the next waits are short.
        if spent <= self.most {
            self.trials.begin_anew();
        }
    }

    /// Notes that the budget was spent in vain.
    pub fn was_vain(&self) {
        self.now.store(self.now.load(Ordering::Relaxed) / 2, Ordering::Relaxed);
    }

    /// Takes the budget away until the next trial, which comes later each time.
    pub fn did_harm(&self) {
        self.now.store(0, Ordering::Relaxed);
        self.trials.put_off();
    }

    /// Gives the full budget back, if it is not taken away: it would have paid, or will soon.
    pub fn restore(&self) {
        if self.now.load(Ordering::Relaxed) > 0 || self.trials.is_due() {
            self.now.store(self.most, Ordering::Relaxed);
        }
    }
}
