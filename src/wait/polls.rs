//! How a task waits before it sleeps: it spins for at most a microsecond, then yields to its runtime a bounded number of times. Each
//! only where it lately paid.
//!
//! A task must not hold its worker thread, so a poll *spins* for at most [`MOMENT`], by the clock. That pays if the other side is
//! awake, on another core, and about to act. A task that was polled again without being woken does not spin again: it spins once a wait.
//!
//! A poll *yields* by having its task woken and returning `Pending`. The runtime runs its other tasks and looks at its I/O, then it
//! polls the task again, which is not on the receiver's bell meanwhile. That pays if the runtime had nothing else to do and would have
//! put its thread to sleep, for to wake the thread takes 40 to 60 µs if its core has gone idle. So:
//!
//! - If yields take much longer than the system call within each, other tasks run there, or other threads: *neighbours*. To sleep
//!   holds nothing up then, but to spin takes time from them. The task neither spins nor yields in the next 16 waits. Then it tries
//!   again, and as long as there are neighbours it waits twice as many each time, up to 1024.
//! - A task that finds each value by spinning would never let others run. After [`RUN`] looks it yields once.
//! - Without a budget a task does not yield on the chance that it might pay. Now and then, first after 16 waits, the time of a sleep
//!   is taken. Was that short, the next wait that would sleep yields as a trial: for about as long as waking takes. If both sides
//!   sleep, each wakes too late for a shorter trial of the other one, and neither would ever find the other awake again.
//! - A foreign waker, which is none of tokio's, can be one of an executor that counts wakes, as those of tests do. A poll wakes it only
//!   if another process takes part in the channel. Then a wake can come at any time.
//!
//! A sending task spins and does not yield: it takes its place in the line at once, for the order is that of arrival.

use super::budget::Budget;
use super::coalesce::{Coalescing, MOMENT as GATHERING};
use super::spot::Spot;
use super::trials::{Trials, set};
use crate::sync::{AtomicU32, Ordering, spin_loop};
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant};

/// No poll spins longer.
const MOMENT: Duration = Duration::from_micros(1);
/// Values gather for no longer: what is left of a moment is for looking.
const GATHERS: Duration = Duration::from_nanos(500);
/// So many pauses come between two readings of the clock while values gather.
const PART: u32 = 8;
/// Looks of one wait, at most. On any processor the clock ends it first.
const LOOKS: u32 = 64;
/// Yields of one wait, at most: usually, and in a trial.
const YIELDS: u32 = 32;
const TRIAL: u32 = 128;
/// Looks between two turns of other tasks, at most: some microseconds.
const RUN: u32 = 160;
/// A yield to a runtime that has nothing else to do takes not much longer than a system call. One is slow that takes so many times as
/// long, within these bounds.
const SLOW: u32 = 3;
const SLOW_BOUNDS: (Duration, Duration) = (Duration::from_nanos(1_000), Duration::from_nanos(5_000));
/// A slow yield counts 2, a fast one takes 1 back, and so much shows that others run there. One slow yield alone may have been
/// interrupted; and beside one neighbour every second one is fast, for a runtime changes the order of the tasks that have yielded.
const SURE: u32 = 4;
/// A sleep was short if yielding would have taken no longer than this.
const SHORT: Duration = Duration::from_micros(100);
/// What was found after so few yields, the next wait may find by spinning.
const SOON: u32 = 2;
/// Never looks again, so that a bench can tell what looking again costs a task's neighbours.
const SLEEPS_AT_ONCE: bool = cfg!(shmpsc_sleeps_at_once);

/// What the tasks of one side of a channel in one process have found out. The numbers are hints, so lost updates do no harm.
pub(crate) struct Polls {
    pace: Pace,
    spins: Budget,
    yields: Budget,
    /// 1 if a sleep was short, so that a trial of yields is worth it.
    is_worth_a_trial: AtomicU32,
    /// Looks since other tasks had their turn.
    run: AtomicU32,
    /// How slow the last yields were.
    slow: AtomicU32,
    /// When to try again whether others run in the runtime.
    neighbours: Trials,
    coalescing: Coalescing,
}

/// How a side spins.
struct Pace {
    /// By how much the pause after a look grows with each look.
    growth: u32,
    /// Looks that come before the clock is read, for most waits end in them.
    free: u32,
    /// What those and the next look take at most, in halves of the last look.
    ahead: u32,
}

/// How far a task has got with one wait.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) enum PolledWait {
    #[default]
    New,
    /// It has yielded so often, of so many times, and last at that time.
    Yields { spent: u32, granted: u32, since: Instant },
    /// It has gone to sleep, since then if the time of this sleep is taken.
    Sleeps(Option<Instant>),
}

