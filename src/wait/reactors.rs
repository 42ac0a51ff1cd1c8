//! The choice of the reactor that watches an endpoint's doorbell for its sleeping tasks: the porter, or the one tokio runtime in which
//! all of them sleep. Neither wakes a task itself; it has the endpoint look at its tasks.
//!
//! The porter is a thread of this crate and depends on no runtime, so it can always watch. It costs one more switch of threads for each
//! wake. A small task in a runtime, the *listening task*, saves that switch. It watches only while two things hold:
//!
//! - Each task that sleeps does so in that runtime. A task that is about to sleep elsewhere first calls the porter in.
//! - The runtime is driven while its tasks wait for it, see [`DrivenRuntime`].
//!
//! One of the two watches at a time, so one ring wakes one thread. (A thread that sleeps in the backlog calls the porter in beside
//! them.) At a change the next begins before the last one ends. Both watch the same set of bells, edge-triggered, and the set is never
//! read. So a ring from before the change is an edge for the next one too.

use super::spot::{DrivenRuntime, Ours, Spot};
use crate::sync::{lock, owned};
use crate::sys::readiness;
use std::io;
use std::mem::forget;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;

/// An endpoint that other processes ring for.
pub(crate) trait Hear: Send + Sync + Sized + 'static {
    /// Returns a descriptor with an edge at each ring. None as long as no other process can take part.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>>;
    /// Wakes the sleeping tasks that were rung for. A waker's panic stays with its task.
    fn hear(&self);
    /// Wakes every sleeping task. A waker's panic stays with its task.
    fn wake_all(&self);
    /// Has the porter call [`Hear::hear`] from now on.
    fn porter_hears(self: &Arc<Self>) -> io::Result<()>;
    /// Undoes [`Hear::porter_hears`].
    fn porter_rests(&self);
    /// Returns whether this is a child that `fork` made.
    fn is_forked(&self) -> bool;
    fn reactors(&self) -> &Reactors;
}

/// How many sleeps in one place come between a sleep in another one and the next listening task. A change wakes every task, so
/// it must be rare where tasks sleep in several places: each change that did not last makes this [`FACTOR`] times as many.
const PATIENCE: u32 = 1024;
const FACTOR: u32 = 8;

/// The choice between the reactors.
#[derive(Default)]
pub(crate) struct Reactors {
    state: Mutex<Choice>,
}

#[derive(Default)]
struct Choice {
    /// Whether the porter hears.
    porter: bool,
    listener: Option<ListeningTask>,
    last_turn: u64,
    /// Where the last task went to sleep since the porter hears.
    last: Option<Spot>,
    /// How many sleeps in a row were there.
    in_a_row: u32,
    /// How many it takes for a listening task.
    patience: u32,
    /// A runtime that cannot listen: it has no I/O driver, or there was no descriptor for it.
    unfit: Option<Id>,
}

/// The listening task.
struct ListeningTask {
    runtime: DrivenRuntime,
    turn: u64,
    /// Whether it has taken over from the porter.
    listens: bool,
    /// None until it is spawned.
    task: Option<AbortHandle>,
}

impl Reactors {
    /// Makes sure that a reactor hears for the task that is about to sleep, and which has left its waker already.
    pub fn ensure<H: Hear>(&self, endpoint: &Arc<H>, waker: &Waker) {
        if endpoint.bell_fd().is_none() {
            return;
        }
        let spot = Spot::of(waker);
        let mut state = lock(&self.state);
        if state.listens_at(spot) {
            return;
        }
        if !state.porter && endpoint.porter_hears().is_err() {
            drop(state);
            // Memory, descriptors or threads are exhausted. The task asks again at its next turn, which is to be soon.
            waker.wake_by_ref();
            return;
        }
        state.porter = true;
        let (over, turn) = state.sleeps_at(spot);
        // An aborted task can be dropped at once, and comes here again: not under the lock.
        drop(state);
        end(over);
        if let Some(turn) = turn {
            self.spawn(endpoint, turn);
        }
    }

    /// Leaves the listening task to the parent's runtime, in a child that `fork` made.
    pub fn abandon(&mut self) {
        forget(owned(&mut self.state).listener.take());
    }

    /// Spawns the listening task in the current runtime.
    fn spawn<H: Hear>(&self, endpoint: &Arc<H>, turn: u64) {
        let Ok(runtime) = Handle::try_current() else { return };
        let post =
            Post { endpoint: Arc::downgrade(endpoint), turn, is_unfit: false, _ours: Ours::new(&runtime) };
        let task = runtime.spawn(listen(post)).abort_handle();
        let mut state = lock(&self.state);
        match state.listener_of(turn) {
            Some(listener) => listener.task = Some(task),
            // Its runtime has ended, or a task went to sleep elsewhere since.
            None => {
                drop(state);
                task.abort();
            }
        }
    }

    /// Puts the listening task, which watches the bells already, in the porter's place. False if it is not wanted any more.
    fn take_over<H: Hear>(&self, endpoint: &Arc<H>, turn: u64) -> bool {
        let mut state = lock(&self.state);
        let Some(listener) = state.listener_of(turn) else { return false };
        if !listener.runtime.is_here() {
            // Its runtime is driven by another thread than the one whose task sleeps: that task is not of this runtime.
            let over = state.listener.take();
            state.be_patient();
            drop(state);
            drop(over);
            return false;
        }
        listener.listens = true;
        endpoint.porter_rests();
        state.porter = false;
        drop(state);
        // Each task that went to sleep before looks again, and passes `ensure` again before it sleeps. So none sleeps elsewhere.
        endpoint.wake_all();
        true
    }

