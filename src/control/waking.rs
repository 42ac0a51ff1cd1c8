//! How sleepers are woken, wherever they are. Which of them must be is decided in [`crate::queue`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::control::membership::endpoint::Endpoint;
use crate::{
    layout::View,
    queue::{Kind, Number, Queue, Sleeper, Wake},
    sync::Ordering,
    sys::futex,
};

impl Endpoint {
    /// Wakes the tasks of the process that has this number.
    fn wake_process(&self, number: Number) {
        if number == self.me() {
            return;
        }
        match (self.guest.get(), &self.host) {
            (Some(guest), _) if number == guest.host => guest.ring(),
            (Some(guest), _) => {
                if let Some(member) = self.segment().view().common().members.get(usize::from(number)) {
                    // ORDERING: Release is enough. The message after it is a system call, and
                    // the porter that reads the message reads the word after it.
                    member.relay.store(1, Ordering::Release);
                    guest.relay();
                }
            }
            (None, Some(host)) => host.ring(number),
            (None, None) => {}
        }
    }

    /// Wakes sending tasks of this process. A waker's panic stays with its task: the waking thread is in the middle of an
    /// operation. It may have others still to wake, or a claimed position that only it can publish.
    fn wake_waiters(&self, sleeper: Sleeper) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.sleepers().wake(sleeper)));
    }

    /// Wakes every thread in every process that waits in the channel, and the tasks of all others, whatever the bells and the
    /// line say: a peer has written over the segment.
    pub(super) fn rouse(&self) {
        self.queue().shake_all().for_each(|bell| futex::wake(&bell.word));
        self.wake_everybody();
    }

    /// Wakes the tasks of all other processes.
    pub(super) fn wake_everybody(&self) {
        match (self.guest.get(), &self.host) {
            (Some(guest), _) => {
                // Number 0 is no process, so its relay word stands for all processes.
                self.wake_process(0);
                guest.ring();
            }
            (None, Some(host)) => host.ring_all(),
            (None, None) => {}
        }
    }
}

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
            (Sleeper::Waiter { owner, .. }, Kind::Task) if owner == self.me() => self.wake_waiters(sleeper),
            (Sleeper::Backlog { owner }, _) if owner == self.me() => {
                if let View::Ring(_) = view {
                    self.sleepers().backlog.admit(&self.producer(), &Calmly(self));
                }
            }
            (Sleeper::Waiter { owner, .. } | Sleeper::Backlog { owner }, _) => self.wake_process(owner),
            (Sleeper::Recovery, _) => self.wake_recovery(),
        }
    }

    fn is_over(&self) -> bool {
        Endpoint::is_over(self)
    }

    fn backlog_sleeps(&self) {
        self.have_senders_look_late();
    }
}

/// Like `Wake for Endpoint`, but catches panics of application wakers. The porter uses it, because it must finish its work.
/// A sender uses it until its value is published: unwinding before that would leave a claimed position or a place in the line
/// behind. After publishing, the panic reaches the sender.
pub(crate) struct Calmly<'a>(pub &'a Endpoint);

impl Calmly<'_> {
    /// Wakes every task of this process that waits to send, or for the close.
    pub fn wake_senders(&self) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.sleepers().wake_senders()));
    }

    /// Looks at every sleeping task of this process, and at its backlog.
    pub fn hear(&self) {
        let queue = self.0.queue();
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.sleepers().hear(&queue)));
        if let Queue::Ring(_) = queue {
            self.0.sleepers().backlog.admit(&self.0.producer(), self);
        }
    }
}

impl Wake for Calmly<'_> {
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
