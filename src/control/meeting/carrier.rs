//! The descriptor by which an end of a channel travels: a socket with one message in it, which carries the connection.
//!
//! It works once, whatever copies of it there are, because the kernel gives a message to one reader only. So each later user
//! learns at once that the descriptor was used, and never holds the connection of the first user. When the last copy is closed
//! unused, the kernel closes the connection too, and its other end sees the hang-up.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use super::refusal::{lacks_descriptors, other_version};
use crate::{
    control::wire::{CONNECTION_FDS, Malformed, Message},
    error::OpenError,
    sys::{
        descriptor::{self, DescriptorKind},
        socket::{self, Incoming},
    },
};

/// Puts the joining side's end of a connection into a descriptor.
pub(in crate::control) fn load(connection: OwnedFd) -> io::Result<OwnedFd> {
    let (ours, theirs) = socket::pair()?;
    socket::send(&ours, &Message::Connection.encode(), &[connection.as_fd()])?;
    Ok(theirs)
}

/// Takes the connection out of a descriptor, if that was not done before.
pub(in crate::control) fn unload(carrier: OwnedFd) -> Result<OwnedFd, OpenError> {
    let foreign = |what| OpenError::WrongDescriptor { what };
    let kind = descriptor::kind(&carrier);
    if kind == DescriptorKind::Closed {
        // The number is not this call's to close: another descriptor may get it.
        std::mem::forget(carrier);
        return Err(foreign("closed"));
    }
    if kind != DescriptorKind::Messages {
        return Err(foreign(kind.name()));
    }
    let mut buffer = [0; 16];
    let message = match socket::receive(&carrier, &mut buffer) {
        Ok(Incoming::Message(message)) => message,
        Ok(Incoming::HungUp) => return Err(OpenError::AlreadyUsed),
        Ok(Incoming::Nothing) => return Err(foreign("a socket without a message")),
        // Only of a socket that was never connected.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::EINVAL)) => {
            return Err(foreign("a socket without a connection"));
        }
        Err(error) => {
            return Err(OpenError::system("take the end of the channel from its descriptor")(error));
        }
    };
    if message.descriptors_lost {
        return Err(lacks_descriptors());
    }
    let is_ours = match Message::decode(&buffer[..message.len]) {
        Ok(Message::Connection) => !message.truncated,
        Err(Malformed::Version(theirs)) => return Err(other_version(theirs)),
        _ => false,
    };
    match <[OwnedFd; CONNECTION_FDS]>::try_from(message.descriptors) {
        Ok([connection]) if is_ours && socket::is_messages_socket(&connection) => Ok(connection),
        _ => Err(foreign("a socket with another message")),
    }
}
