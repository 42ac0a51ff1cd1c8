//! An attempt to join that a task waits for: it runs on a thread of its own, and never blocks the task's.
//!
//! To join is a conversation with another process, after a look at the file system, and it ends with memory that is mapped.
//! Each of these can take long: the other process can be stopped, a directory can be on another machine, and a process with
//! `mlockall` gets all pages of what it maps at once. Neither a worker of a runtime nor the porter, which all channels of
//! the process share, can wait for that.
//!
//! The thread ends with the attempt. An attempt that is given up interrupts it; the thread then says goodbye, or drops
//! what it has joined.

use std::{
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use super::{call::connect_interruptibly, terms::Terms};
use crate::{
    control::membership::endpoint::Endpoint,
    error::OpenError,
    sync::{Mutex, lock},
    sys::{fork::Birthplace, interrupt::Interrupt, thread::spawn_with_signals_blocked},
    wait::wake_calmly,
};

/// An attempt to join by name, as a task waits for it.
pub(crate) struct Attempt(Stage);

enum Stage {
    /// It begins when it is polled first.
    Asked(Asked),
    Begun(Begun),
    Over,
}

/// What is to be joined.
struct Asked {
    path: PathBuf,
    size: usize,
    align: usize,
    terms: Terms,
}

/// The task's side of an attempt that a thread makes.
struct Begun {
    shared: Arc<Shared>,
    birthplace: Birthplace,
}

/// What the task and the thread share.
struct Shared {
    interrupt: Interrupt,
    progress: Mutex<Progress>,
}

enum Progress {
    /// The thread runs, and wakes the task when it is done.
    Waits(Waker),
    Done(thread::Result<Result<Arc<Endpoint>, OpenError>>),
}

impl Attempt {
    /// Makes an attempt that has not begun.
    pub fn new(path: PathBuf, size: usize, align: usize, terms: Terms) -> Attempt {
        Attempt(Stage::Asked(Asked { path, size, align, terms }))
    }

    /// Begins the attempt, or returns what came of it.
    ///
    /// # Panics
    ///
    /// If it was over before.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arc<Endpoint>, OpenError>> {
        let waker = cx.waker().clone();
        match mem::replace(&mut self.0, Stage::Over) {
            Stage::Asked(asked) => {
                let path = asked.path.clone();
                match asked.begin(waker) {
                    Ok(begun) => {
                        self.0 = Stage::Begun(begun);
                        Poll::Pending
                    }
                    Err(error) => Poll::Ready(Err(error.at(&path))),
                }
            }
            Stage::Begun(begun) if !begun.birthplace.is_here() => Poll::Ready(Err(OpenError::Forked)),
            Stage::Begun(begun) => match begun.shared.look(waker) {
                Some(Ok(joined)) => Poll::Ready(joined),
                Some(Err(panic)) => resume_unwind(panic),
                None => {
                    self.0 = Stage::Begun(begun);
                    Poll::Pending
                }
            },
            Stage::Over => panic!("an attempt to connect was polled after it had ended"),
        }
    }
}

impl Asked {
    /// Starts the thread that joins.
    fn begin(self, waker: Waker) -> Result<Begun, OpenError> {
        let birthplace = Birthplace::here().map_err(OpenError::system("mark this process"))?;
        let interrupt =
            Interrupt::new().map_err(OpenError::system("make a descriptor that ends the attempt"))?;
        let shared = Arc::new(Shared { interrupt, progress: Mutex::new(Progress::Waits(waker)) });
        let thread = Joining(Some(shared.clone()));
        spawn_with_signals_blocked("shmpsc-join", move || thread.join(&self))
            .map_err(OpenError::system("start the thread that connects"))?;
        Ok(Begun { shared, birthplace })
    }
}

/// The thread's side of an attempt; empty once the thread runs.
struct Joining(Option<Arc<Shared>>);

impl Joining {
    /// Joins, and wakes the task.
    fn join(mut self, asked: &Asked) {
        let Some(shared) = self.0.take() else { return };
        let Asked { path, size, align, terms } = asked;
        let join = || connect_interruptibly(path, *size, *align, terms, Some(&shared.interrupt));
        // A panic is the task's, which waits for it.
        shared.finish(catch_unwind(AssertUnwindSafe(join)));
    }
}

impl Drop for Joining {
    /// Tells the task, if the system did not let the thread come to its first instruction.
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            let lost = io::Error::other("the thread for it did not start");
            shared.finish(Ok(Err(OpenError::system("connect")(lost))));
        }
    }
}

impl Shared {
    /// Stores the result, and wakes the task.
    fn finish(&self, joined: thread::Result<Result<Arc<Endpoint>, OpenError>>) {
        let before = mem::replace(&mut *lock(&self.progress), Progress::Done(joined));
        if let Progress::Waits(waker) = before {
            wake_calmly(vec![waker]);
        }
    }

    /// Returns the result, or stores the waker of the task that waits for it.
    fn look(&self, waker: Waker) -> Option<thread::Result<Result<Arc<Endpoint>, OpenError>>> {
        let next = Progress::Waits(waker);
        let mut progress = lock(&self.progress);
        let before = mem::replace(&mut *progress, next);
        // A waker that is dropped may call back: not under the lock.
        drop(progress);
        match before {
            Progress::Done(joined) => Some(joined),
            Progress::Waits(_) => None,
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // In a child that `fork` made, the attempt is still its parent's.
        if self.birthplace.is_here() {
            self.shared.interrupt.ring();
        }
    }
}
