//! How a thread sleeps: on a futex word that processes share. Tasks are not known here.

use super::{Park, Signal, Slept};
use crate::layout::Bell;
use crate::queue::BellKey;
use crate::sync::lock;
use crate::sys::futex::{self, Wait};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Sleeps on a shared futex, for ever or until a moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Futex<'a> {
    pub until: Option<Instant>,
    /// Where it writes down that it sleeps, to be found though its bell was written over.
    pub threads: Option<&'a Threads>,
    /// How long after it has registered a late look is due, if one is.
    pub late: Option<Duration>,
}

impl Park for Futex<'_> {
    fn park(&self, bell: &Bell, key: BellKey) -> bool {
        let Some(threads) = self.threads else { return self.sleep(bell, key) };
        if !threads.put(bell) {
            return true;
        }
        let in_time = self.sleep(bell, key);
        threads.forget(bell);
        in_time
    }

    fn park_in_backlog(&self, signal: &Signal) -> bool {
        signal.wait(self.until)
    }

    fn park_until_late(&self, bell: &Bell, key: BellKey) -> Slept {
        let due = self.late.map(|late| Instant::now() + late);
        let sleeps_longer = |due: &Instant| self.until.is_none_or(|until| *due < until);
        match due.filter(sleeps_longer) {
            None if self.park(bell, key) => Slept::Woken,
            None => Slept::TimedOut,
            Some(due) if (Futex { until: Some(due), ..*self }).park(bell, key) => Slept::Woken,
            Some(_) => Slept::Late,
        }
    }
}

impl Futex<'_> {
    fn sleep(&self, bell: &Bell, key: BellKey) -> bool {
        // The kernel compares once more before it puts the thread to sleep, so no ring can fall in between.
        match futex::wait(&bell.word, key.0, self.until) {
            Wait::TimedOut => false,
            // It compares before it looks at the clock: a peer that rings without end must not hold the thread beyond its time.
            Wait::Changed => self.until.is_none_or(|until| Instant::now() < until),
            Wait::Woken => true,
        }
    }
}

/// The sending threads of this process that sleep, by the addresses of their bells. A peer can write over a bell, so that nothing in the
/// segment tells of its sleeper any more. This is private memory: when the channel is over, every one of them is woken.
#[derive(Default)]
pub(crate) struct Threads(Mutex<Asleep>);

#[derive(Default)]
struct Asleep {
    bells: HashMap<usize, u32>,
    is_over: bool,
}

fn address(bell: &Bell) -> usize {
    std::ptr::from_ref(bell).addr()
}

impl Threads {
    /// Notes that a thread will sleep there. False: the channel is over, and it must not.
    fn put(&self, bell: &Bell) -> bool {
        let mut asleep = lock(&self.0);
        if !asleep.is_over {
            *asleep.bells.entry(address(bell)).or_insert(0) += 1;
        }
        !asleep.is_over
    }

    /// Notes that the thread sleeps there no more.
    fn forget(&self, bell: &Bell) {
        let mut asleep = lock(&self.0);
        if let Some(count) = asleep.bells.get_mut(&address(bell)) {
            *count -= 1;
            if *count == 0 {
                asleep.bells.remove(&address(bell));
            }
        }
    }

    /// Wakes all that sleep at one of `bells`, and lets no thread fall asleep from now on: the channel is over.
    pub fn end<'a>(&self, bells: impl Iterator<Item = &'a Bell>) {
        let mut asleep = lock(&self.0);
        asleep.is_over = true;
        if asleep.bells.is_empty() {
            return;
        }
        for bell in bells.filter(|bell| asleep.bells.contains_key(&address(bell))) {
            // A thread that is not asleep yet finds another bell than it left.
            bell.bump();
            futex::wake(&bell.word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Fences, Kind};

    #[test]
    fn a_bell_rung_without_end_holds_no_thread_beyond_its_time() {
        let bell = Bell::default();
        let key = bell.register(Kind::Thread, Fences::FULL);
        bell.ring(|_| {});
        let past = Futex { until: Some(Instant::now()), ..Futex::default() };
        assert!(!past.park(&bell, key));
        assert!(Futex::default().park(&bell, key), "without a timeout it looks again");
    }

    #[test]
    fn a_thread_with_an_overwritten_bell_wakes_at_the_end() {
        let (bell, threads) = (Bell::default(), Threads::default());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let key = bell.register(Kind::Thread, Fences::FULL);
                assert!(Futex { threads: Some(&threads), ..Futex::default() }.park(&bell, key));
            });
            while lock(&threads.0).bells.is_empty() {
                std::thread::yield_now();
            }
            bell.deregister();
            threads.end(std::iter::once(&bell));
        });
        assert!(lock(&threads.0).bells.is_empty());
        let key = bell.register(Kind::Thread, Fences::FULL);
        assert!(
            Futex { threads: Some(&threads), ..Futex::default() }.park(&bell, key),
            "no thread falls asleep"
        );
    }

    #[test]
    fn a_sleeping_thread_looks_late_once_and_not_before() {
        let bell = Bell::default();
        let key = bell.register(Kind::Thread, Fences::FULL);
        let late = Duration::from_millis(20);
        let (start, futex) = (Instant::now(), Futex { late: Some(late), ..Futex::default() });
        assert_eq!(futex.park_until_late(&bell, key), Slept::Late);
        assert!(start.elapsed() >= late);
        let until = Some(Instant::now() + late / 2);
        assert_eq!((Futex { until, ..futex }).park_until_late(&bell, key), Slept::TimedOut);
        bell.ring(|_| {});
        assert_eq!(futex.park_until_late(&bell, key), Slept::Woken);
    }
}
