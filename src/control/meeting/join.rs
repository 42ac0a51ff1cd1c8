//! How a process joins a channel that another one made, once it has a connection: by a name, see [`crate::control::meeting::call`], or by a
//! descriptor that was handed to it.

use std::{os::fd::OwnedFd, sync::Arc};

use super::{
    carrier,
    refusal::{check_place, unexpected, without_descriptors},
    talk::{Patience, Talk},
    terms::Terms,
};
use crate::{
    control::{
        departure::{host_lost::attend_host, wake::look_late},
        membership::{
            endpoint::{Endpoint, EndpointParts},
            fencing::fences,
            guest::Guest,
        },
        wire::{ACCEPT_FDS, Facts, Message, WantedEnd},
    },
    error::OpenError,
    segment::Segment,
    sys::{events::Doorbell, fork::Birthplace, memory::Pages, process::Process},
};

/// Joins as a sender by a descriptor that carries one.
pub(crate) fn sender_from_fd(
    descriptor: OwnedFd,
    size: usize,
    align: usize,
    terms: &Terms,
) -> Result<Arc<Endpoint>, OpenError> {
    let facts = terms.facts(size, align)?;
    join(carrier::unload(descriptor)?, Patience::of(terms), facts, terms.pages)
}

/// Joins as a sender by a connection to the receiver's process.
pub(in crate::control) fn join(
    socket: OwnedFd,
    patience: Patience<'_>,
    facts: Facts,
    pages: Pages,
) -> Result<Arc<Endpoint>, OpenError> {
    let birthplace = Birthplace::here().map_err(OpenError::system("mark this process"))?;
    let talk = Talk::new(socket, patience);
    let (answer, descriptors) = talk.ask(WantedEnd::Sender, &facts)?;
    let Message::Accept(accept) = answer else { return Err(unexpected()) };
    let Ok([memory, doorbell, process]) = <[OwnedFd; ACCEPT_FDS]>::try_from(descriptors) else {
        return Err(without_descriptors());
    };
    check_place(&accept, &facts)?;
    let process = Process::from_fd(process).map_err(OpenError::system("watch the receiver's process"))?;
    let doorbell = Doorbell::from_fd(doorbell).map_err(OpenError::system("use the receiver's doorbell"))?;
    let segment = Segment::open(memory, accept.geometry, pages)
        .map_err(OpenError::system("map the channel's memory"))?;
    let guest = Guest::new(Arc::new(talk.done()), doorbell, Arc::new(process), accept.host, birthplace);
    let endpoint = Endpoint::new(EndpointParts {
        segment,
        birthplace,
        facts,
        fence_kind: accept.fences,
        fences: fences(accept.fences),
        me: accept.number,
        id: accept.id,
        deadline: patience.deadline,
        host: None,
        guest: Some(guest),
        look_late,
    });
    // From here on the endpoint says goodbye itself if something fails.
    endpoint.open_bells()?;
    attend_host(&endpoint)?;
    Ok(endpoint)
}
