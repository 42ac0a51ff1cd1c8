//! What a descriptor is that a caller passed in: for the error that says what it is.
//!
//! Nothing is read from it.

use std::os::fd::AsFd;

use rustix::{
    fs::{self, FileType},
    io::Errno,
};

use super::socket::is_messages_socket;

/// The kinds that an error tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A Unix socket that carries whole messages.
    Messages,
    Socket,
    Pipe,
    File,
    Folder,
    Device,
    /// The kernel has no type for it: an epoll set, a counter of events, a process.
    Other,
    /// No open descriptor has this number.
    Closed,
}

impl Kind {
    /// Returns what an error calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Messages => "a socket of whole messages",
            Kind::Socket => "a socket of another kind",
            Kind::Pipe => "a pipe",
            Kind::File => "a file",
            Kind::Folder => "a folder",
            Kind::Device => "a device",
            Kind::Other => "no socket",
            Kind::Closed => "closed",
        }
    }
}

/// Returns what the descriptor is.
pub(crate) fn kind(fd: impl AsFd) -> Kind {
    match fs::fstat(&fd) {
        Err(Errno::BADF) => Kind::Closed,
        Err(_) => Kind::Other,
        Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
            FileType::Socket if is_messages_socket(&fd) => Kind::Messages,
            FileType::Socket => Kind::Socket,
            FileType::Fifo => Kind::Pipe,
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
            _ => Kind::Other,
        },
    }
}
