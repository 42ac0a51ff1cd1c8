//! A guest has left, or is proved to have ended, and its host puts right what it left: its handles, permits and places in the
//! line end with it. Its unpublished values are the receiver's to skip. The page [`recovery`](crate::docs::recovery) has every
//! window.

use super::wake::{CatchPanics, go_on_with_recovery};
use crate::{
    control::{
        membership::{endpoint::Endpoint, host::Host, roster::Departing},
        porter::Porter,
        waking::wakes::{look_at_sleepers, pass_on_relays},
    },
    queue::{Number, Queue},
    sync::lock,
};

/// Ends the membership of a process that said goodbye, is proved to have ended, or never came. Does it once, however often it
/// is called.
pub(in crate::control) fn depart(endpoint: &Endpoint, number: Number) {
    let Some(host) = &endpoint.host else { return };
    let Some(departing) = begin_departure(endpoint, number) else { return };
    if let Ok(porter) = Porter::of_this_process() {
        match &departing {
            Departing::Member(member) => {
                member.forget(porter);
                if let Some(bell_set) = endpoint.bell_set() {
                    let _ = bell_set.events.remove(&member.doorbell);
                }
            }
            Departing::Invited(token) => porter.forget(*token),
            Departing::Unfinished => {}
        }
    }
    let queue = endpoint.queue();
    forget_handles_of_no_process(endpoint, host);
    queue.repair(number, &CatchPanics(endpoint));
    // Whatever the receiver's bell says: the dead process may have cleared the mark that the receiver sleeps.
    queue.common().force_wake_receiver(&CatchPanics(endpoint));
    endpoint.note_pid(number, 0);
    // What the process said last may have gone unheard: it rang its doorbell, which was taken away before a thread
    // listened; or it set a relay word, and the message about it was never read.
    pass_on_relays(endpoint);
    look_at_sleepers(endpoint);
    host.finish_step(number, queue.tail());
    // The other half. Another thread may have been here before, while this one was still repairing.
    go_on_with_recovery(endpoint);
}

/// Begins a departure, once. Returns `None` if no process holds the number or its departure has begun.
///
/// All of it happens while the roster is locked. Once the lock is released another departure may clear the handles of this
/// one, and the stream end. The receiver must then skip what the process left instead of reporting corruption, and the
/// capacity must be whole.
pub(in crate::control) fn begin_departure(endpoint: &Endpoint, number: Number) -> Option<Departing> {
    let host = endpoint.host.as_ref()?;
    let mut roster = host.roster();
    let departing = roster.leave(number)?;
    // The repair rings the receiver, which then asks for the mark.
    host.set_dead(number, true);
    // If it died in the middle of a permit operation, the receiver goes on with this at the end of the stream.
    let mut recovery = lock(&host.recovery);
    match endpoint.queue() {
        Queue::Ring(ring) => recovery.add(&ring, number),
        Queue::Table(_) => recovery.add_without_permits(number),
    }
    Some(departing)
}

/// Clears the handles of all numbers that no process has, and those of this process if it knows of none. The dead process may
/// have written some there, and the stream would not end. The next departure would do the same, so a kill in here leaves
/// nothing.
fn forget_handles_of_no_process(endpoint: &Endpoint, host: &Host) {
    let queue = endpoint.queue();
    // While the roster is locked no number is given.
    let roster = host.roster();
    roster.unassigned().for_each(|number| queue.common().reset_strong(number));
    lock(&host.name_as_sender).forget_closed(&queue);
    endpoint.forget_own_handles();
}
