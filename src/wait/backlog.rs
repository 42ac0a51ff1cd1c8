//! The backlog of a process: its senders for which the line has no record free, first come first served.
//!
//! It is private memory under one lock. What a stop or a kill leaves in it concerns only its own process. The first in the
//! backlog comes to the line as soon as a record is free; each process has one of its own, so a backlog always has a waiter in
//! the line before it. A sender in the backlog may also take directly, if the capacity covers the line and all before it in
//! the backlog. [`crate::queue::waiting`](crate::queue) says when a process is rung for that.
//!
//! A thread and a task differ only in their wakers here. What a waker does is the application's, so none is woken, cloned
//! or dropped under the lock.

use super::wake_calmly;
use crate::layout::Bell;
use crate::queue::edge::{Fence, full_fence};
use crate::queue::ring::{Claimed, Place, Producer, Rank, Request, Turn};
use crate::queue::{BellKey, Kind, Wake};
use crate::sync::{Mutex, lock};
use std::collections::{BTreeMap, HashMap};
use std::mem::swap;
#[cfg(not(shmpsc_loom))]
use std::mem::{forget, take};
use std::task::Waker;

/// Where a waiting sender stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Stand {
    #[default]
    Nowhere,
    InLine(Place),
    /// In its process's backlog, under this key.
    InBacklog(u64),
}

/// What a waiting sender shall do.
pub(crate) enum Next<'a, G> {
    Granted(G),
    Closed,
    /// Sleep while the bell equals the key.
    Sleep(&'a Bell, BellKey),
    /// Sleep until its waker is woken.
    SleepInBacklog,
}

/// How a waiting sender is woken.
pub(crate) trait Wakeable {
    const KIND: Kind;

    /// By which it is woken from the backlog.
    fn waker(&mut self) -> Waker;

    /// It is about to register as a sleeper at this place of the line.
    fn prepare(&mut self, place: Place);
}

#[derive(Default)]
pub(crate) struct Backlog(Mutex<Queued>);

#[derive(Default)]
struct Queued {
    /// By key; later ones have greater keys.
    waiting: BTreeMap<u64, BacklogEntry>,
    /// Those that came to the line while they slept, until they have noticed.
    admitted: HashMap<u64, Place>,
    needs: u64,
    last_key: u64,
    /// What senders were promised when this process closed the channel, until they leave.
    promised: HashMap<Stand, u32>,
}

struct BacklogEntry {
    need: u32,
    /// None once it was woken, until it looks again.
    waker: Option<Waker>,
}

