//! What happens when a process has left or is proved to have ended: its handles, permits and places in the line end
//! with it. Its unpublished values are the receiver's to skip.

use super::{endpoint::Endpoint, porter::Porter, roster::Leaver};
use crate::queue::Number;

impl Endpoint {
    /// A process said goodbye, or is proved to have ended, or never came. Does it once, however often it is called.
    pub(super) fn depart(&self, number: Number) {
        let Some(host) = &self.host else { return };
        // A statement of its own: the roster must not stay locked, repair wakes sleepers through it.
        let leaver = host.roster().leave(number);
        let Some(leaver) = leaver else { return };
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
        // The mark first: repair rings the receiver, which then asks for it.
        host.set_dead(number, true);
        let queue = self.queue();
        queue.repair(number, self);
        // What it said last may have gone unheard: its doorbell rang, and then was taken away before anybody
        // listened; or it set a relay word, and the message about it was never read.
        self.pass_on_relays();
        self.sleepers().hear(queue);
        // It claims nothing any more, so all its claims are before this tail.
        host.left(number, queue.tail());
    }
}