    /// Has the porter hear again, and first what has not been heard: the listening task has been dropped.
    fn ended<H: Hear>(&self, endpoint: &Arc<H>, turn: u64, is_unfit: bool) {
        let mut state = lock(&self.state);
        let Some(over) = state.listener.take_if(|listener| listener.turn == turn) else { return };
        state.porter = state.porter || endpoint.porter_hears().is_ok();
        state.in_a_row = 0;
        if is_unfit {
            state.unfit = Some(over.runtime.id);
            state.be_patient();
        } else {
            // The one runtime has ended, and the next may be the only one again.
            state.last = None;
            state.patience = 0;
        }
        let is_heard = state.porter;
        drop(state);
        drop(over);
        if !is_heard {
            // Each task asks again.
            endpoint.wake_all();
        }
    }
}

impl Choice {
    fn listener_of(&mut self, turn: u64) -> Option<&mut ListeningTask> {
        self.listener.as_mut().filter(|listener| listener.turn == turn)
    }

    /// Returns whether the runtime's own listening task hears for a task that goes to sleep there.
    fn listens_at(&self, spot: Spot) -> bool {
        self.listener.as_ref().is_some_and(|listener| listener.listens && Spot::In(listener.runtime) == spot)
    }

    /// Notes where a task goes to sleep, for which the porter hears. Gives the listening task that must end, and the turn of one
    /// that must begin.
    #[must_use]
    fn sleeps_at(&mut self, spot: Spot) -> (Option<ListeningTask>, Option<u64>) {
        let spot = match spot {
            Spot::In(runtime) if self.unfit == Some(runtime.id) => Spot::Elsewhere,
            Spot::Unknown => {
                self.last = None;
                return (self.listener.take(), None);
            }
            spot => spot,
        };
        if self.listener.as_ref().is_some_and(|listener| Spot::In(listener.runtime) == spot) {
            // It has yet to take over.
            return (None, None);
        }
        let over = self.listener.take();
        if over.is_some() {
            self.be_patient();
        } else if self.last.is_some_and(|last| last != spot) {
            self.in_a_row = 0;
            self.patience = self.patience.max(PATIENCE);
        }
        self.last = Some(spot);
        self.in_a_row = self.in_a_row.saturating_add(1);
        let Spot::In(runtime) = spot else { return (over, None) };
        if self.in_a_row <= self.patience {
            return (over, None);
        }
        self.in_a_row = 0;
        self.last_turn += 1;
        self.listener = Some(ListeningTask { runtime, turn: self.last_turn, listens: false, task: None });
        (over, Some(self.last_turn))
    }

    /// Notes that a listening task was begun in vain.
    fn be_patient(&mut self) {
        self.in_a_row = 0;
        self.patience = self.patience.saturating_mul(FACTOR).max(PATIENCE);
    }
}

/// Ends a listening task. Not under the lock.
fn end(listener: Option<ListeningTask>) {
    if let Some(task) = listener.and_then(|listener| listener.task) {
        task.abort();
    }
}

impl Drop for Reactors {
    fn drop(&mut self) {
        end(owned(&mut self.state).listener.take());
    }
}

/// What a listening task has with it. Dropped with the task, also by a runtime that ends or has ended.
struct Post<H: Hear> {
    endpoint: Weak<H>,
    turn: u64,
    is_unfit: bool,
    _ours: Ours,
}

impl<H: Hear> Post<H> {
    /// Begins to watch the bells in this runtime.
    fn watch(&mut self) -> Option<AsyncFd<OwnedFd>> {
        let endpoint = self.endpoint.upgrade()?;
        self.is_unfit = true;
        let bell = endpoint.bell_fd()?.try_clone_to_owned().ok()?;
        // A runtime without its I/O driver says so by a panic. The porter hears for its tasks.
        let bell = catch_unwind(|| readiness::watch(bell)).ok()?.ok()?;
        self.is_unfit = false;
        Some(bell)
    }

    fn take_over(&self) -> bool {
        self.endpoint.upgrade().is_some_and(|endpoint| endpoint.reactors().take_over(&endpoint, self.turn))
    }
}

impl<H: Hear> Drop for Post<H> {
    fn drop(&mut self) {
        // In a forked child the lock may be one that another thread of its parent held.
        if let Some(endpoint) = self.endpoint.upgrade().filter(|endpoint| !endpoint.is_forked()) {
            endpoint.reactors().ended(&endpoint, self.turn, self.is_unfit);
        }
    }
}

/// Hears for the runtime's tasks, until the endpoint or the runtime ends: the listening task.
async fn listen<H: Hear>(mut post: Post<H>) {
    let Some(bell) = post.watch() else { return };
    if !post.take_over() {
        return;
    }
    while let Ok(mut ready) = bell.readable().await {
        // Cleared first: a ring from now on is a new edge, and an older one is heard right here.
        ready.clear_ready();
        match post.endpoint.upgrade() {
            Some(endpoint) => endpoint.hear(),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests;
