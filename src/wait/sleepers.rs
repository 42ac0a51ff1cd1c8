//! The tasks of this process that sleep in one channel: their wakers, and where each will be rung.
//!
//! Threads are not here, they sleep on the bells themselves. Nothing is decided here: a waker is woken because its
//! bell was rung, or because another process said "look".

use super::reactors::Reactors;
use super::{Backlog, wake_each};
use crate::queue::ring::Place;
use crate::queue::{BellKey, Queue, Sleeper};
use crate::sync::{lock, owned};
use std::collections::{BTreeMap, HashMap};
use std::mem::{forget, replace, take};
use std::sync::Mutex;
use std::task::Waker;

/// The tasks that sleep. What a waker does is the application's: under a lock none is woken, cloned or dropped, for the
/// last waker of a task can take the task with it, and that its sends, which come here to be forgotten.
#[derive(Default)]
pub(crate) struct Sleepers {
    receiver: Mutex<Option<Waker>>,
    waiters: Mutex<Waiters>,
    /// The senders for which the line has no record.
    pub backlog: Backlog,
    /// Which reactor hears for them what other processes say.
    pub reactors: Reactors,
}

/// The sending tasks.
#[derive(Default)]
struct Waiters {
    /// By the record in the line and a key of their own: if a peer frees a record that is in use, two tasks have it.
    in_line: BTreeMap<(usize, u64), InLine>,
    /// By key: those that wait for the channel to close.
    closed: HashMap<u64, Waker>,
    last_key: u64,
}

struct InLine {
    /// What the bell said when the task registered; none while it is about to.
    asleep: Option<BellKey>,
    waker: Waker,
}

/// Where a sending task left its waker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WakerKey {
    Line { record: usize, key: u64 },
    Closed(u64),
}

impl Sleepers {
    pub fn new() -> Sleepers {
        Sleepers::default()
    }

    /// Keeps the waker of the receiver's task, before its bell is set.
    pub fn put_receiver(&self, waker: &Waker) {
        let is_same = |old: &Waker| old.will_wake(waker);
        if lock(&self.receiver).as_ref().is_some_and(is_same) {
            return;
        }
        let waker = waker.clone();
        let old = lock(&self.receiver).replace(waker);
        drop(old);
    }

    /// Drops the waker of the receiver's task, which sleeps no more.
    pub fn forget_receiver(&self) {
        let old = lock(&self.receiver).take();
        drop(old);
    }

    /// Keeps the waker of a sending task, before it registers as a sleeper at `place`.
    pub fn put(&self, place: Place, old: Option<WakerKey>, waker: &Waker) -> WakerKey {
        let waker = waker.clone();
        let mut waiters = lock(&self.waiters);
        let forgotten = waiters.forget(old);
        let (record, key) = (place.record, waiters.key());
        waiters.in_line.insert((record, key), InLine { asleep: None, waker });
        drop(waiters);
        drop(forgotten);
        WakerKey::Line { record, key }
    }

    /// Notes that the task that left its waker at `spot` has registered, with this key of the bell.
    pub fn settle(&self, spot: WakerKey, asleep: BellKey) {
        if let WakerKey::Line { record, key } = spot
            && let Some(waiter) = lock(&self.waiters).in_line.get_mut(&(record, key))
        {
            waiter.asleep = Some(asleep);
        }
    }

    /// Keeps the waker of a task that waits for the channel to close.
    pub fn put_closed(&self, old: Option<WakerKey>, waker: &Waker) -> WakerKey {
        let waker = waker.clone();
        let mut waiters = lock(&self.waiters);
        let forgotten = waiters.forget(old);
        let key = waiters.key();
        waiters.closed.insert(key, waker);
        drop(waiters);
        drop(forgotten);
        WakerKey::Closed(key)
    }

    /// Drops the waker at `spot`: its task sleeps there no more.
    pub fn forget(&self, spot: Option<WakerKey>) {
        if spot.is_some() {
            let forgotten = lock(&self.waiters).forget(spot);
            drop(forgotten);
        }
    }

    /// Wakes the task of this process for which a bell was rung, in the acting thread.
    pub fn wake(&self, sleeper: Sleeper) {
        let woken: Vec<Waker> = match sleeper {
            Sleeper::Receiver => lock(&self.receiver).take().into_iter().collect(),
            Sleeper::Waiter { record, .. } => {
                let mut waiters = lock(&self.waiters);
                let mut woken = Vec::new();
                while let Some((&key, _)) = waiters.in_line.range((record, 0)..=(record, u64::MAX)).next() {
                    woken.extend(waiters.in_line.remove(&key).map(|waiter| waiter.waker));
                }
                woken
            }
            // No task.
            Sleeper::Backlog { .. } | Sleeper::Recovery => Vec::new(),
        };
        wake_each(woken);
    }

    /// Wakes the tasks that wait for the close, and those that wait to send: the channel was closed.
    pub fn wake_senders(&self) {
        let woken = lock(&self.waiters).take_all();
        self.backlog.wake_all();
        wake_each(woken);
    }

    /// Wakes every task, so that each looks again.
    pub fn wake_all(&self) {
        let mut woken: Vec<Waker> = lock(&self.receiver).take().into_iter().collect();
        woken.extend(lock(&self.waiters).take_all());
        self.backlog.wake_all();
        wake_each(woken);
    }

    /// Leaves the wakers and the listening task to the parent's executors, in a child that `fork` made. No lock is taken, for
    /// it may be one that a thread held which the child does not have.
    pub fn abandon(&mut self) {
        forget(take(owned(&mut self.receiver)));
        forget(take(owned(&mut self.waiters)));
        self.backlog.abandon();
        self.reactors.abandon();
    }

    /// Wakes all tasks whose bells were rung: another process said "look".
    pub fn hear(&self, queue: &Queue<'_>) {
        let mut woken: Vec<Waker> = lock(&self.receiver).take().into_iter().collect();
        let mut waiters = lock(&self.waiters);
        if queue.is_closed() {
            woken.extend(waiters.closed.drain().map(|(_, waker)| waker));
        }
        // A bell may have been written over.
        let is_closed = queue.is_closed();
        waiters.in_line.retain(|(record, _), waiter| {
            let is_quiet = |key| matches!(queue, Queue::Ring(ring) if ring.view.bells[*record].is_quiet(key));
            let sleeps_on = !is_closed && waiter.asleep.is_some_and(is_quiet);
            if !sleeps_on {
                woken.push(replace(&mut waiter.waker, Waker::noop().clone()));
            }
            sleeps_on
        });
        drop(waiters);
        wake_each(woken);
    }
}

impl Waiters {
    #[must_use]
    fn take_all(&mut self) -> Vec<Waker> {
        let in_line = take(&mut self.in_line).into_values().map(|waiter| waiter.waker);
        in_line.chain(self.closed.drain().map(|(_, waker)| waker)).collect()
    }

    fn key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// Takes the waker at `spot` away, to be dropped outside of the lock.
    #[must_use]
    fn forget(&mut self, spot: Option<WakerKey>) -> Option<Waker> {
        match spot? {
            WakerKey::Line { record, key } => self.in_line.remove(&(record, key)).map(|waiter| waiter.waker),
            WakerKey::Closed(key) => self.closed.remove(&key),
        }
    }
}
