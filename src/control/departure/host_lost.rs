//! The host is gone, as a guest sees it: the host has hung up, or its process has ended.

use std::sync::{Arc, Weak};

use super::wake::CatchPanics;
use crate::{
    control::{
        membership::{endpoint::Endpoint, guest::LIFELINE},
        porter::{Porter, Token, Watcher},
        waking::wakes::wake_senders,
    },
    error::OpenError,
    sync::lock,
    sys::events::{Event, Interest},
};

/// Begins to hear the host, and to watch its connection and its process.
pub(in crate::control) fn attend_host(endpoint: &Arc<Endpoint>) -> Result<(), OpenError> {
    let Some(guest) = endpoint.guest.get() else { return Ok(()) };
    let attend = || {
        let bell_set = match endpoint.bell_set() {
            Some(bell_set) => bell_set,
            None => return Err(std::io::ErrorKind::NotFound.into()),
        };
        bell_set.events.add(&guest.lifeline, LIFELINE, Interest::READABLE.once_each())?;
        let porter = Porter::of_this_process()?;
        let watch = || Arc::new(HostWatch(Arc::downgrade(endpoint)));
        // The lock is held until both tokens are stored. The background thread may hear of the host's end at once and must
        // find them: a descriptor that it cannot forget would be reported without pause as long as the endpoint lives.
        let mut tokens = lock(&guest.tokens);
        tokens.lifeline = Some(porter.watch(guest.lifeline.clone(), Interest::HANG_UP, watch())?);
        tokens.process = Some(porter.watch(guest.process.clone(), Interest::READABLE, watch())?);
        Ok(())
    };
    attend().map_err(OpenError::system("watch the receiver's process"))
}

/// Ends this process's end of the channel, because the host listens to it no more. The channel goes on for other processes: a
/// hang-up does not prove that there is no receiver.
pub(in crate::control) fn lose_lifeline(endpoint: &Endpoint) {
    let Some(guest) = endpoint.guest.get() else { return };
    guest.forget(|tokens| tokens.lifeline.take());
    if guest.lose() {
        endpoint.mark_over();
        wake_senders(endpoint);
    }
}

/// Closes the channel for all processes, because the host's process has ended.
fn lose_host(endpoint: &Endpoint) {
    let Some(guest) = endpoint.guest.get() else { return };
    guest.forget(|tokens| tokens.process.take());
    // This comes first, so that the senders that wake in this process find the channel closed.
    endpoint.queue().close(&CatchPanics(endpoint));
    lose_lifeline(endpoint);
    // No process receives any more. A sender that keeps a handle would keep the memory of all values.
    endpoint.segment().give_all_back();
}

/// Is called at the host's hang-up and at the end of its process.
struct HostWatch(Weak<Endpoint>);

impl Watcher for HostWatch {
    fn on_event(self: Arc<Self>, _: &'static Porter, _: Token, event: Event) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let ended = endpoint.guest.get().is_some_and(|guest| guest.process.has_ended());
        if ended {
            lose_host(&endpoint);
        } else if event.hung_up {
            lose_lifeline(&endpoint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Terms, host, sender_from_fd, sender_into_fd};
    use crate::sync::Ordering;
    use std::time::{Duration, Instant};

    /// Two ends in one process, of which the host leaves while the guest begins to watch it.
    /// Shows W97.
    #[test]
    fn of_a_host_that_leaves_at_once_no_hang_up_is_missed() {
        let terms = Terms { capacity: 1, members: 2, ..Terms::default() };
        for _ in 0..2000 {
            let host = host(8, 8, &terms, None).unwrap();
            let descriptor = sender_into_fd(&host).unwrap();
            let leaving = std::thread::spawn(move || {
                while host.segment().view().common().members[2].pid.load(Ordering::Relaxed) == 0 {
                    std::hint::spin_loop();
                }
                drop(host);
            });
            let joined = sender_from_fd(descriptor, 8, 8, &terms);
            leaving.join().unwrap();
            let Ok(guest) = joined else { continue };
            let left = || guest.guest.get().is_some_and(|guest| lock(&guest.tokens).lifeline.is_none());
            let until = Instant::now() + Duration::from_secs(20);
            while !guest.queue().is_closed() || !left() {
                assert!(Instant::now() < until, "still watched: {}", guest.queue().is_closed());
                std::thread::yield_now();
            }
        }
    }
}
