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
//! Neither pays if the other side is busy elsewhere, or stopped; and to yield does harm if threads that are not of the channel
//! want the core. So each way has a budget, which doubles when it paid and halves when it was spent in vain, down to nothing;
//! after harm it is nothing at once. A sleep restores the budget of yields if it shows the other side at work, with a step in
//! 25 µs. Otherwise a wait without a budget now and then tries all the same: the first one soon, the next after 16 waits, then
//! after twice as many each time, up to 1024, until a wait is short again.
//!
//! - The receiver's trial spins for as long as waking takes, about 60 µs. If both sides sleep, each wakes too late for a
//!   shorter spinning of the other one, and neither would ever find the other awake again.
//! - A receiving thread that yields and does not spin sleeps once in 1024 waits, for it may share one core with a sender while
//!   another one idles. The scheduler moves a thread when it wakes, and seldom before. Its next wait then spins. A sender does
//!   not do so: all that come after it would have to stand in the line behind it.
//! - A yield that found something without a switch of threads says that the other side runs on another core. The next wait
//!   without a budget to spin then tries that.
//!
//! The full budgets bound what one wait spends of the processor. A receiving thread spins for about 60 µs, a sender for about
//! 3 µs. A thread yields 64 times, which takes less than a microsecond each time if no other thread is runnable. A sender does
//! so up to 32 times, as long as the receiver goes on taking: with many senders on few cores its turn comes late, but it comes.
//! Until then it is not in the line, and a sender that comes later can find room first. By the clock no wait spins longer than
//! 60 µs, or yields longer than 200 ms or the time that the caller gave; and none yields longer than 5 ms while the other side is
//! not at work.
//!
//! A sender pauses twice as long after each look: the receiver gives one place back after the other, and a sender that comes a
//! little later finds room for many values. The receiver looks at an even pace, as the value that it waits for is the next; but
//! if values come in number it lets them gather first, as [`coalesce`](super::coalesce) says.
//!
//! Usable cores and runnable threads are not counted. The other side is another process, whose affinity and quota can change
//! and are not seen here. What they would tell shows in what pays.
//!
//! A task must not hold its worker thread, so it waits in another way, see [`polls`](super::polls).

use super::budget::Budget;
use super::coalesce::{Coalescing, MOMENT};
use super::polls::Polls;
use super::trials::SELDOM;
use crate::sync::{AtomicU32, Ordering, spin_loop};
use std::time::{Duration, Instant};

/// How often a wait spends its yields, if the other side made a step each time.
const ROUNDS: u32 = 32;
/// No wait yields longer. With 64 senders on two cores the turn of each comes once in 100 ms, if none of them sleeps.
const PATIENCE: Duration = Duration::from_millis(200);
/// The other side can lose its core for a time slice. If it was not at work on the whole after this time, the threads that run
/// meanwhile are not those that this one waits for.
const GRACE: Duration = Duration::from_millis(5);
/// A yield that took longer gave the core to threads that this one does not wait for, unless the other side was at work
/// meanwhile: to sleep would have been better, for the scheduler prefers threads that wake.
const SLICE: Duration = Duration::from_millis(1);
/// A yield that took less did not switch to another thread: whatever came meanwhile came from another core.
const SWITCH: Duration = Duration::from_nanos(1000);
/// The other side is at work if it makes a step in this time.
const AT_WORK: Duration = Duration::from_micros(25);
/// No wait spins longer, however long a pause of this processor is.
const LONGEST: Duration = Duration::from_micros(60);
/// A spinning thread looks at the clock once in so many looks.
const CLOCK: u32 = 8;

/// What one side of a channel in one process has found out. All its threads share it; each number is a hint, so lost
/// updates do no harm.
pub(crate) struct Spin {
    side: Side,
    spins: Budget,
    yields: Budget,
    /// Waits that did not spin, but yielded.
    stays: AtomicU32,
    coalescing: Coalescing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Sending,
    Receiving,
}

/// What the senders of a process, and its receiver, have found out, as threads and as tasks.
pub(crate) struct Spins {
    pub sending_thread: Spin,
    pub sending_task: Polls,
    pub receiving_thread: Spin,
    pub receiving_task: Polls,
}

impl Default for Spins {
    fn default() -> Spins {
        Spins {
            sending_thread: Spin::new(Side::Sending, Budget::new(6, 6), Budget::new(64, 16)),
            sending_task: Polls::sending(),
            receiving_thread: Spin::new(Side::Receiving, Budget::new(200, 200), Budget::new(64, 16)),
            receiving_task: Polls::receiving(),
        }
    }
}

impl Spin {
    fn new(side: Side, spins: Budget, yields: Budget) -> Spin {
        Spin { side, spins, yields, stays: AtomicU32::new(0), coalescing: Coalescing::new() }
    }

    /// Lets values gather before a receiver looks again, if this wait will spin and it has lately paid: see
    /// [`coalesce`](super::coalesce). The receiver has taken so many values.
    #[inline]
    pub fn let_gather(&self, taken: u64) {
        if self.spins.is_in_hand() && self.coalescing.is_worth_it(taken) {
            (0..MOMENT).for_each(|_| spin_loop());
        }
    }

