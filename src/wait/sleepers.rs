//! The tasks of this process that sleep in one channel: their wakers, and where each will be rung.
//!
//! Threads are not here, they sleep on the bells themselves. Nothing is decided here: a waker is woken because its
//! bell was rung, or because somebody elsewhere said "look".

use super::driver::Drivers;
use crate::queue::{Queue, Sleeper, Spot, Ticket};
use crate::sync::lock;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::task::Waker;

/// The tasks that sleep. What a waker does is the application's: under a lock none is woken, cloned or dropped, for the
/// last waker of a task can take the task with it, and that its sends, which come here to be forgotten.
#[derive(Default)]
pub(crate) struct Sleepers {
    receiver: Mutex<Option<Waker>>,
    waiters: Mutex<Waiters>,
    /// Who hears for them what other processes say.
    pub drivers: Drivers,
}

/// The sending tasks.
#[derive(Default)]
struct Waiters {
    /// By cell of the line.
    in_line: HashMap<usize, InLine>,
    /// By key: those who wait for a place in the line.
    overflow: HashMap<u64, Waker>,
    /// By key: those who wait for the channel to close.
    closed: HashMap<u64, Waker>,
    last_key: u64,
}

struct InLine {
    line_ticket: u32,
    /// What the bell said when the task lay down; none while it is about to.
    asleep: Option<Ticket>,
    waker: Waker,
}

/// Where a sending task left its waker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TaskSpot {
    Line { cell: usize, ticket: u32 },
    Overflow(u64),
    Closed(u64),
}

/// Wakes all of them, also if a waker panics; then the panic goes on.
fn wake_each(woken: Vec<Waker>) {
    let mut panic = None;
    for waker in woken {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}

impl Sleepers {
    pub fn new() -> Sleepers {
        Sleepers::default()
    }

    /// The receiver's task will sleep. Before its bell is set.
    pub fn put_receiver(&self, waker: &Waker) {
        let is_same = |old: &Waker| old.will_wake(waker);
        if lock(&self.receiver).as_ref().is_some_and(is_same) {
            return;
        }
        let waker = waker.clone();
        let old = lock(&self.receiver).replace(waker);
        drop(old);
    }

    /// The receiver's task sleeps no more.
    pub fn forget_receiver(&self) {
        let old = lock(&self.receiver).take();
        drop(old);
    }

    /// A sending task will sleep at `spot`. Before the bell there is set.
    pub fn put(&self, spot: Spot, old: Option<TaskSpot>, waker: &Waker) -> TaskSpot {
        let waker = waker.clone();
        let mut waiters = lock(&self.waiters);
        let (spot, dropped) = match spot {
            Spot::Cell { cell, ticket } => {
                let spot = TaskSpot::Line { cell, ticket };
                let forgotten = waiters.forget(old.filter(|old| *old != spot));
                let mine = InLine { line_ticket: ticket, asleep: None, waker };
                (spot, [forgotten, waiters.in_line.insert(cell, mine).map(|before| before.waker)])
            }
            Spot::Overflow => {
                let forgotten = waiters.forget(old);
                let key = waiters.key();
                (TaskSpot::Overflow(key), [forgotten, waiters.overflow.insert(key, waker)])
            }
        };
        drop(waiters);
        drop(dropped);
        spot
    }

    /// A task that put its waker for [`TaskSpot::Line`] has lain down with this ticket of the bell.
    pub fn settle(&self, spot: TaskSpot, asleep: Ticket) {
        if let TaskSpot::Line { cell, ticket } = spot
            && let Some(waiter) = lock(&self.waiters).in_line.get_mut(&cell)
            && waiter.line_ticket == ticket
        {
            waiter.asleep = Some(asleep);
        }
    }

    /// A task waits for the channel to close.
    pub fn put_closed(&self, old: Option<TaskSpot>, waker: &Waker) -> TaskSpot {
        let waker = waker.clone();
        let mut waiters = lock(&self.waiters);
        let forgotten = waiters.forget(old);
        let key = waiters.key();
        waiters.closed.insert(key, waker);
        drop(waiters);
        drop(forgotten);
        TaskSpot::Closed(key)
    }

    /// A task sleeps there no more.
    pub fn forget(&self, spot: Option<TaskSpot>) {
        if spot.is_some() {
            let forgotten = lock(&self.waiters).forget(spot);
            drop(forgotten);
        }
    }

    /// A bell rang for a task of this process: wakes it in the acting thread.
    pub fn wake(&self, sleeper: Sleeper) {
        let woken: Vec<Waker> = match sleeper {
            Sleeper::Receiver => lock(&self.receiver).take().into_iter().collect(),
            Sleeper::Waiter { cell, .. } => {
                lock(&self.waiters).in_line.remove(&cell).map(|waiter| waiter.waker).into_iter().collect()
            }
            Sleeper::Overflow => lock(&self.waiters).overflow.drain().map(|(_, waker)| waker).collect(),
            Sleeper::Recovery => Vec::new(), // No task.
        };
        wake_each(woken);
    }

    /// The channel was closed: wakes the tasks that wait for that, and those that wait to send.
    pub fn wake_senders(&self) {
        let woken = lock(&self.waiters).take_all();
        wake_each(woken);
    }

    /// Wakes every task, so that each looks again.
    pub fn wake_all(&self) {
        let mut woken: Vec<Waker> = lock(&self.receiver).take().into_iter().collect();
        woken.extend(lock(&self.waiters).take_all());
        wake_each(woken);
    }

    /// Somebody in another process said "look": wakes everybody whose bell was rung.
    pub fn hear(&self, queue: Queue<'_>) {
        let mut woken: Vec<Waker> = lock(&self.receiver).take().into_iter().collect();
        let mut waiters = lock(&self.waiters);
        woken.extend(waiters.overflow.drain().map(|(_, waker)| waker));
        if queue.is_closed() {
            woken.extend(waiters.closed.drain().map(|(_, waker)| waker));
        }
        // A bell may have been written over.
        let is_closed = queue.is_closed();
        let has_been_rung = |cell: &usize, waiter: &mut InLine| {
            is_closed || !waiter.asleep.is_some_and(|ticket| queue.view.bells[*cell].is_quiet(ticket))
        };
        woken.extend(waiters.in_line.extract_if(has_been_rung).map(|(_, waiter)| waiter.waker));
        drop(waiters);
        wake_each(woken);
    }
}

impl Waiters {
    #[must_use]
    fn take_all(&mut self) -> Vec<Waker> {
        let in_line = self.in_line.drain().map(|(_, waiter)| waiter.waker);
        let others = self.overflow.drain().chain(self.closed.drain()).map(|(_, waker)| waker);
        in_line.chain(others).collect()
    }

    fn key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// Takes the waker at `spot` away, to be dropped outside of the lock.
    #[must_use]
    fn forget(&mut self, spot: Option<TaskSpot>) -> Option<Waker> {
        match spot? {
            // Only its own: another task may have the cell by now.
            TaskSpot::Line { cell, ticket } => match self.in_line.entry(cell) {
                Entry::Occupied(waiter) if waiter.get().line_ticket == ticket => Some(waiter.remove().waker),
                _ => None,
            },
            TaskSpot::Overflow(key) => self.overflow.remove(&key),
            TaskSpot::Closed(key) => self.closed.remove(&key),
        }
    }
}
