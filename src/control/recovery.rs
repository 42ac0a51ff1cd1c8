//! What happens when a process has left or is proved to have ended: its handles, permits and places in the line end
//! with it. Its unpublished values are the receiver's to skip. The page [`recovery`](crate::docs::recovery) has every window.

use super::{endpoint::Endpoint, porter::Porter, roster::Leaver, wakes::Calmly};
use crate::{
    queue::{Number, Queue},
    sync::{Ordering, lock},
};

impl Endpoint {
    /// Writes down for observers which process holds a number.
    pub(super) fn note_pid(&self, number: Number, pid: u64) {
        if let Some(member) = self.segment().view().common().members.get(usize::from(number)) {
            member.pid.store(pid, Ordering::Relaxed); // ORDERING: advisory, nothing is decided by it.
        }
    }

    /// A process said goodbye, or is proved to have ended, or never came. Does it once, however often it is called.
    pub(super) fn depart(&self, number: Number) {
        let Some(host) = &self.host else { return };
        let Some(leaver) = self.begin_departure(number) else { return };
        if let Ok(porter) = Porter::of_this_process() {
            match &leaver {
                Leaver::Member(member) => {
                    member.forget(porter);
                    if let Some(hearing) = self.hearing() {
                        let _ = hearing.events.remove(&member.doorbell);
                    }
                }
                Leaver::Invited(token) => porter.forget(*token),
                Leaver::Unfinished => {}
            }
        }
        let queue = self.queue();
        self.forget_strangers();
        queue.repair(number, &Calmly(self));
        // Also if it has taken away that the receiver sleeps.
        queue.common().alarm(&Calmly(self));
        self.note_pid(number, 0);
        // What it said last may have gone unheard: its doorbell rang, and then was taken away before anybody
        // listened; or it set a relay word, and the message about it was never read.
        self.pass_on_relays();
        Calmly(self).hear();
        host.half_left(number, queue.tail());
        // The other half. Another thread may have been here before, while this one was still repairing.
        self.go_on_with_recovery();
    }

    /// Begins a departure, once: None if nobody holds the number or the departure has begun.
    ///
    /// All of it while the roster is locked: from then on another departure may clear its handles, and the stream end. The
    /// receiver is then to pass what it left, not to take it for nonsense, and the capacity is to be whole.
    pub(super) fn begin_departure(&self, number: Number) -> Option<Leaver> {
        let host = self.host.as_ref()?;
        let mut roster = host.roster();
        let leaver = roster.leave(number)?;
        // The repair rings the receiver, which then asks for the mark.
        host.set_dead(number, true);
        // If it died in the middle of a permit operation, the receiver goes on with this at the end.
        let mut recovery = lock(&host.recovery);
        match self.queue() {
            Queue::Ring(ring) => recovery.add(&ring, number),
            Queue::Table(_) => recovery.add_without_permits(number),
        }
        Some(leaver)
    }

    /// Clears the handles that nobody has: who has left may have written some there, and the stream would not end.
    fn forget_strangers(&self) {
        let Some(host) = &self.host else { return };
        let queue = self.queue();
        // While the roster is locked no number is given.
        let roster = host.roster();
        roster.strangers().for_each(|number| queue.common().forget_strong(number));
        self.forget_shut_name();
        self.forget_own_handles();
    }

    /// Gives back what the dead held in permits, as far as nobody living must end an operation first; if so, this is
    /// called again when it has ([`Sleeper::Recovery`](crate::queue::Sleeper)). Their numbers are free then, once all else
    /// that they left is repaired.
    pub(crate) fn go_on_with_recovery(&self) {
        let Some(host) = &self.host else { return };
        let queue = self.queue();
        // A statement of its own: whoever is woken below may come here again.
        let settled = match queue {
            Queue::Ring(ring) => lock(&host.recovery).go_on(&ring),
            Queue::Table(_) => lock(&host.recovery).take_settled(),
        };
        if settled.is_empty() {
            return;
        }
        queue.let_look(&Calmly(self));
        for number in settled {
            // It claims nothing any more, so all its claims are before this tail.
            host.half_left(number, queue.tail());
        }
    }

    /// A permit operation of this process has ended for which somebody waits.
    pub(super) fn wake_recovery(&self) {
        match self.guest.get() {
            // The porter of the host looks at every message.
            Some(guest) => guest.relay(),
            None => self.go_on_with_recovery(),
        }
    }
}
