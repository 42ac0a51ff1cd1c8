//! The walk along the semaphore's queue: which waiters the free capacity covers. A sender learns what it must leave to those before it,
//! and a thread that has given capacity back rings the sleepers that are covered now. Nothing is taken or freed here.

use super::ranking::{self, Ranking};
use crate::queue::edge::{Fence, full_fence};
use crate::queue::ring::Ring;
use crate::queue::ring::words::{Claim, Line, Waiter};
use crate::queue::{Number, Sleeper, Wake};
use crate::sync::Ordering;
use core::ops::ControlFlow;

/// How a sender that asks for capacity ranks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rank {
    /// Behind the whole line, and behind the whole backlog of its process.
    Newcomer,
    /// Behind the whole line, in its process's backlog behind senders that need so much.
    Backlog(i64),
    /// In the line, with this ticket.
    Waiter(u32),
}

/// How many waiters a look picks out at once, before it rings them.
const PICK: usize = 32;

/// Some waiters, oldest first: by how many tickets each is older than the line, its record, and its word.
struct Picked {
    waiters: [(i64, usize, Waiter); PICK],
    count: usize,
}

impl Picked {
    fn new() -> Picked {
        Picked { waiters: [(0, 0, Waiter::FREE); PICK], count: 0 }
    }

    /// Keeps the oldest.
    fn put(&mut self, age: i64, record: usize, waiter: Waiter) {
        let is_full = self.count == PICK;
        if is_full && self.waiters[PICK - 1].0 >= age {
            return;
        }
        let mut at = if is_full { PICK - 1 } else { self.count };
        while at > 0 && self.waiters[at - 1].0 < age {
            self.waiters[at] = self.waiters[at - 1];
            at -= 1;
        }
        self.waiters[at] = (age, record, waiter);
        self.count += usize::from(!is_full);
    }

    fn iter(&self) -> impl Iterator<Item = &(i64, usize, Waiter)> {
        self.waiters[..self.count].iter()
    }
}

/// How far a look has come.
enum From {
    /// In what the process remembers.
    Known(ranking::Numbered),
    /// Behind the waiter of that age.
    Age(i64),
}

/// The outcome of a look along the line.
#[derive(PartialEq, Eq)]
enum End {
    /// A waiter is not covered.
    Uncovered,
    /// All waiters were rung, and the capacity covers no more.
    Covered,
    /// All waiters were rung, and there is capacity beyond them, or the channel is closed.
    Beyond,
}