impl Polls {
    /// Of tasks that send. A sender pauses twice as long after each look, as a thread does.
    pub fn sending() -> Polls {
        Polls::new(Pace { growth: 2, free: 1, ahead: 5 })
    }

    /// Of the task that receives.
    pub fn receiving() -> Polls {
        Polls::new(Pace { growth: 1, free: 4, ahead: 10 })
    }

    fn new(pace: Pace) -> Polls {
        Polls {
            pace,
            spins: Budget::empty(LOOKS, LOOKS, Trials::at_once()),
            yields: Budget::empty(YIELDS, TRIAL, Trials::soon()),
            is_worth_a_trial: AtomicU32::new(0),
            run: AtomicU32::new(0),
            slow: AtomicU32::new(0),
            neighbours: Trials::at_once(),
            coalescing: Coalescing::new(),
        }
    }

    /// Looks again for as long as that has lately paid, and no longer than a moment. The caller has looked once.
    #[inline]
    pub fn look_again<R>(&self, look: impl FnMut() -> Option<R>) -> Option<R> {
        if SLEEPS_AT_ONCE || !self.may_spin() {
            return None;
        }
        self.spin(self.spins.grant(), None, Instant::now, look)
    }

    /// The same for a receiver that has taken so many values. Lets values gather before, if that has lately paid: see
    /// [`coalesce`](super::coalesce).
    #[inline]
    pub fn look_again_after<R>(&self, taken: u64, look: impl FnMut() -> Option<R>) -> Option<R> {
        if SLEEPS_AT_ONCE || !self.may_spin() {
            return None;
        }
        if !self.spins.is_in_hand() || !self.coalescing.is_worth_it(taken) {
            return self.spin(self.spins.grant(), None, Instant::now, look);
        }
        let begin = Instant::now();
        let now = gather(begin, Instant::now);
        self.spin(self.spins.grant(), Some((begin, now)), Instant::now, look)
    }

    /// Returns whether others are not held up, as far as is known. Once a wait.
    #[inline]
    fn may_spin(&self) -> bool {
        // ORDERING: relaxed here and below: hints, which order nothing.
        self.neighbours.count() && self.run.load(Ordering::Relaxed) < RUN
    }

    /// Looks so often, unless the moment is over before. It may have begun already, and the clock been read since.
    #[inline]
    fn spin<R>(
        &self,
        looks: u32,
        mut begun: Option<(Instant, Instant)>,
        mut clock: impl FnMut() -> Instant,
        mut look: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        let mut pauses = 1;
        for spent in 1..=looks {
            if let Some(found) = look() {
                self.spins.paid(spent);
                self.run.store(self.run.load(Ordering::Relaxed).saturating_add(spent), Ordering::Relaxed);
                return Some(found);
            }
            if begun.is_some() || spent >= self.pace.free {
                let now = clock();
                let (begin, last) = begun.unwrap_or((now, now));
                if now - begin + (now - last) * self.pace.ahead / 2 > MOMENT {
                    break;
                }
                begun = Some((begin, now));
            }
            (0..pauses).for_each(|_| spin_loop());
            pauses *= self.pace.growth;
        }
        if looks > 0 {
            self.spins.was_vain();
        }
        None
    }

    /// Returns whether a task whose wait begins will yield, unless its waker is foreign.
    pub fn will_yield(&self) -> bool {
        !SLEEPS_AT_ONCE && self.yields_granted() > 0
    }

    /// Returns whether the task is to return `Pending`, because it has yielded. Its poll has found nothing, and nothing will wake it.
    /// `is_shared` says that other processes can take part in the channel.
    pub fn yields(&self, wait: &mut PolledWait, is_shared: bool, cx: &mut Context<'_>) -> bool {
        if SLEEPS_AT_ONCE {
            return false;
        }
        let (spent, granted, now) = match *wait {
            PolledWait::New => {
                let granted = self.yields_granted();
                if granted == 0 {
                    return false;
                }
                (0, granted, Instant::now())
            }
            PolledWait::Yields { spent, granted, since } => {
                let now = Instant::now();
                self.yielded(now - since);
                if spent >= granted || !self.neighbours.is_due() {
                    self.yields.was_vain();
                    return false;
                }
                (spent, granted, now)
            }
            PolledWait::Sleeps(_) => return false,
        };
        if !yield_to_runtime(is_shared, cx) {
            return false;
        }
        if spent == 0 {
            self.is_worth_a_trial.store(0, Ordering::Relaxed);
        }
        self.run.store(0, Ordering::Relaxed);
        *wait = PolledWait::Yields { spent: spent + 1, granted, since: now };
        true
    }