impl Backlog {
    /// Takes the next step of a sender that waits: to the line or its backlog if it stands nowhere, then a look whether it
    /// is covered. Afterwards a sender that is granted or refused stands nowhere.
    pub fn next<'a, W: Request, S: Wakeable>(
        &self,
        producer: &Producer<'a>,
        stand: &mut Stand,
        want: W,
        sleeper: &mut S,
        wake: &impl Wake,
    ) -> Next<'a, W::Grant> {
        loop {
            // The end of this process's end is not in the segment: there may be room there.
            if wake.is_over() {
                self.leave(producer, stand, wake);
                return Next::Closed;
            }
            match *stand {
                Stand::Nowhere => *stand = self.come(producer, want.need(), wake),
                Stand::InLine(place) => {
                    sleeper.prepare(place);
                    let next = match producer.turn(place, want, S::KIND, wake) {
                        Turn::Sleep(bell, asleep) => return Next::Sleep(bell, asleep),
                        Turn::Granted(grant) => Next::Granted(grant),
                        Turn::Closed => Next::Closed,
                    };
                    self.leave(producer, stand, wake);
                    return next;
                }
                Stand::InBacklog(key) => match self.needs_before(key, producer.queue.left_over()) {
                    Err(place) => *stand = Stand::InLine(place),
                    Ok(before) => {
                        let next = match want.ask(producer, Rank::Backlog(before), wake) {
                            Claimed::Full if !wake.is_over() => {
                                // The channel may be over since: its end wakes the wakers that are there.
                                if self.rest(producer, key, sleeper, wake) && !wake.is_over() {
                                    return Next::SleepInBacklog;
                                }
                                continue;
                            }
                            Claimed::Granted(grant) => Next::Granted(grant),
                            Claimed::Full | Claimed::Closed => Next::Closed,
                        };
                        self.leave(producer, stand, wake);
                        return next;
                    }
                },
            }
        }
    }

    /// Takes a place in the line, or behind it. The sender is to look afterwards.
    pub fn come(&self, producer: &Producer<'_>, need: u32, wake: &impl Wake) -> Stand {
        if producer.cache.backlog() == 0
            && let Some(place) = producer.queue.enter(producer.me, need)
        {
            return Stand::InLine(place);
        }
        let (stand, admission) = {
            let mut queued = lock(&self.0);
            queued.last_key += 1;
            let key = queued.last_key;
            queued.waiting.insert(key, BacklogEntry { need, waker: None });
            queued.needs += u64::from(need);
            producer.cache.set_backlog(queued.needs);
            // ORDERING: the backlog says that it is not empty, then a free record is looked for; a sender that leaves frees its
            // record, then looks whether the backlog is empty. Its fence is a full one, so this one is too, and no more.
            full_fence(Fence::Asleep);
            let admission = queued.admit(producer);
            (queued.admitted.remove(&key).map_or(Stand::InBacklog(key), Stand::InLine), admission)
        };
        admission.end(wake);
        stand
    }

    /// Returns what those before this one in the backlog need; or its place in the line, if it has come there. Stops counting once it
    /// is more than `enough`.
    fn needs_before(&self, key: u64, enough: i64) -> Result<i64, Place> {
        let mut queued = lock(&self.0);
        if let Some(place) = queued.admitted.remove(&key) {
            return Err(place);
        }
        let mut sum = 0;
        for (_, before) in queued.waiting.range(..key) {
            sum += i64::from(before.need);
            if sum > enough {
                break;
            }
        }
        Ok(sum)
    }

    /// Leaves its waker, and has the backlog look once more. False: it is not to sleep.
    fn rest(&self, producer: &Producer<'_>, key: u64, sleeper: &mut impl Wakeable, wake: &impl Wake) -> bool {
        // Becomes the old waker; or stays, if the sender has come to the line meanwhile.
        let mut old = Some(sleeper.waker());
        let (sleeps, admission) = {
            let mut queued = lock(&self.0);
            if let Some(mine) = queued.waiting.get_mut(&key) {
                swap(&mut mine.waker, &mut old);
            }
            let admission = queued.admit(producer);
            (queued.waiting.get(&key).is_some_and(|mine| mine.waker.is_some()), admission)
        };
        admission.end(wake);
        drop(old);
        sleeps
    }

    /// A sender leaves, wherever it stands, having taken or given up: the next in the backlog comes to its record, and the
    /// others look.
    pub fn leave(&self, producer: &Producer<'_>, stand: &mut Stand, wake: &impl Wake) {
        let mut stood = std::mem::take(stand);
        // Dropped last: a waker may panic then.
        let mut gone = None;
        if let Stand::InBacklog(key) = stood {
            let place;
            (place, gone) = lock(&self.0).remove(key);
            stood = place.map_or(stood, Stand::InLine);
        }
        match stood {
            Stand::Nowhere => return,
            Stand::InBacklog(_) => self.admit(producer, wake),
            Stand::InLine(place) => {
                producer.queue.vacate(place);
                self.admit(producer, wake);
                producer.queue.look_if_waiting(wake);
            }
        }
        self.give_promise_back(producer, stood, wake);
        drop(gone);
    }

    /// Keeps for each waiting sender of this process, until it leaves, what it was promised by the time at which this process has
    /// closed the channel: see `queue::waiting::promise`.
    pub fn keep_promises(&self, producer: &Producer<'_>, wake: &impl Wake) {
        let (operation, count) = {
            let mut queued = lock(&self.0);
            let count = queued.share_out(producer);
            if count == 0 {
                return;
            }
            (producer.reserve_promised(count), count)
        };
        operation.end(count as i32, wake);
    }

    /// Gives back what the sender that stood at `stand`, and has left, was promised. Nothing was promised to a sender that left
    /// before it could see the channel closed: [`keep_promises`](Backlog::keep_promises) does not find it.
    fn give_promise_back(&self, producer: &Producer<'_>, stand: Stand, wake: &impl Wake) {
        if producer.queue.is_closed() {
            let promised = lock(&self.0).promised.remove(&stand);
            if let Some(count) = promised {
                producer.give_back(count, wake);
            }
        }
    }

    /// Brings as many of the backlog to the line as find a record, and wakes those that are covered behind it.
    pub fn admit(&self, producer: &Producer<'_>, wake: &impl Wake) {
        // A sender that comes to the backlog from now on finds the record itself.
        if producer.cache.backlog() > 0 {
            let admission = lock(&self.0).admit(producer);
            admission.end(wake);
        }
    }

    /// Looks once more for those in the backlog, which has registered some time ago: wakes those that are covered. It does not register
    /// anew. After the fence of [`Ring::look_late`](crate::queue::ring::Ring::look_late).
    #[cfg(not(shmpsc_loom))]
    pub fn look_late(&self, producer: &Producer<'_>) {
        if producer.cache.backlog() > 0 {
            let woken = lock(&self.0).take_covered(producer);
            wake_calmly(woken);
        }
    }

    /// The process of this backlog is dead, and the backlog with it.
    #[cfg(all(test, shmpsc_loom))]
    pub fn die(&self) {
        *lock(&self.0) = Queued::default();
    }

    /// Leaves the wakers to the parent, in a child that `fork` made. No lock is taken, for it may be one that a thread held
    /// which the child does not have.
    #[cfg(not(shmpsc_loom))]
    pub fn abandon(&mut self) {
        forget(take(crate::sync::owned(&mut self.0)));
    }

    /// Wakes all, so that each looks again.
    pub fn wake_all(&self) {
        let woken = lock(&self.0).waiting.values_mut().filter_map(|waiting| waiting.waker.take()).collect();
        wake_calmly(woken);
    }
}

