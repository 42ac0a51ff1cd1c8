//! Giving a sender to another process as one descriptor, to be inherited or sent over a socket. The receiver is
//! [`crate::control::transfer::receiver`]'s.
//!
//! The descriptor carries one end of a socket pair, see [`crate::control::meeting::carrier`]. Its user says `HELLO` on that, exactly as through
//! the door; the other end is watched from the moment of its making, so that an end which is lost on its way counts as dropped.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Instant,
};

use crate::control::{
    meeting::{
        admission::Applicant,
        carrier,
        join::{reason, unexpected},
    },
    membership::{
        endpoint::{Endpoint, Role, refused},
        guest::Uninvited,
        host::Refused,
        member::Member,
    },
    porter::Porter,
    wire::{Code, Message},
};
use crate::{
    error::OpenError,
    sys::{events::Interest, socket},
    wait::Hear,
};

/// A descriptor that carries one more sender. The caller's own sender is not touched.
pub(crate) fn sender_into_fd(endpoint: &Arc<Endpoint>) -> Result<OwnedFd, OpenError> {
    endpoint.check_fork()?;
    if endpoint.settled_role()? != Role::Guest {
        return endpoint.invite_by_and_by().map_err(|refused| endpoint.explain_refused(refused));
    }
    let Some(guest) = endpoint.guest.get() else { return Err(OpenError::Closed { path: None }) };
    // Somebody must take in the answer, and nobody else may be there to do it.
    let hears = endpoint.porter_hears_for_a_while().map_err(refused("listen to the receiver's process"))?;
    let answer = guest.invite(endpoint.deadline, || endpoint.hear());
    drop(hears);
    answer.map_err(|uninvited| match uninvited {
        Uninvited::Late => OpenError::TimedOut { path: None, waited: endpoint.deadline },
        Uninvited::Unasked(error) => refused("ask the receiver's process for a descriptor")(error),
        Uninvited::Refused(code) => match Code::from_number(code) {
            Some(code) => endpoint.explain_refused(Refused::new(code)),
            None => unexpected(),
        },
    })
}

impl Endpoint {
    fn explain_refused(&self, refused: Refused) -> OpenError {
        match refused.code {
            Code::RosterFull => OpenError::RosterFull {
                path: None,
                members: self.segment().view().geometry().members(),
                leaving: refused.leaving,
            },
            code => reason(code),
        }
    }

    /// Invites as [`Endpoint::invite`] does. If all numbers are taken, it waits for each farewell that the porter has yet to hear, and
    /// tries again.
    fn invite_by_and_by(self: &Arc<Self>) -> Result<OwnedFd, Refused> {
        let until = Instant::now() + self.deadline;
        loop {
            match self.invite() {
                Err(Refused { code: Code::RosterFull, .. }) => {}
                done => return done,
            }
            if !self.host.as_ref().is_some_and(|host| host.wait_for_farewells(until)) {
                // The porter may have dealt with the last one since.
                return self.invite();
            }
        }
    }

    /// A number with a sender in it, and the descriptor that carries both.
    fn invite(self: &Arc<Self>) -> Result<OwnedFd, Refused> {
        let Some(host) = &self.host else { return Err(Refused::new(Code::Closed)) };
        let prepare = || {
            let porter = Porter::of_this_process()?;
            let (ours, theirs) = socket::pair()?;
            socket::set_pass_credentials(&ours)?;
            socket::refuse_descriptors(&ours)?;
            std::io::Result::Ok((porter, ours, carrier::load(theirs)?))
        };
        let no_descriptors = || Refused::new(Code::NoDescriptors);
        self.open_doors().map_err(|_| no_descriptors())?;
        let (porter, ours, carrier) = prepare().map_err(|_| no_descriptors())?;
        let number = self.seat()?;
        let ours = Arc::new(ours);
        let applicant = Arc::new(Applicant::new(self, ours.clone(), Some(number)));
        let said = Interest::READABLE.and(Interest::HANG_UP);
        let watched = {
            // Held so that the porter, which may hear of it at once, finds the invitation in the roster.
            let mut roster = host.roster();
            porter.watch(ours, said, applicant).map(|token| roster.invite(number, token))
        };
        if watched.is_err() {
            self.depart(number);
            return Err(no_descriptors());
        }
        self.sender_came();
        Ok(carrier)
    }

    /// A guest asked for a descriptor that carries a sender.
    pub(in crate::control) fn answer_invite(self: &Arc<Self>, member: &Member, request: u64) {
        let (refused, descriptor) = match self.invite() {
            Ok(descriptor) => (0, Some(descriptor)),
            Err(refused) => (refused.code as u32, None),
        };
        let answer = Message::Invitation { request, refused }.encode();
        let descriptors: Vec<_> = descriptor.iter().map(|descriptor| descriptor.as_fd()).collect();
        // If the answer cannot be sent the descriptor is closed, and the sender in it dropped.
        let _ = socket::send(&member.lifeline, &answer, &descriptors);
    }
}
