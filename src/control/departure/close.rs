//! The channel ends in the receiver's process: the receiver closes it, finds corruption, or the last handle of the process is
//! dropped.

use super::{last_sender::name_is_closed, wake::CatchPanics};
use crate::{
    control::{
        membership::{
            endpoint::Endpoint,
            host::Host,
            roster::{Admission, Departing},
        },
        porter::Porter,
        waking::wakes::force_wake_all,
    },
    queue::Nonsense,
    sync::lock,
    sys::socket,
};

/// Closes the channel: no sender can send any more, no process can join, and the name is gone. Wakes all senders that wait for
/// capacity or for the close, in every process. For the receiver's process.
pub(crate) fn close(endpoint: &Endpoint) {
    if endpoint.is_forked() || !endpoint.is_host() {
        return;
    }
    endpoint.queue().close(endpoint);
    endpoint.mark_over();
    let Some(host) = &endpoint.host else { return };
    {
        let mut roster = host.roster();
        if roster.admission == Admission::Closed {
            return;
        }
        roster.admission = Admission::Closed;
    }
    close_name(host);
    name_is_closed(endpoint);
    host.ring_all();
    endpoint.sleepers().wake_senders();
}

/// Closes the channel for all because the receiver found corruption in the segment. Says why to the senders of this process.
#[cold]
pub(crate) fn fail_with(endpoint: &Endpoint, found: Nonsense) {
    endpoint.note_nonsense(found);
    if endpoint.is_first_end() {
        endpoint.queue().close(endpoint);
        // Also if the receiver has closed the channel before. It comes before the tasks are woken: a waker can panic.
        force_wake_all(endpoint);
    }
    close(endpoint);
}

/// Has the receiver look, which may sleep, if the words of the channel contradict each other: a send was refused as on a closed
/// channel, and the channel is not closed. The receiver closes it then.
#[cold]
pub(crate) fn was_refused(endpoint: &Endpoint) {
    let queue = endpoint.queue();
    if !queue.is_closed() && endpoint.nonsense().is_some() {
        queue.common().force_wake_receiver(&CatchPanics(endpoint));
    }
}

/// Hangs up on the callers that have not joined.
pub(in crate::control) fn send_applicants_away(host: &Host, porter: &Porter) {
    let waiting = std::mem::take(&mut *lock(&host.waiting));
    waiting.into_iter().for_each(|(token, _)| porter.forget(token));
}

/// Listens to no process any more: the last handle in this process is gone. Guests see the hang-up.
fn leave(host: &Host) {
    close_name(host);
    let departing = host.roster().clear();
    let Ok(porter) = Porter::of_this_process() else { return };
    send_applicants_away(host, porter);
    for departing in departing {
        match departing {
            Departing::Member(member) => {
                member.forget(porter);
                // Also on behalf of forked children, which have copies of the connection.
                socket::hang_up(&member.lifeline);
            }
            Departing::Invited(token) => porter.forget(token),
            Departing::Unfinished => {}
        }
    }
}

fn close_name(host: &Host) {
    let name = host.name().take();
    if let Some(name) = name {
        if let (Some(token), Ok(porter)) = (name.token, Porter::of_this_process()) {
            porter.forget(token);
        }
        name.close();
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if self.is_forked() {
            self.sleepers.abandon();
            return;
        }
        lock(&self.bell_watch).stop();
        if self.guest.get().is_none()
            && let Some(host) = &self.host
        {
            // Usually the receiver has done so. If one was handed here and could not be taken, only this closes the channel.
            self.queue().close(&CatchPanics(self));
            leave(host);
        }
    }
}
