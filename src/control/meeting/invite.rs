//! An invitation: a number with a sender in it, and the descriptor that carries both to a process that is yet to join.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Instant,
};

use super::{
    admission::{Applicant, allocate_number},
    carrier,
};
use crate::{
    control::{
        departure::{departed::depart, last_sender::sender_came},
        membership::{endpoint::Endpoint, member::Member},
        porter::Porter,
        wire::{Code, Message, Rejection},
    },
    sys::{events::Interest, socket},
};

/// Invites as [`invite`] does. If all numbers are taken, it waits for each farewell that the background thread has yet to hear,
/// and tries again.
pub(in crate::control) fn invite_by_and_by(endpoint: &Arc<Endpoint>) -> Result<OwnedFd, Rejection> {
    let until = Instant::now() + endpoint.deadline;
    loop {
        match invite(endpoint) {
            Err(Rejection { code: Code::TooManyProcesses, .. }) => {}
            done => return done,
        }
        if !endpoint.host.as_ref().is_some_and(|host| host.wait_for_farewells(until)) {
            // The background thread may have dealt with the last one since.
            return invite(endpoint);
        }
    }
}

/// Allocates a number with a sender in it, and returns the descriptor that carries both.
fn invite(endpoint: &Arc<Endpoint>) -> Result<OwnedFd, Rejection> {
    let Some(host) = &endpoint.host else { return Err(Rejection::new(Code::Closed)) };
    let prepare = || {
        let porter = Porter::of_this_process()?;
        let (ours, theirs) = socket::pair()?;
        socket::set_pass_credentials(&ours)?;
        socket::refuse_descriptors(&ours)?;
        std::io::Result::Ok((porter, ours, carrier::load(theirs)?))
    };
    let no_descriptors = || Rejection::new(Code::NoDescriptors);
    endpoint.open_bells().map_err(|_| no_descriptors())?;
    let (porter, ours, carrier) = prepare().map_err(|_| no_descriptors())?;
    let number = allocate_number(endpoint)?;
    let ours = Arc::new(ours);
    let applicant = Arc::new(Applicant::new(endpoint, ours.clone(), Some(number)));
    let said = Interest::READABLE.and(Interest::HANG_UP);
    let watched = {
        // The lock is held until the invitation is in the roster. The background thread may hear of a hang-up at once, and must
        // find it there.
        let mut roster = host.roster();
        porter.watch(ours, said, applicant).map(|token| roster.invite(number, token))
    };
    if watched.is_err() {
        depart(endpoint, number);
        return Err(no_descriptors());
    }
    sender_came(endpoint);
    Ok(carrier)
}

/// Answers a guest that asked for a descriptor that carries a sender.
pub(super) fn answer_invite(endpoint: &Arc<Endpoint>, member: &Member, request: u64) {
    let (refused, descriptor) = match invite(endpoint) {
        Ok(descriptor) => (0, Some(descriptor)),
        Err(refused) => (refused.code as u32, None),
    };
    let answer = Message::Invitation { request, refused }.encode();
    let descriptors: Vec<_> = descriptor.iter().map(|descriptor| descriptor.as_fd()).collect();
    // If the answer cannot be sent the descriptor is closed, and the sender in it dropped.
    let _ = socket::send(&member.lifeline, &answer, &descriptors);
}