impl Ring<'_> {
    /// Returns the records in use and what they say. The line's word was read before.
    pub(super) fn records_in_use(&self) -> impl Iterator<Item = (usize, Waiter)> + '_ {
        let bits = u64::BITS as usize;
        self.view.occupied.iter().enumerate().flat_map(move |(number, word)| {
            // ORDERING: relaxed, after the line's word, which was read with acquire: see [`super`].
            let mut used = word.load(Ordering::Relaxed);
            core::iter::from_fn(move || {
                let record = number * bits + used.trailing_zeros() as usize;
                // A peer can set a bit beyond the records. It is ignored.
                let waiter = if used == 0 { None } else { self.view.waiters.get(record) };
                used &= used.wrapping_sub(1);
                // ORDERING: relaxed, see [`super`].
                waiter.map(|waiter| (record, Waiter(waiter.load(Ordering::Relaxed))))
            })
        })
    }

    /// Returns what the waiters before a sender of that rank need. Stops counting once that is more than `enough`.
    pub fn needs_before(&self, rank: Rank, enough: i64) -> i64 {
        let mut sum = match rank {
            Rank::Backlog(needs) => needs,
            Rank::Newcomer | Rank::Waiter(_) => 0,
        };
        let line = self.read_line();
        if line.waiting() == 0 || sum > enough {
            return sum;
        }
        // The sum before the walk may be too much already; then nothing is read.
        let mut count = |waiter: Waiter| {
            let is_before = match rank {
                Rank::Newcomer | Rank::Backlog(_) => true,
                Rank::Waiter(mine) => line.age_of(waiter.ticket()) > line.age_of(mine),
            };
            if is_before {
                sum += i64::from(waiter.need());
            }
            (sum > enough, is_before)
        };
        if let Some(mut known) = self.ranking.and_then(Ranking::known) {
            known.visit(self, line, ranking::START, |_, waiter| match count(waiter) {
                (false, true) => ControlFlow::Continue(()),
                // The sum is too much already, or all others come later.
                _ => ControlFlow::Break(()),
            });
        } else {
            let _ = self.records_in_use().find(|(_, waiter)| waiter.waits() && count(*waiter).0);
        }
        sum
    }

    /// Returns whether the channel is closed, and the free capacity, for a thread that takes nothing on the strength of that.
    pub(super) fn closed_and_free(&self) -> (bool, i64) {
        loop {
            // ORDERING: relaxed. This thread sees the capacity that it released itself and everything released before an earlier F3
            // fence. Any later release is followed by its own F3 fence and its own look at the line.
            let claim = Claim(self.view.words.claim.load(Ordering::Relaxed));
            if let Some(room) = self.room(claim) {
                return (claim.closed() == 1, room.free);
            }
        }
    }

    /// Returns the capacity that the line leaves over, or a number larger than any if the channel is closed. For a backlog that has
    /// registered as a sleeper.
    pub fn left_over(&self) -> i64 {
        match self.closed_and_free() {
            (true, _) => i64::MAX,
            (false, free) => free - self.needs_before(Rank::Newcomer, free),
        }
    }

    /// Rings each waiter that is covered now. Called after capacity was given back, a record freed, or the channel closed.
    #[inline]
    pub fn freed(&self, wake: &impl Wake) {
        // ORDERING: a Dekker fence: this thread gives back, then looks at the line. A waiter comes to the line and sets its bell, then
        // looks at the capacity.
        full_fence(Fence::Freed);
        self.look_if_waiting(wake);
    }

    /// Rings each waiter that is covered now, for the receiver, which has given back the capacity of what it took. Its fence is light.
    #[inline]
    pub fn freed_by_taking(&self, wake: &impl Wake) {
        // ORDERING: as in `freed`.
        self.fences.light(Fence::Freed);
        if !self.read_line().is_idle() {
            // A copy, so that only this rare path needs the whole ring in memory.
            let ring = *self;
            ring.look_after_taking(wake);
        }
    }

    #[cold]
    fn look_after_taking(&self, wake: &impl Wake) {
        if !self.fences.is_light_full() {
            // ORDERING: what this thread gave back, then all other capacity. Each of two threads that give back at the same time passes
            // a full fence between the two, so at least one of them sees both. A light fence is ordered with a sleeper's fence alone.
            full_fence(Fence::Freed);
        }
        self.look(wake);
    }

    /// Rings each waiter that is covered now, for a thread that has passed that fence.
    #[inline]
    pub fn look_if_waiting(&self, wake: &impl Wake) {
        if !self.read_line().is_idle() {
            self.look(wake);
        }
    }

    /// Makes the late look (see [`crate::queue::common::fences`]) for senders that registered in the line some time ago: rings each that
    /// is covered now. It does not ring the backlogs, for each would register anew.
    pub fn look_late(&self, wake: &impl Wake) {
        // ORDERING: the second look of the senders, made late.
        full_fence(Fence::Asleep);
        let line = self.read_line();
        if !line.is_idle() {
            let (is_closed, free) = self.closed_and_free();
            self.ring_covered(line, is_closed, free, wake);
        }
    }

    /// Rings each waiter that is covered now, then takes the marks from the line's word that no sender needs any more.
    #[cold]
    fn look(&self, wake: &impl Wake) {
        // The backlogs are rung once. A process that rings its own backlog has it look at once, and if that registers again, it changes
        // the line.
        let mut has_rung = false;
        loop {
            let line = self.read_line();
            if line.is_idle() {
                return;
            }
            let (is_closed, free) = self.closed_and_free();
            let end = self.ring_covered(line, is_closed, free, wake);
            let mut quiet = line;
            if line.backlog() == 1 && end == End::Beyond && !has_rung {
                has_rung = self.ring_backlogs(wake);
                if !has_rung {
                    quiet = quiet.with_backlog(0);
                }
            }
            // A sender that is on its way has set its bit, and keeps the mark.
            if end != End::Uncovered && self.records_in_use().next().is_none() {
                quiet = quiet.with_waiting(0);
            }
            // The exchange fails if a ticket was drawn since the line was read. So no mark is taken from a sender or a backlog that came
            // after this look.
            if quiet == line || self.change_line(line, quiet) {
                return;
            }
        }
    }

    /// Rings the waiters in the order of their tickets, as far as `free` covers them.
    fn ring_covered(&self, line: Line, is_closed: bool, free: i64, wake: &impl Wake) -> End {
        let mut sum = 0;
        let mut from = From::Known(ranking::START);
        // If more picks were needed, a peer would be writing new tickets meanwhile.
        for _ in 0..=self.view.waiters.len() / PICK {
            // Nothing is rung while the lock of the ranking is held: a waker is application code.
            let (picked, next) = self.pick(line, from, if is_closed { i64::MAX } else { free - sum });
            from = next;
            for (_, record, waiter) in picked.iter() {
                sum = i64::saturating_add(sum, i64::from(waiter.need().max(1)));
                if !is_closed && sum > free {
                    return End::Uncovered;
                }
                self.ring_waiter(*record, wake);
            }
            if picked.count < PICK {
                break;
            }
        }
        if is_closed || sum < free { End::Beyond } else { End::Covered }
    }

    /// Returns the next waiters in the order of their tickets, up to and with the first that is not covered by `left`, as far as they fit.
    fn pick(&self, line: Line, from: From, left: i64) -> (Picked, From) {
        let mut picked = Picked::new();
        let mut sum = 0;
        if let From::Known(rank) = from
            && let Some(mut known) = self.ranking.and_then(Ranking::known)
        {
            let last = known.visit(self, line, rank, |record, waiter| {
                picked.waiters[picked.count] = (0, record, waiter);
                picked.count += 1;
                sum += i64::from(waiter.need().max(1));
                if picked.count == PICK || sum > left {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            return (picked, From::Known(last));
        }
        // Without the cache each pick reads all records.
        let last = match from {
            From::Age(age) => age,
            From::Known((number, _)) => (line.drawn() as i64).saturating_sub(number),
        };
        for (record, waiter) in self.records_in_use() {
            let age = line.age_of(waiter.ticket());
            if waiter.waits() && age < last {
                picked.put(age, record, waiter);
            }
        }
        let last = picked.iter().last().map_or(i64::MIN, |(age, ..)| *age);
        (picked, From::Age(last))
    }

    fn ring_waiter(&self, record: usize, wake: &impl Wake) {
        self.view.bells[record].ring(|kind| {
            // The owner is read after the bell was rung. This thread may have been stopped since it looked at the record, and a sender of
            // another process may sleep there by now. With the old owner, the bell of that sender would be rung and the wrong process woken.
            // ORDERING: relaxed. Ringing acquires the bell, which the sender that registered there released.
            let owner = Waiter(self.view.waiters[record].load(Ordering::Relaxed)).owner();
            wake.wake(Sleeper::Waiter { record, owner }, kind);
        });
    }

    /// Rings each process that has a sleeping backlog. Returns whether there was one.
    fn ring_backlogs(&self, wake: &impl Wake) -> bool {
        let mut is_any = false;
        for (number, bell) in (0..).zip(self.view.backlogs) {
            bell.ring(|kind| {
                is_any = true;
                wake.wake(Sleeper::Backlog { owner: number as Number }, kind);
            });
        }
        is_any
    }

    /// Returns the capacity that no sender holds, waits for or has been promised, as tokio's `capacity` does. It may be out of date
    /// before the caller sees it.
    pub fn free_capacity(&self) -> usize {
        let (is_closed, free) = self.closed_and_free();
        let free = free.clamp(0, self.capacity());
        let left = if is_closed { free } else { free - self.needs_before(Rank::Newcomer, free) };
        usize::try_from(left).unwrap_or(0)
    }
}
