//! Who hears for sleeping tasks what other processes say: a small task in each tokio runtime they sleep in, and the
//! porter for every other executor. It wakes nobody itself: it tells the endpoint to look.

use crate::sync::lock;
use crate::sys::readiness;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;

/// Somebody for whom other processes ring.
pub(crate) trait Hear: Send + Sync + Sized + 'static {
    /// A descriptor with an edge at each ring. None as long as no other process can take part.
    fn bell_fd(&self) -> Option<BorrowedFd<'_>>;
    /// Looks at every sleeping task of this process.
    fn hear(&self);
    /// From now on the porter calls [`Hear::hear`].
    fn porter_hears(self: &Arc<Self>) -> io::Result<()>;
}

/// The runtimes in which a task listens for one endpoint.
#[derive(Default)]
pub(crate) struct Drivers {
    running: Mutex<Vec<(Id, AbortHandle)>>,
}

impl Drivers {
    /// Makes sure that somebody hears for the calling task. Before its last look.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without its I/O driver, as tokio's own sockets do.
    #[track_caller]
    pub fn ensure<H: Hear>(&self, endpoint: &Arc<H>) {
        let Some(bell) = endpoint.bell_fd() else { return };
        if let Ok(runtime) = Handle::try_current() {
            let mut running = lock(&self.running);
            if running.iter().any(|(id, task)| *id == runtime.id() && !task.is_finished()) {
                return;
            }
            // Without a descriptor for it the runtime cannot listen; the porter can.
            if let Ok(bell) = bell.try_clone_to_owned()
                && let Ok(bell) = readiness::watch(bell)
            {
                let task = runtime.spawn(listen(Arc::downgrade(endpoint), bell)).abort_handle();
                running.retain(|(_, task)| !task.is_finished());
                running.push((runtime.id(), task));
                return;
            }
        }
        // If even the porter cannot be had, descriptors and threads are exhausted: the task still hears all that
        // this process itself does, and asks again at its next turn.
        let _ = endpoint.porter_hears();
    }
}

impl Drop for Drivers {
    fn drop(&mut self) {
        for (_, task) in self.running.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

async fn listen<H: Hear>(endpoint: std::sync::Weak<H>, bell: AsyncFd<OwnedFd>) {
    while let Ok(mut ready) = bell.readable().await {
        // Cleared first: a ring from now on is a new edge, and an older one is heard right here.
        ready.clear_ready();
        match endpoint.upgrade() {
            // A waker that panics must not make the others of this runtime deaf.
            Some(endpoint) => drop(catch_unwind(AssertUnwindSafe(|| endpoint.hear()))),
            None => return,
        }
    }
}
