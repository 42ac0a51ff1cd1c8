//! Giving a sender to another process as one descriptor, to be inherited or sent over a socket. The receiver is
//! [`crate::control::transfer::receiver`]'s.
//!
//! The descriptor carries one end of a socket pair, see [`crate::control::meeting::carrier`]. Its user says `HELLO` on that, exactly as through
//! the door; the other end is watched from the moment of its making, so that an end which is lost on its way counts as dropped.

use std::{os::fd::OwnedFd, sync::Arc};

use crate::{
    control::{
        meeting::{
            invite::invite_by_and_by,
            refusal::{reason, unexpected},
        },
        membership::{
            endpoint::{Endpoint, Role},
            guest::InviteError,
        },
        waking::hearing::porter_hears_for_a_while,
        wire::{Code, Rejection},
    },
    error::OpenError,
    wait::Hear,
};

/// Makes a descriptor that carries one more sender. The caller's own sender is not touched.
pub(crate) fn sender_into_fd(endpoint: &Arc<Endpoint>) -> Result<OwnedFd, OpenError> {
    endpoint.check_fork()?;
    if endpoint.settled_role()? != Role::Guest {
        return invite_by_and_by(endpoint).map_err(|refused| explain_refused(endpoint, refused));
    }
    let Some(guest) = endpoint.guest.get() else { return Err(OpenError::Closed { path: None }) };
    // A thread must read the answer, and perhaps no task of this process sleeps, for which one would listen.
    let hears =
        porter_hears_for_a_while(endpoint).map_err(OpenError::system("listen to the receiver's process"))?;
    let answer = guest.invite(endpoint.deadline, || endpoint.hear());
    drop(hears);
    answer.map_err(|uninvited| match uninvited {
        InviteError::Late => OpenError::TimedOut { path: None, waited: endpoint.deadline },
        InviteError::Unasked(error) => {
            OpenError::system("ask the receiver's process for a descriptor")(error)
        }
        InviteError::Refused(code) => match Code::from_number(code) {
            Some(code) => explain_refused(endpoint, Rejection::new(code)),
            None => unexpected(),
        },
    })
}

fn explain_refused(endpoint: &Endpoint, refused: Rejection) -> OpenError {
    match refused.code {
        Code::TooManyProcesses => OpenError::TooManyProcesses {
            path: None,
            members: endpoint.segment().view().geometry().members(),
            leaving: refused.leaving,
        },
        code => reason(code),
    }
}