    fn yields_granted(&self) -> u32 {
        if !self.neighbours.is_due() {
            return 0;
        }
        match self.yields.now() {
            0 if self.is_worth_a_trial.load(Ordering::Relaxed) > 0 => TRIAL,
            now => now.max(u32::from(self.run.load(Ordering::Relaxed) >= RUN)),
        }
    }

    /// Notes that a yield took so long.
    fn yielded(&self, time: Duration) {
        let slow = self.slow.load(Ordering::Relaxed);
        if time <= slow_yield() {
            set(&self.slow, slow.saturating_sub(1));
            if slow == 0 {
                self.neighbours.reset();
            }
        } else if slow + 2 < SURE {
            set(&self.slow, slow + 2);
        } else {
            set(&self.slow, 0);
            self.neighbours.put_off();
        }
    }

    /// Notes that the task goes to sleep.
    pub fn sleeps(&self, wait: &mut PolledWait) {
        let is_tried = !SLEEPS_AT_ONCE && self.neighbours.is_due() && self.yields.now() == 0;
        let is_timed = is_tried && self.yields.trials.count();
        self.run.store(0, Ordering::Relaxed);
        *wait = PolledWait::Sleeps(is_timed.then(Instant::now));
    }

    /// Notes that the wait is over.
    #[inline]
    pub fn ended(&self, wait: &mut PolledWait) {
        if !matches!(wait, PolledWait::New) {
            self.learn_from(std::mem::take(wait));
        }
    }

    #[cold]
    fn learn_from(&self, wait: PolledWait) {
        match wait {
            PolledWait::New | PolledWait::Sleeps(None) => {}
            PolledWait::Yields { spent, since, .. } => {
                self.yielded(since.elapsed());
                if !self.neighbours.is_due() {
                    return self.yields.was_vain();
                }
                self.yields.paid(spent);
                if spent <= SOON {
                    self.spins.trials.hurry();
                }
            }
            PolledWait::Sleeps(Some(since)) => {
                self.yields.trials.put_off();
                let was_short = since.elapsed() < SHORT;
                self.is_worth_a_trial.store(u32::from(was_short), Ordering::Relaxed);
            }
        }
    }
}

/// Returns the time from which a yield is slow, as found out once in this process.
fn slow_yield() -> Duration {
    static SYSTEM_CALL: OnceLock<Duration> = OnceLock::new();
    let time = || {
        let begin = Instant::now();
        thread::yield_now();
        begin.elapsed()
    };
    // The shortest one did not switch threads.
    let shortest = *SYSTEM_CALL.get_or_init(|| (0..8).map(|_| time()).min().unwrap_or_default());
    (shortest * SLOW).clamp(SLOW_BOUNDS.0, SLOW_BOUNDS.1)
}

/// Looks away for a moment, in which values gather. Returns the time at its end.
fn gather(begin: Instant, mut clock: impl FnMut() -> Instant) -> Instant {
    let mut last = begin;
    for _ in 0..GATHERING / PART {
        (0..PART).for_each(|_| spin_loop());
        let now = clock();
        if now - begin + (now - last) > GATHERS {
            return now;
        }
        last = now;
    }
    last
}

