//! Where a task sleeps: whether it does so in a tokio runtime that is driven while the task waits.
//!
//! A task for which that is not certain sleeps elsewhere, and the porter hears for it. One case cannot be told, see [`DrivenRuntime`].

use crate::sync::{AtomicU32, Mutex, MutexGuard, Ordering, lock};
use crate::sys::fork::PerProcess;
use crate::sys::{self, random};
use std::future::poll_fn;
use std::ptr;
use std::sync::OnceLock;
use std::task::{Poll, RawWakerVTable, Waker};
use std::thread::{self, ThreadId};
use tokio::runtime::{Builder, Handle, Id, RuntimeFlavor, worker_index};

/// A tokio runtime that is driven as long as a task that sleeps there waits for it.
///
/// The task must be polled by the runtime itself. Two things say so, and neither is enough:
///
/// - Its waker is one of tokio's own, that of a spawned task or of the future that `Runtime::block_on` of a current-thread
///   runtime polls. Any other waker may be one of an executor that does not drive the runtime while it waits, as `pollster`
///   or `Handle::block_on`; or of a combinator within a task, which cannot be told from that.
/// - The thread has the runtime's scheduler.
///
/// A task of a `LocalSet` has both, and is not the runtime's: the set may go on in another executor while the runtime lives and
/// nothing drives it. Such a set can only be in a current-thread runtime, whose own tasks can be counted. So spawned tasks of a
/// runtime that has none are of a set. Where it has some, a task cannot be told from one of a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DrivenRuntime {
    pub id: Id,
    /// The thread that drives it, of a current-thread runtime. It tells a runtime that this thread drives from one that it
    /// has only entered, within another one.
    thread: Option<ThreadId>,
}

/// Where a task goes to sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spot {
    In(DrivenRuntime),
    /// In no runtime, or it cannot be told.
    Elsewhere,
    /// It is not known yet which wakers are tokio's. It soon will be.
    Unknown,
}

impl Spot {
    /// Returns where the task with this waker goes to sleep, in whose poll the calling thread is.
    pub fn of(waker: &Waker) -> Spot {
        if worker_index().is_none() {
            return Spot::Elsewhere;
        }
        let Ok(runtime) = Handle::try_current() else { return Spot::Elsewhere };
        let is_one_thread = runtime.runtime_flavor() == RuntimeFlavor::CurrentThread;
        let thread = is_one_thread.then(|| thread::current().id());
        let driven = Spot::In(DrivenRuntime { id: runtime.id(), thread });
        let is = |known: &'static RawWakerVTable| ptr::eq(waker.vtable(), known);
        match OF_TASKS.get() {
            Some(known) if is(known) && is_one_thread && !Ours::are_not_all_of(&runtime) => {
                return Spot::Elsewhere;
            }
            Some(known) if is(known) => return driven,
            Some(_) => {}
            None => {
                let ours = Ours::new(&runtime);
                runtime.spawn(async move {
                    let _ours = ours;
                    poll_fn(|cx| Poll::Ready(OF_TASKS.get_or_init(|| cx.waker().vtable()))).await;
                });
                return Spot::Unknown;
            }
        }
        // The future that `block_on` of a multi-thread runtime polls waits on its own, and has another waker.
        match OF_ROOTS.get() {
            _ if !is_one_thread => Spot::Elsewhere,
            Some(known) if is(known) => driven,
            Some(_) => Spot::Elsewhere,
            None => {
                learn_of_roots();
                Spot::Unknown
            }
        }
    }
}

impl DrivenRuntime {
    /// Returns whether the calling thread, which polls a task of the runtime, is one that drives it.
    pub fn is_here(&self) -> bool {
        self.thread.is_none_or(|thread| thread == thread::current().id())
    }
}

/// A task that this crate has spawned in a runtime. It is held by that task.
pub(super) struct Ours(Id);

/// How many there are, by runtime.
static OURS: PerProcess<Mutex<Vec<(Id, usize)>>> = PerProcess::new();

impl Ours {
    pub fn new(runtime: &Handle) -> Ours {
        if let Some(mut ours) = Ours::counts() {
            match ours.iter_mut().find(|(id, _)| *id == runtime.id()) {
                Some((_, count)) => *count += 1,
                None => ours.push((runtime.id(), 1)),
            }
        }
        Ours(runtime.id())
    }

    /// Returns whether the runtime has tasks that are not of this crate.
    fn are_not_all_of(runtime: &Handle) -> bool {
        Ours::counts().is_some_and(|ours| {
            let ours = ours.iter().find(|(id, _)| *id == runtime.id()).map_or(0, |(_, count)| *count);
            runtime.metrics().num_alive_tasks() > ours
        })
    }

    fn counts() -> Option<MutexGuard<'static, Vec<(Id, usize)>>> {
        OURS.get(|| Ok(Mutex::default())).ok().map(lock)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let Some(mut ours) = Ours::counts() else { return };
        if let Some(place) = ours.iter().position(|(id, _)| *id == self.0) {
            ours[place].1 -= 1;
            if ours[place].1 == 0 {
                ours.swap_remove(place);
            }
        }
    }
}

/// The functions by which a waker of a spawned task is known. A task tells its own.
static OF_TASKS: OnceLock<&RawWakerVTable> = OnceLock::new();

/// Those of a waker for the future of `block_on`, in a current-thread runtime.
static OF_ROOTS: OnceLock<&RawWakerVTable> = OnceLock::new();

/// Not zero once a thread was started that learns [`OF_ROOTS`].
static LEARNING: AtomicU32 = AtomicU32::new(0);

/// Starts a thread that learns [`OF_ROOTS`]: in a runtime without drivers, which cannot be run within another one. If the system
/// refuses what that takes, futures of `block_on` stay where the porter hears.
#[cold]
fn learn_of_roots() {
    // ORDERING: it counts, and orders nothing.
    if LEARNING.swap(1, Ordering::Relaxed) != 0 {
        return;
    }
    let learn = || {
        // tokio seeds its generators, by a panic if it cannot.
        if random::number().is_err() {
            return;
        }
        if let Ok(runtime) = Builder::new_current_thread().build() {
            let known = runtime.block_on(poll_fn(|cx| Poll::Ready(cx.waker().vtable())));
            let _ = OF_ROOTS.set(known);
        }
    };
    if sys::thread::spawn_with_signals_blocked("shmpsc-learner", learn).is_err() {
        LEARNING.store(0, Ordering::Relaxed); // ORDERING: as above.
    }
}

/// For tests: lets both be learnt.
#[cfg(test)]
pub(super) fn learn_wakers() {
    let runtime = Builder::new_current_thread().build().unwrap();
    while OF_TASKS.get().is_none() || OF_ROOTS.get().is_none() {
        runtime.block_on(async {
            poll_fn(|cx| Poll::Ready(Spot::of(cx.waker()))).await;
            tokio::task::yield_now().await;
        });
    }
}
