//! The descriptor by which an end of a channel travels: a socket with one message in it, which carries the connection.
//!
//! It works once, whatever copies of it there are: the kernel gives a message to one reader only. So each later user learns at
//! once that the descriptor was used, and never has the connection of the first one in its hands. When the last copy is closed
//! unused, the kernel closes the connection too, and its other end sees the hang-up.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use super::{
    endpoint::refused,
    join::{lacks_descriptors, unexpected},
    wire::{CONNECTION_FDS, Message},
};
use crate::{
    error::OpenError,
    sys::socket::{self, Incoming},
};

/// Puts the joining side's end of a connection into a descriptor.
pub(super) fn load(connection: OwnedFd) -> io::Result<OwnedFd> {
    let (ours, theirs) = socket::pair()?;
    socket::send(&ours, &Message::Connection.encode(), &[connection.as_fd()])?;
    Ok(theirs)
}

/// Takes the connection out of it, if that was not done before.
pub(super) fn unload(carrier: OwnedFd) -> Result<OwnedFd, OpenError> {
    let foreign = OpenError::BadMessage {
        path: None,
        what: "the descriptor is not one that carries an end of a channel",
    };
    if !socket::is_messages_socket(&carrier) {
        return Err(foreign);
    }
    let mut buffer = [0; 16];
    let message = match socket::receive(&carrier, &mut buffer) {
        Ok(Incoming::Message(message)) => message,
        Ok(Incoming::HungUp) => return Err(OpenError::AlreadyUsed),
        Ok(Incoming::Nothing) => return Err(foreign),
        Err(error) => return Err(refused("take the end of the channel from its descriptor")(error)),
    };
    if message.descriptors_lost {
        return Err(lacks_descriptors());
    }
    if message.truncated || Message::decode(&buffer[..message.len]) != Ok(Message::Connection) {
        return Err(unexpected());
    }
    match <[OwnedFd; CONNECTION_FDS]>::try_from(message.descriptors) {
        Ok([connection]) if socket::is_messages_socket(&connection) => Ok(connection),
        _ => Err(foreign),
    }
}
