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
pub(crate) enum DescriptorKind {
    /// A Unix socket that carries whole messages.
    Messages,
    Socket,
    Pipe,
    File,
    Directory,
    Device,
    /// The kernel has no type for it: an epoll set, a counter of events, a process.
    Other,
    /// No open descriptor has this number.
    Closed,
}

impl DescriptorKind {
    /// Returns what an error calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            DescriptorKind::Messages => "a socket of whole messages",
            DescriptorKind::Socket => "a socket of another kind",
            DescriptorKind::Pipe => "a pipe",
            DescriptorKind::File => "a file",
            DescriptorKind::Directory => "a directory",
            DescriptorKind::Device => "a device",
            DescriptorKind::Other => "no socket",
            DescriptorKind::Closed => "closed",
        }
    }
}

/// Returns what the descriptor is.
pub(crate) fn kind(fd: impl AsFd) -> DescriptorKind {
    match fs::fstat(&fd) {
        Err(Errno::BADF) => DescriptorKind::Closed,
        Err(_) => DescriptorKind::Other,
        Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
            FileType::Socket if is_messages_socket(&fd) => DescriptorKind::Messages,
            FileType::Socket => DescriptorKind::Socket,
            FileType::Fifo => DescriptorKind::Pipe,
            FileType::RegularFile => DescriptorKind::File,
            FileType::Directory => DescriptorKind::Directory,
            FileType::CharacterDevice | FileType::BlockDevice => DescriptorKind::Device,
            _ => DescriptorKind::Other,
        },
    }
}
