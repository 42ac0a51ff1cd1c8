//! An auto-reset event on a private futex: what a thread sleeps on in the backlog. It is not for the line, whose bells other processes
//! ring.

#[cfg(shmpsc_loom)]
pub(crate) use checked::Signal;
#[cfg(not(shmpsc_loom))]
pub(crate) use real::Signal;

#[cfg(not(shmpsc_loom))]
mod real {
    use crate::sync::{AtomicU32, Ordering};
    use crate::sys::futex::{self, Wait};
    use std::sync::Arc;
    use std::task::Wake;
    use std::time::Instant;

    #[derive(Default)]
    pub(crate) struct Signal(AtomicU32);

    impl Signal {
        /// Sleeps until it is set, and resets it. Returns false if the moment `until` passes first.
        pub fn wait(&self, until: Option<Instant>) -> bool {
            loop {
                // ORDERING: acquire: what the waker did for this thread comes before.
                if self.0.swap(0, Ordering::Acquire) != 0 {
                    return true;
                }
                if futex::wait(&self.0, 0, until) == Wait::TimedOut {
                    return false;
                }
            }
        }
    }

    impl Wake for Signal {
        fn wake(self: Arc<Self>) {
            // ORDERING: release, see `wait`.
            self.0.store(1, Ordering::Release);
            futex::wake(&self.0);
        }
    }
}

/// The same for the model checker.
#[cfg(shmpsc_loom)]
mod checked {
    use crate::sync::{Condvar, Mutex, lock};
    use std::sync::{Arc, PoisonError};
    use std::task::Wake;

    #[derive(Default)]
    pub(crate) struct Signal {
        is_set: Mutex<bool>,
        woken: Condvar,
    }

    impl Signal {
        #[cfg_attr(not(test), expect(dead_code, reason = "models sleep"))]
        pub fn wait(&self) {
            let mut is_set = lock(&self.is_set);
            while !*is_set {
                is_set = self.woken.wait(is_set).unwrap_or_else(PoisonError::into_inner);
            }
            *is_set = false;
        }
    }

    impl Wake for Signal {
        fn wake(self: Arc<Self>) {
            *lock(&self.is_set) = true;
            self.woken.notify_all();
        }
    }
}