/// What is to be done after a look at the backlog, once its lock is given back.
#[derive(Default)]
#[must_use]
struct Admitting {
    woken: Vec<Waker>,
    /// The backlog has registered on its bell.
    registers: bool,
}

impl Admitting {
    fn end(self, wake: &impl Wake) {
        if self.registers {
            wake.backlog_sleeps();
        }
        wake_calmly(self.woken);
    }
}

impl Queued {
    /// Takes one out. Its place, if it has come to the line meanwhile.
    fn remove(&mut self, key: u64) -> (Option<Place>, Option<BacklogEntry>) {
        let gone = self.waiting.remove(&key);
        self.needs -= gone.as_ref().map_or(0, |gone| u64::from(gone.need));
        (self.admitted.remove(&key), gone)
    }

    /// Brings the first ones to the line, as far as a record is free. For those that are left it arms the bell of the
    /// backlog, and looks once more. Gives the wakers of all that are to look.
    fn admit(&mut self, producer: &Producer<'_>) -> Admitting {
        let mut admission = Admitting::default();
        while let Some(first) = self.waiting.first_entry() {
            let Some(place) = producer.queue.enter(producer.me, first.get().need) else {
                producer.queue.arm_backlog(producer.me);
                admission.woken.extend(self.take_covered(producer));
                admission.registers = true;
                break;
            };
            let (key, first) = first.remove_entry();
            self.needs -= u64::from(first.need);
            self.admitted.insert(key, place);
            if let Some(count) = self.promised.remove(&Stand::InBacklog(key)) {
                self.promised.insert(Stand::InLine(place), count);
            }
            admission.woken.extend(first.waker);
        }
        producer.cache.set_backlog(self.needs);
        admission
    }

    /// Writes down what each sender of this process is promised. Returns how much that is.
    fn share_out(&mut self, producer: &Producer<'_>) -> u32 {
        let (in_line, mut left) = producer.promised();
        self.promised.extend(in_line.into_iter().map(|(place, count)| (Stand::InLine(place), count)));
        for (&key, waiting) in &self.waiting {
            let has = i64::from(waiting.need).min(left);
            if has <= 0 {
                break;
            }
            left -= has;
            self.promised.insert(Stand::InBacklog(key), has as u32);
        }
        self.promised.values().sum()
    }

    /// Takes the wakers of those that the capacity covers, beyond the line.
    #[must_use]
    fn take_covered(&mut self, producer: &Producer<'_>) -> Vec<Waker> {
        let mut left = producer.queue.left_over();
        let mut woken = Vec::new();
        for waiting in self.waiting.values_mut() {
            left = left.saturating_sub(i64::from(waiting.need));
            if left < 0 {
                break;
            }
            woken.extend(waiting.waker.take());
        }
        woken
    }
}
