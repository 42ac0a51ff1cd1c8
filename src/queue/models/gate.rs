//! A gate where senders are stopped in the middle of their moves, until it is opened for all of them.

use super::explore::tell;
use crate::sync::stopped_at_write;
use loom::sync::{Condvar, Mutex};
use std::sync::Arc;

#[derive(Default)]
pub(in crate::queue) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many senders are stopped here, or have come to the end of their move.
    arrived: usize,
    is_open: bool,
}

impl Gate {
    /// Runs `act`, stopped before its write number `write` until the gate is opened. Returns whether it has so many writes.
    pub fn stops(self: &Arc<Gate>, write: usize, act: impl FnOnce()) -> bool {
        let gate = self.clone();
        let is_stopped = stopped_at_write(write, move || gate.wait(), act);
        if !is_stopped {
            self.arrive();
        }
        is_stopped
    }

    fn arrive(&self) {
        self.state.lock().unwrap().arrived += 1;
        self.changed.notify_all();
    }

    fn wait(&self) {
        tell("is stopped", 0u16, 0u16);
        self.arrive();
        let mut state = self.state.lock().unwrap();
        while !state.is_open {
            state = self.changed.wait(state).unwrap();
        }
        tell("goes on", 0u16, 0u16);
    }

    /// Waits until so many are stopped, or have come to the end of their move.
    pub fn wait_for(&self, count: usize) {
        let mut state = self.state.lock().unwrap();
        while state.arrived < count {
            state = self.changed.wait(state).unwrap();
        }
    }

    /// Lets all stopped senders go on.
    pub fn open(&self) {
        self.state.lock().unwrap().is_open = true;
        self.changed.notify_all();
    }
}
