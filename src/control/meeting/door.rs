//! The door: the listening socket of a name, and the callers that come through it.

use std::{
    collections::HashMap,
    os::fd::OwnedFd,
    sync::{Arc, Weak},
    time::Instant,
};

use super::admission::{Applicant, refuse};
use crate::{
    control::{
        membership::{endpoint::Endpoint, roster::Admission},
        porter::{PAUSE, Porter, Token, Watcher},
        wire::{Code, Rejection},
    },
    error::OpenError,
    sync::lock,
    sys::{
        events::{Event, Interest},
        process::own_credentials,
        socket,
    },
};

/// The most applicants that are kept at once. When there is one more, the process that has most of them loses its oldest. So a
/// process that calls all the time does not push others out between their call and their `HELLO`.
const MAX_APPLICANTS: usize = 128;
/// Callers that are let in before other descriptors of the background thread have their turn.
const TURN: usize = 16;

/// Begins to let senders in under the endpoint's name.
pub(in crate::control) fn attend_door(endpoint: &Arc<Endpoint>) -> Result<(), OpenError> {
    let Some(host) = &endpoint.host else { return Ok(()) };
    let mut name = host.name();
    let Some(name) = name.as_mut() else { return Ok(()) };
    let door = Arc::new(Door(Arc::downgrade(endpoint)));
    let token = Porter::of_this_process()
        .and_then(|porter| porter.watch(name.listener().clone(), Interest::READABLE, door))
        .map_err(OpenError::system("watch the door"))?;
    name.token = Some(token);
    Ok(())
}

/// The listening socket of a name.
struct Door(Weak<Endpoint>);

impl Watcher for Door {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, event: Event) {
        let Some(endpoint) = self.0.upgrade() else { return };
        if event.hung_up {
            // A process that shares the listener has shut it for good. That would be reported without pause.
            return porter.forget(token);
        }
        for _ in 0..TURN {
            let listener =
                endpoint.host.as_ref().and_then(|host| Some(host.name().as_ref()?.listener().clone()));
            let Some(listener) = listener else { return };
            match listener.accept() {
                Ok(Some(caller)) => let_in(&endpoint, porter, caller),
                Ok(None) => return,
                Err(_) => {
                    // The system is out of descriptors or memory. One caller was turned away, so this does not spin. The next
                    // caller would fare no better until something is closed.
                    let _ = porter.change(token, Interest::NONE);
                    porter.set_deadline(token, Some(Instant::now() + PAUSE));
                    return;
                }
            }
        }
    }

    fn on_deadline(self: Arc<Self>, porter: &'static Porter, token: Token) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let Some(host) = &endpoint.host else { return };
        // Under the lock: a thread that hands the receiver over notes that there, and shuts the door afterwards.
        let roster = host.roster();
        if roster.admission == Admission::Open {
            let _ = porter.change(token, Interest::READABLE);
        }
    }
}

/// Lets one caller in. So far it is known only by what the kernel says of it.
fn let_in(endpoint: &Arc<Endpoint>, porter: &'static Porter, caller: OwnedFd) {
    let Some(host) = &endpoint.host else { return };
    let own = own_credentials();
    let pid = match socket::peer_credentials(&caller) {
        Ok(who) if host.rules.admit(&who, || socket::peer_groups(&caller).unwrap_or_default(), own.uid) => {
            who.pid.map_or(0, |pid| pid.as_raw_nonzero().get())
        }
        Ok(who) => return refuse(endpoint, &caller, Rejection::new(Code::NotAllowed), Some(who)),
        Err(_) => return,
    };
    let socket = Arc::new(caller);
    let applicant = Arc::new(Applicant::new(endpoint, socket.clone(), None));
    let Ok(token) = porter.watch(socket, Interest::READABLE.and(Interest::HANG_UP), applicant) else {
        return;
    };
    porter.set_deadline(token, Some(Instant::now() + endpoint.deadline));
    let mut waiting = lock(&host.waiting);
    waiting.push_back((token, pid));
    if waiting.len() > MAX_APPLICANTS {
        waiting.retain(|(token, _)| porter.knows(*token));
    }
    if waiting.len() > MAX_APPLICANTS
        && let Some(at) = which_must_go(waiting.iter().map(|(_, pid)| *pid))
        && let Some((token, _)) = waiting.remove(at)
    {
        porter.forget(token);
    }
}

/// Returns which applicant must go: the oldest one of the process that has most of them. Each is given by its process.
fn which_must_go(pids: impl Iterator<Item = i32>) -> Option<usize> {
    let mut of = HashMap::new();
    for (at, pid) in pids.enumerate() {
        of.entry(pid).or_insert((0, at)).0 += 1;
    }
    let most = of.into_values().max_by_key(|(count, first)| (*count, std::cmp::Reverse(*first)));
    most.map(|(_, first)| first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows W92.
    #[test]
    fn of_too_many_applicants_the_busiest_process_loses_its_first() {
        let must_go = |pids: &[i32]| which_must_go(pids.iter().copied());
        assert_eq!(must_go(&[]), None);
        assert_eq!(must_go(&[5, 7, 9]), Some(0), "of one each, the one that came first");
        assert_eq!(must_go(&[5, 7, 7, 9]), Some(1));
        assert_eq!(must_go(&[9, 7, 7, 5, 5]), Some(1));
        assert_eq!(must_go(&[9, 0, 7, 0]), Some(1), "those not known are taken for one");
    }
}