    /// Looks again for as long as that has lately paid, but does not yield beyond `until`. The caller has looked once.
    /// `progress` counts the steps of the other side, as far as it is known.
    pub fn look_again<R>(
        &self,
        mut look: impl FnMut() -> Option<R>,
        progress: impl Fn() -> u64,
        until: Option<Instant>,
    ) -> Option<R> {
        let looks = self.spins.grant();
        if let Some(found) = self.look_spinning(looks, &mut look) {
            return Some(found);
        }
        let yields = self.yields.grant();
        if yields == 0 {
            return None;
        }
        if looks == 0 && self.side == Side::Receiving && self.is_time_to_move() {
            self.spins.trials.hurry();
            return None;
        }
        self.look_yielding(yields, look, progress, until)
    }

    fn look_spinning<R>(&self, looks: u32, mut look: impl FnMut() -> Option<R>) -> Option<R> {
        let mut pauses = u32::from(self.side == Side::Sending);
        let mut begin = None;
        for spent in 1..=looks {
            (0..pauses).for_each(|_| spin_loop());
            if let Some(found) = look() {
                self.spins.paid(spent);
                return Some(found);
            }
            pauses *= 2;
            // Most waits end before the first look at the clock.
            if spent.is_multiple_of(CLOCK) && begin.get_or_insert_with(Instant::now).elapsed() > LONGEST {
                break;
            }
        }
        if looks > 0 {
            self.spins.was_vain();
        }
        None
    }

    /// While the other side is at work, the turn of this thread comes soon. To sleep costs both sides more than that, and the
    /// more threads sleep the more it costs.
    fn look_yielding<R>(
        &self,
        yields: u32,
        mut look: impl FnMut() -> Option<R>,
        progress: impl Fn() -> u64,
        until: Option<Instant>,
    ) -> Option<R> {
        let (begin, seen) = (Instant::now(), progress());
        let until = until.map_or(begin + PATIENCE, |until| until.min(begin + PATIENCE));
        let goes_on = |now: Instant| is_at_work(now - begin, progress().wrapping_sub(seen));
        let mut now = begin;
        for _ in 0..ROUNDS {
            for spent in 1..=yields {
                if now >= until {
                    return None;
                }
                std::thread::yield_now();
                let found = look();
                let before = std::mem::replace(&mut now, Instant::now());
                if found.is_some() {
                    self.found_after(now - before, spent, || goes_on(now));
                    return found;
                }
                if now - begin > GRACE && !goes_on(now) {
                    self.yields.did_harm();
                    return None;
                }
            }
            if !goes_on(now) {
                self.yields.was_vain();
                return None;
            }
            self.yields.restore();
        }
        None
    }

    /// Notes that a yield of that time, the one with that number in its round, has found something.
    fn found_after(&self, time: Duration, spent: u32, goes_on: impl FnOnce() -> bool) {
        if time < SLICE || goes_on() {
            self.yields.paid(spent);
        } else {
            self.yields.did_harm();
        }
        if time < SWITCH {
            self.spins.trials.hurry();
        }
    }

    /// Returns whether this thread, which would yield, is to sleep for once. Two threads that yield to each other may share one
    /// core while another one idles: the scheduler gives a thread the idle one when it wakes, and seldom before.
    fn is_time_to_move(&self) -> bool {
        // ORDERING: relaxed: it counts, and orders nothing.
        let stays = self.stays.load(Ordering::Relaxed).wrapping_add(1);
        self.stays.store(stays, Ordering::Relaxed);
        stays.is_multiple_of(SELDOM)
    }

    /// Notes that a thread has slept for that long, while the other side made so many steps.
    pub fn slept(&self, time: Duration, steps: u64) {
        if is_at_work(time, steps) {
            self.yields.restore();
        }
    }
}

/// Returns whether the other side, which made so many steps in that time, is at work, and not waiting for a core itself.
fn is_at_work(time: Duration, steps: u64) -> bool {
    steps > 0 && time / u32::try_from(steps).unwrap_or(u32::MAX) < AT_WORK
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn looks(until: Option<Instant>) -> u32 {
        let spin = Spin::new(Side::Sending, Budget::new(0, 0), Budget::new(64, 16));
        let (looks, steps) = (Cell::new(0), Cell::new(0));
        let look = || {
            looks.set(looks.get() + 1);
            None::<()>
        };
        let progress = || {
            steps.set(steps.get() + 1_000_000);
            steps.get()
        };
        assert_eq!(spin.look_again(look, progress, until), None);
        looks.get()
    }

    #[test]
    fn after_a_yield_that_lost_the_core_waits_sleep() {
        let spin = Spin::new(Side::Sending, Budget::new(0, 0), Budget::new(64, 16));
        let looks = Cell::new(0);
        let look = || {
            looks.set(looks.get() + 1);
            // So long another thread had the core.
            std::thread::sleep(2 * GRACE);
            None::<()>
        };
        assert_eq!(spin.look_again(look, || 0, None), None);
        spin.slept(Duration::ZERO, 1);
        assert_eq!(spin.look_again(look, || 0, None), None);
        assert_eq!(looks.get(), 1);
    }

    #[test]
    fn a_wait_whose_time_is_up_does_not_yield() {
        assert_eq!(looks(Some(Instant::now())), 0);
        // A yield may last as long as other programs have the core, and the whole time with it.
        assert!((0..1000).any(|_| looks(None) > 64), "while the other side is at work it yields on");
    }
}