/// Has the task polled again when others have had their turn. False if its waker is not to be woken by its own poll.
fn yield_to_runtime(is_shared: bool, cx: &mut Context<'_>) -> bool {
    match Spot::of(cx.waker()) {
        // The runtime wakes the task after it has run all others that can run, and has looked at its I/O.
        Spot::In(_) => pin!(tokio::task::yield_now()).poll(cx).is_pending(),
        // Of the scheduler of this thread it is not known whether it will go on before the task is polled.
        Spot::Elsewhere if is_shared => {
            cx.waker().wake_by_ref();
            true
        }
        Spot::Elsewhere | Spot::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    /// Counts wakes, as executors of tests do.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a task yields in a wait, and is woken by that.
    fn yields(polls: &Polls, is_shared: bool) -> (u32, usize) {
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(counter.clone());
        let (mut wait, mut count) = (PolledWait::New, 0);
        while polls.yields(&mut wait, is_shared, &mut Context::from_waker(&waker)) {
            count += 1;
        }
        (count, counter.0.load(Ordering::Relaxed))
    }

    fn after_a_short_sleep() -> Polls {
        let polls = Polls::receiving();
        sleep_shortly(&polls);
        polls
    }

    /// Sleeps and is woken at once, until one such sleep was timed and found to be short.
    fn sleep_shortly(polls: &Polls) {
        while polls.is_worth_a_trial.load(Ordering::Relaxed) == 0 {
            let mut wait = PolledWait::New;
            polls.sleeps(&mut wait);
            polls.ended(&mut wait);
        }
    }

    /// Spins in vain, where each look takes so much longer than the one before it. Returns the looks and the time of all.
    fn spin_in_vain(polls: &Polls, nanoseconds: u64, growth: u64) -> (u32, Duration) {
        let (time, next, looks) = (Cell::new(0), Cell::new(nanoseconds), Cell::new(0));
        let begin = Instant::now();
        let clock = || begin + Duration::from_nanos(time.get());
        let look = || {
            looks.set(looks.get() + 1);
            time.set(time.get() + next.get());
            next.set(next.get() * growth);
            None::<()>
        };
        assert_eq!(polls.spin(LOOKS, None, clock, look), None);
        (looks.get(), Duration::from_nanos(time.get()))
    }

    #[test]
    fn a_poll_spins_for_at_most_a_microsecond() {
        for nanoseconds in [1, 10, 20, 50, 100, 150, 200] {
            for (polls, growth) in [(Polls::receiving(), 1), (Polls::sending(), 2)] {
                let (looks, time) = spin_in_vain(&polls, nanoseconds, growth);
                assert!(time <= MOMENT && looks > 1, "{nanoseconds} ns: {looks} looks in {time:?}");
            }
        }
    }

    #[test]
    fn on_a_slow_machine_a_poll_looks_a_few_times() {
        assert!(spin_in_vain(&Polls::receiving(), 10_000, 1).0 <= 5);
        assert!(spin_in_vain(&Polls::sending(), 10_000, 2).0 <= 2);
    }

    #[test]
    fn values_gather_for_half_a_microsecond_at_most() {
        for nanoseconds in [1, 50, 200, 400] {
            let time = Cell::new(Duration::ZERO);
            let begin = Instant::now();
            let end = gather(begin, || {
                time.set(time.get() + Duration::from_nanos(nanoseconds));
                begin + time.get()
            });
            assert!(end - begin <= GATHERS, "{nanoseconds} ns: {:?}", end - begin);
        }
    }

    #[test]
    fn a_wait_does_not_spin_after_some_in_vain() {
        let polls = Polls::receiving();
        let looks = Cell::new(0_u32);
        let mut spins = 0;
        for _ in 0..10_000 {
            looks.set(0);
            let look = || {
                looks.set(looks.get() + 1);
                None::<()>
            };
            polls.look_again(look);
            spins += u32::from(looks.get() > 0);
        }
        assert!((1..20).contains(&spins), "{spins}");
    }

    #[test]
    fn a_task_does_not_yield_before_a_sleep_was_short() {
        let polls = Polls::receiving();
        for _ in 0..10 {
            assert_eq!(yields(&polls, true).0, 0);
            let mut wait = PolledWait::New;
            polls.sleeps(&mut wait);
            polls.ended(&mut wait);
        }
        sleep_shortly(&polls);
        assert!(yields(&polls, true).0 > 0);
    }

    #[test]
    fn a_task_yields_a_bounded_number_of_times() {
        let polls = after_a_short_sleep();
        let (count, woken) = yields(&polls, true);
        assert!((1..=TRIAL).contains(&count) && woken == count as usize, "{count} yields, {woken} wakes");
        // That was in vain.
        assert_eq!(yields(&polls, true), (0, 0));
    }

    #[test]
    fn a_foreign_waker_is_not_woken_in_its_own_process() {
        assert_eq!(yields(&after_a_short_sleep(), false), (0, 0));
    }

    #[test]
    fn beside_neighbours_a_task_sleeps_at_once() {
        let polls = after_a_short_sleep();
        (0..3).for_each(|_| polls.yielded(Duration::from_millis(1)));
        for _ in 0..15 {
            assert_eq!(polls.look_again(|| Some(())), None);
            assert_eq!(yields(&polls, true).0, 0);
        }
        assert_eq!(polls.look_again(|| Some(())), None);
        assert_eq!(polls.look_again(|| Some(())), Some(()));
    }

    #[test]
    fn one_slow_yield_is_no_sign_of_neighbours() {
        let polls = after_a_short_sleep();
        for _ in 0..100 {
            polls.yielded(Duration::from_millis(1));
            (0..2).for_each(|_| polls.yielded(Duration::ZERO));
        }
        assert_eq!(polls.look_again(|| Some(())), Some(()));
    }

    #[test]
    fn a_task_that_finds_each_value_yields_now_and_then() {
        let polls = Polls::receiving();
        let found = (0..1000).take_while(|_| polls.look_again(|| Some(())).is_some()).count();
        assert!(found <= RUN as usize, "{found}");
        assert_eq!(yields(&polls, true).0, 1);
        assert_eq!(polls.look_again(|| Some(())), Some(()));
    }
}
