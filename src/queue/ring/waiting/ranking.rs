//! A cache of the order in the line, private to a process, so that a walk need not read every record each time. It decides nothing: each
//! waiter counts by what its record says now.
//!
//! Tickets only grow. So once a process has read the line's word and then all records in use, every waiter that it has not seen comes
//! after all that it has seen. A walk goes through the waiters that it knows, oldest first. It reads all records anew only when it has
//! passed the last of them and tickets have been drawn since. A sender that had a record and no ticket at that time is remembered by its
//! record, and ranked once its ticket stands there.

use crate::queue::ring::Ring;
use crate::queue::ring::words::{Line, Waiter};
use crate::sync::{Mutex, MutexGuard};
use alloc::collections::BTreeMap;
use core::ops::{Bound, ControlFlow};

/// The cache, and the lock that one walk at a time holds.
#[derive(Default)]
pub(crate) struct Ranking(Mutex<Known>);

#[derive(Default)]
pub(super) struct Known {
    /// Tickets drawn when all records were read last. Each waiter with one of them is in one of the two lists.
    drawn: u64,
    /// Records by the number of their ticket, counted without end, and by themselves.
    order: BTreeMap<Numbered, ()>,
    /// Records whose senders had no ticket yet.
    coming: Vec<usize>,
}

impl Ranking {
    /// Returns what is known, unless another thread holds the lock. That thread may be stopped, so the caller does not wait for it.
    pub(super) fn known(&self) -> Option<MutexGuard<'_, Known>> {
        self.0.try_lock().ok()
    }
}

/// Before the first waiter.
pub(super) const START: Numbered = (i64::MIN, 0);

/// A waiter's place in the order: the number of its ticket, counted without end, and its record.
pub(super) type Numbered = (i64, usize);

impl Known {
    /// Visits the waiters behind `last` in the order of their tickets, until `visit` breaks off. Returns the last one visited. `line` was
    /// read just before.
    pub(super) fn visit(
        &mut self,
        queue: &Ring<'_>,
        line: Line,
        mut last: Numbered,
        mut visit: impl FnMut(usize, Waiter) -> ControlFlow<()>,
    ) -> Numbered {
        self.rank_those_that_came(queue, line);
        loop {
            let mut gone = Vec::new();
            let mut is_over = false;
            for (&(number, record), ()) in self.order.range((Bound::Excluded(last), Bound::Unbounded)) {
                last = (number, record);
                let waiter = queue.read_waiter(record);
                if !waiter.waits() || waiter.ticket() != Line::ticket(number as u64) {
                    gone.push(last);
                } else if visit(record, waiter).is_break() {
                    is_over = true;
                    break;
                }
            }
            for rank in gone {
                self.order.remove(&rank);
            }
            if is_over || self.drawn == line.drawn() {
                return last;
            }
            self.gather(queue, line);
        }
    }

    /// Ranks the senders that have got their tickets since, and forgets those that are gone.
    fn rank_those_that_came(&mut self, queue: &Ring<'_>, line: Line) {
        let Known { drawn, order, coming } = self;
        coming.retain(|&record| {
            let waiter = queue.read_waiter(record);
            if waiter.waits() {
                let rank = rank(record, waiter, line);
                // If the ticket was drawn after all records were read, other senders with older tickets may be unknown. Then the next
                // reading of all records ranks it.
                if rank.0 < *drawn as i64 {
                    order.insert(rank, ());
                }
            }
            waiter != Waiter::FREE && !waiter.waits()
        });
    }

    /// Reads all records in use.
    fn gather(&mut self, queue: &Ring<'_>, line: Line) {
        self.drawn = line.drawn();
        self.coming.clear();
        let mut order = Vec::new();
        for (record, waiter) in queue.records_in_use() {
            if waiter.waits() {
                // A waiter with a newer ticket may be seen here while the senders of tickets before it are not. It is left out.
                if line.age_of(waiter.ticket()) > 0 {
                    order.push((rank(record, waiter, line), ()));
                }
            } else if waiter != Waiter::FREE {
                self.coming.push(record);
            }
        }
        self.order = order.into_iter().collect();
    }
}

/// Returns the rank of a waiter, by the line's word, which was read just before. If the thread is stopped in between while more tickets
/// are drawn than [`Line::age_of`] takes as yet to come, the waiter ranks too high until it leaves.
fn rank(record: usize, waiter: Waiter, line: Line) -> Numbered {
    (line.drawn() as i64 - line.age_of(waiter.ticket()), record)
}

#[cfg(all(test, not(shmpsc_loom)))]
mod tests {
    use super::*;
    use crate::layout::{RingGeometry, Typed};
    use crate::queue::ring::waiting::{self, Place};

    fn visited(ranking: &Ranking, queue: &Ring<'_>) -> Vec<u32> {
        let mut tickets = Vec::new();
        let line = queue.read_line();
        ranking.known().unwrap().visit(queue, line, START, |_, waiter| {
            tickets.push(waiter.ticket());
            ControlFlow::Continue(())
        });
        tickets
    }

    /// Senders come, draw late, and leave, in all orders; after each step what is remembered visits the same as a full walk.
    /// Shows W16.
    #[test]
    fn what_is_remembered_is_what_stands_in_the_records() {
        let segment = Typed::new(RingGeometry { capacity: 1, payload: 8, line: 70, members: 2, entries: 1 });
        let queue = Ring::new(segment.view());
        queue.format();
        let ranking = Ranking::default();
        let (mut places, mut late) = (Vec::<Place>::new(), Vec::<(usize, u32)>::new());
        let mut random = 1u64;
        for step in 0..20_000 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let choice = (random >> 33) as usize;
            match choice % 7 {
                0 | 1 => places.extend(queue.enter(1, 1)),
                2 if late.len() < 4 => late.extend(queue.comes_half_way(1, 1)),
                3 if !late.is_empty() => {
                    let (record, ticket) = late.swap_remove(choice / 7 % late.len());
                    queue.arrives(record, ticket, 1, 1);
                    places.push(Place { record, ticket });
                }
                4 | 5 if !places.is_empty() => queue.vacate(places.swap_remove(choice / 7 % places.len())),
                _ => {
                    let mut expected: Vec<u32> = places.iter().map(|place| place.ticket).collect();
                    expected.sort_unstable();
                    assert_eq!(visited(&ranking, &queue), expected, "step {step}");
                    assert_eq!(queue.needs_before(waiting::Rank::Newcomer, i64::MAX), expected.len() as i64);
                }
            }
        }
    }
}
