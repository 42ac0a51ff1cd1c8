//! Looking again before sleeping: adaptive spinning, as in glibc's adaptive mutex and parking_lot, by what lately paid.
//!
//! Sleeping and being woken takes longer than the other side usually does: 2 µs within one core, 40 to 60 µs if the core has
//! gone idle meanwhile. So a thread first looks again for a while. There are two ways, for two reasons to wait.
//!
//! - It *spins*: that pays if the other side runs on another core.
//! - It *yields* its core to other runnable threads (`sched_yield`): that pays if the other side waits for this very core.
//!   Then both sides treat each other as partners. A sender fills the queue, the receiver empties it, and nothing is
//!   woken.
//!
//! Neither pays if the other side is busy elsewhere, or stopped. So each way has a budget, which doubles when it paid and
//! halves when it was spent in vain, down to nothing. Every now and then a wait tries a part of the full budget, and more
//! seldom each time it did not pay.
//!
//! The full budgets bound what one wait spends of the processor: about 20 µs of spinning, and 64 yields, which take a
//! microsecond each if no other thread is runnable. A sender pauses twice as long after each look: the receiver gives one
//! place back after the other, and a sender that comes a little later finds room for many values. The receiver looks at
//! an even pace, as the value that it waits for is the next.
//!
//! A task must not hold its worker thread: it spins for about a microsecond at most, and does not yield the core. With more
//! than one core it always spins a little.

use crate::sync::{AtomicU32, Ordering, spin_loop};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A yield that took longer, and came to nothing, was a time slice of a thread that does not wait for this one.
const SLICE: Duration = Duration::from_millis(1);
/// The other side is at work if it makes a step in this time.
const AT_WORK: Duration = Duration::from_micros(25);
/// Most pauses between two looks.
const LONGEST_PAUSE: u32 = 64;
/// After how many waits without a budget one is tried, at the most.
const SELDOM: u32 = 1024;

/// What one side of a channel in one process has found out. All its threads share it; each number is a hint, so lost
/// updates do no harm.
pub(crate) struct Spin {
    pace: Pace,
    spins: Budget,
    yields: Budget,
}

/// How a spinning thread spreads its looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Even,
    Doubling,
}

/// How often one way is tried in one wait.
struct Budget {
    least: u32,
    most: u32,
    now: AtomicU32,
    /// Waits until the next trial; and how many there are between two.
    pause: AtomicU32,
    pauses: AtomicU32,
}

impl Budget {
    const fn new(least: u32, most: u32) -> Budget {
        Budget {
            least,
            most,
            now: AtomicU32::new(most),
            pause: AtomicU32::new(0),
            pauses: AtomicU32::new(16),
        }
    }

    /// How often to try in this wait.
    fn grant(&self) -> u32 {
        // ORDERING: relaxed here and below: hints, which order nothing.
        let now = self.now.load(Ordering::Relaxed);
        if now > 0 || self.most == 0 {
            return now;
        }
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            self.pause.store(pause - 1, Ordering::Relaxed);
            return 0;
        }
        let pauses = self.pauses.load(Ordering::Relaxed);
        self.pause.store(pauses, Ordering::Relaxed);
        self.pauses.store((pauses * 2).min(SELDOM), Ordering::Relaxed);
        self.most.div_ceil(4)
    }

    fn paid(&self, spent: u32) {
        let now = self.now.load(Ordering::Relaxed).max(spent);
        self.now.store((now * 2).clamp(2, self.most), Ordering::Relaxed);
        self.pauses.store(16, Ordering::Relaxed);
    }

    fn was_vain(&self) {
        self.now.store((self.now.load(Ordering::Relaxed) / 2).max(self.least), Ordering::Relaxed);
    }

    /// It would pay, or will soon.
    fn restore(&self) {
        self.now.store(self.most, Ordering::Relaxed);
    }
}

/// What the senders of a process, and its receiver, have found out, as threads and as tasks.
pub(crate) struct Spins {
    pub sending_thread: Spin,
    pub sending_task: Spin,
    pub receiving_thread: Spin,
    pub receiving_task: Spin,
}

impl Default for Spins {
    fn default() -> Spins {
        // The tasks of both sides would otherwise give up together, each because the other one slept.
        let least = if usable_cores() > 1 { 5 } else { 0 };
        Spins {
            sending_thread: Spin::new(Pace::Doubling, 0, 24, 64),
            sending_task: Spin::new(Pace::Doubling, least, 6, 0),
            receiving_thread: Spin::new(Pace::Even, 0, 200, 64),
            receiving_task: Spin::new(Pace::Even, least, 12, 0),
        }
    }
}

/// Cores that this process could use when it was first asked, by its affinity and the quota of its control group.
fn usable_cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Spin {
    /// At least and at most so many looks, and at most so many yields.
    const fn new(pace: Pace, least: u32, looks: u32, yields: u32) -> Spin {
        Spin { pace, spins: Budget::new(least, looks), yields: Budget::new(0, yields) }
    }

    /// Looks again for as long as that has lately paid. The caller has looked once. `progress` changes while the other
    /// side is at work.
    pub fn look_again<R>(
        &self,
        mut look: impl FnMut() -> Option<R>,
        progress: impl Fn() -> u64,
    ) -> Option<R> {
        let looks = self.spins.grant();
        let mut pauses = 1;
        for spent in 1..=looks {
            (0..pauses).for_each(|_| spin_loop());
            if let Some(found) = look() {
                self.spins.paid(spent);
                return Some(found);
            }
            if self.pace == Pace::Doubling {
                pauses = (pauses * 2).min(LONGEST_PAUSE);
            }
        }
        if looks > 0 {
            self.spins.was_vain();
        }
        let yields = self.yields.grant();
        let begin = if yields > 0 { progress() } else { 0 };
        for spent in 1..=yields {
            let before = Instant::now();
            std::thread::yield_now();
            if let Some(found) = look() {
                self.yields.paid(spent);
                return Some(found);
            }
            if before.elapsed() > SLICE {
                break;
            }
        }
        if yields > 0 {
            // While the other side is at work, the turn of this thread comes soon. To sleep costs both sides more than that,
            // and the more threads sleep the more it costs.
            if progress() == begin { self.yields.was_vain() } else { self.yields.restore() }
        }
        None
    }

    /// The thread has slept for that long, while the other side made so many steps.
    pub fn slept(&self, time: Duration, steps: u64) {
        if steps > 0 && time / u32::try_from(steps).unwrap_or(u32::MAX) < AT_WORK {
            self.yields.restore();
        }
    }
}
