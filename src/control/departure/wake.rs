//! How the queue of an endpoint wakes a sleeper: [`Wake`]. It stands in this room because one of the sleepers is the recovery of
//! permits of dead processes. To wake that one is to go on with it, and it wakes others in turn.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    control::{
        membership::endpoint::Endpoint,
        waking::wakes::{wake_process, wake_waiters},
    },
    layout::View,
    queue::{Kind, Queue, Sleeper, Wake},
    sync::lock,
    sys::futex,
};

impl Wake for Endpoint {
    fn wake(&self, sleeper: Sleeper, kind: Kind) {
        let view = self.segment().view();
        match (sleeper, kind) {
            (Sleeper::Receiver, Kind::Thread) => futex::wake(&self.receiver_bell().word),
            (Sleeper::Receiver, Kind::Task) => match self.guest.get() {
                Some(guest) => guest.ring(),
                None => self.sleepers().wake(sleeper),
            },
            (Sleeper::Waiter { record, .. }, Kind::Thread) => {
                if let View::Ring(view) = view
                    && let Some(bell) = view.bells.get(record)
                {
                    futex::wake(&bell.word);
                }
            }
            (Sleeper::Waiter { owner, .. }, Kind::Task) if owner == self.me() => wake_waiters(self, sleeper),
            (Sleeper::Backlog { owner }, _) if owner == self.me() => {
                if let View::Ring(_) = view {
                    self.sleepers().backlog.admit(&self.producer(), self);
                }
            }
            (Sleeper::Waiter { owner, .. } | Sleeper::Backlog { owner }, _) => wake_process(self, owner),
            (Sleeper::Recovery, _) => wake_recovery(self),
        }
    }

    fn is_over(&self) -> bool {
        Endpoint::is_over(self)
    }

    fn backlog_sleeps(&self) {
        self.have_senders_look_late();
    }
}

/// Like `Wake for Endpoint`, but catches panics of application wakers. The background thread uses it, because it must finish
/// its work. A sender uses it until its value is published: unwinding before that would leave a claimed position or a place
/// in the line behind. After publishing, the panic reaches the sender.
pub(crate) struct CatchPanics<'a>(pub &'a Endpoint);

impl Wake for CatchPanics<'_> {
    fn wake(&self, sleeper: Sleeper, kind: Kind) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.wake(sleeper, kind)));
    }

    fn is_over(&self) -> bool {
        self.0.is_over()
    }

    fn backlog_sleeps(&self) {
        self.0.backlog_sleeps();
    }
}

/// Looks once more for the sleepers of this process, some time after they registered, and wakes those for which there is
/// something: the late look of asymmetric fences. It reads each word of the segment a bounded number of times, whatever stands
/// there.
pub(crate) fn look_late(endpoint: &Endpoint) {
    if endpoint.is_forked() {
        return;
    }
    let (queue, wake) = (endpoint.queue(), CatchPanics(endpoint));
    if endpoint.is_host() {
        queue.look_late_for_receiver(endpoint.has_stalled(), &wake);
    }
    if let Queue::Ring(ring) = queue {
        ring.look_late(&wake);
        endpoint.sleepers.backlog.look_late(&endpoint.producer());
    }
}

/// Gives back the permits that dead processes held, as far as that can be done now. In the receiver's process.
///
/// A permit operation of a living process may have to end first. That process then wakes
/// [`Sleeper::Recovery`](crate::queue::Sleeper), and this is called again. The number of a dead process is free once its permits
/// are back and all else that it left is repaired.
pub(crate) fn go_on_with_recovery(endpoint: &Endpoint) {
    let Some(host) = &endpoint.host else { return };
    let queue = endpoint.queue();
    // A statement of its own: a waker that runs below may come here again.
    let settled = match queue {
        Queue::Ring(ring) => lock(&host.recovery).go_on(&ring),
        Queue::Table(_) => lock(&host.recovery).take_settled(),
    };
    if settled.is_empty() {
        return;
    }
    queue.notify_after_recovery(&CatchPanics(endpoint));
    for number in settled {
        // It claims nothing any more, so all its claims are before this tail.
        host.finish_step(number, queue.tail());
    }
}

/// Has recovery go on: a permit operation of this process has ended for which recovery waits.
pub(in crate::control) fn wake_recovery(endpoint: &Endpoint) {
    match endpoint.guest.get() {
        // At each message the background thread of the host goes on with recovery.
        Some(guest) => guest.relay(),
        None => go_on_with_recovery(endpoint),
    }
}
