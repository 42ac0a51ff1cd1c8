//! The tasks of this process that sleep in one channel: their wakers, and where each will be rung.
//!
//! Threads are not here, they sleep on the bells themselves. Nothing is decided here: a waker is woken because its
//! bell was rung, or because somebody elsewhere said "look".

use super::driver::Drivers;
use crate::queue::{Queue, Sleeper, Spot, Ticket};
use crate::sync::lock;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Mutex;
use std::task::Waker;

/// The tasks that sleep. Wakers are woken after the locks are given back: what they run is not ours.
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

impl Sleepers {
    pub fn new() -> Sleepers {
        Sleepers::default()
    }

    /// The receiver's task will sleep. Before its bell is set.
    pub fn put_receiver(&self, waker: &Waker) {
        let mut place = lock(&self.receiver);
        match &mut *place {
            Some(old) => old.clone_from(waker),
            None => *place = Some(waker.clone()),
        }
    }

    /// The receiver's task sleeps no more.
    pub fn forget_receiver(&self) {
        lock(&self.receiver).take();
    }

    /// A sending task will sleep at `spot`. Before the bell there is set.
    pub fn put(&self, spot: Spot, old: Option<TaskSpot>, waker: &Waker) -> TaskSpot {
        let mut waiters = lock(&self.waiters);
        match spot {
            Spot::Cell { cell, ticket } => {
                waiters.forget(old.filter(|old| *old != TaskSpot::Line { cell, ticket }));
                waiters
                    .in_line
                    .insert(cell, InLine { line_ticket: ticket, asleep: None, waker: waker.clone() });
                TaskSpot::Line { cell, ticket }
            }
            Spot::Overflow => {
                waiters.forget(old);
                let key = waiters.key();
                waiters.overflow.insert(key, waker.clone());
                TaskSpot::Overflow(key)
            }
        }
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
        let mut waiters = lock(&self.waiters);
        waiters.forget(old);
        let key = waiters.key();
        waiters.closed.insert(key, waker.clone());
        TaskSpot::Closed(key)
    }

    /// A task sleeps there no more.
    pub fn forget(&self, spot: Option<TaskSpot>) {
        if spot.is_some() {
            lock(&self.waiters).forget(spot);
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
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// The channel was closed: wakes the tasks that wait for that.
    pub fn wake_closed(&self) {
        let woken: Vec<Waker> = lock(&self.waiters).closed.drain().map(|(_, waker)| waker).collect();
        woken.into_iter().for_each(Waker::wake);
    }

    /// Wakes every task, so that each looks again.
    pub fn wake_all(&self) {
        self.wake(Sleeper::Receiver);
        self.wake(Sleeper::Overflow);
        self.wake_closed();
        let woken: Vec<Waker> = lock(&self.waiters).in_line.drain().map(|(_, waiter)| waiter.waker).collect();
        woken.into_iter().for_each(Waker::wake);
    }

    /// Somebody in another process said "look": wakes everybody whose bell was rung.
    pub fn hear(&self, queue: Queue<'_>) {
        self.wake(Sleeper::Receiver);
        self.wake(Sleeper::Overflow);
        if queue.is_closed() {
            self.wake_closed();
        }
        let mut woken = Vec::new();
        lock(&self.waiters).in_line.retain(|cell, waiter| {
            let is_quiet = waiter.asleep.is_some_and(|ticket| queue.view.bells[*cell].is_quiet(ticket));
            if !is_quiet {
                woken.push(waiter.waker.clone());
            }
            is_quiet
        });
        woken.into_iter().for_each(Waker::wake);
    }
}

impl Waiters {
    fn key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    fn forget(&mut self, spot: Option<TaskSpot>) {
        match spot {
            // Only its own: another task may have the cell by now.
            Some(TaskSpot::Line { cell, ticket }) => {
                if let Entry::Occupied(waiter) = self.in_line.entry(cell)
                    && waiter.get().line_ticket == ticket
                {
                    waiter.remove();
                }
            }
            Some(TaskSpot::Overflow(key)) => drop(self.overflow.remove(&key)),
            Some(TaskSpot::Closed(key)) => drop(self.closed.remove(&key)),
            None => {}
        }
    }
}
