//! What a call says that was passed a descriptor of something else. How an end travels in one is `tests/processes/handoff.rs`'s.

use std::{
    fs::File,
    net::UdpSocket,
    os::{
        fd::{FromRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
};

use rustix::{
    event::epoll,
    net::{AddressFamily, SocketFlags, SocketType, socket_with, socketpair},
};
use shmpsc::{Receiver, Sender, error::OpenError};

/// What a descriptor can be that is none of the library's, and what an error calls it.
type Foreign = (&'static str, fn(&Path) -> OwnedFd);

const FOREIGN: [Foreign; 11] = [
    ("a device", |_| File::open("/dev/null").unwrap().into()),
    ("a file", |folder| File::create(folder.join("file")).unwrap().into()),
    ("a directory", |folder| File::open(folder).unwrap().into()),
    ("a pipe", |_| std::io::pipe().unwrap().0.into()),
    ("no socket", |_| epoll::create(epoll::CreateFlags::CLOEXEC).unwrap()),
    ("a socket of another kind", |_| UnixStream::pair().unwrap().0.into()),
    ("a socket of another kind", |_| UdpSocket::bind("127.0.0.1:0").unwrap().into()),
    ("a socket without a connection", |_| messages_socket()),
    ("a socket without a message", |_| {
        let (ours, theirs) = messages_pair();
        std::mem::forget(theirs);
        ours
    }),
    ("a socket with another message", |_| {
        let (ours, theirs) = messages_pair();
        rustix::io::write(&theirs, b"GET / HTTP/1.1").unwrap();
        ours
    }),
    ("closed", |_| {
        // A number that no test opens.
        // SAFETY: nothing is open under it, so nothing else can be closed by it.
        unsafe { OwnedFd::from_raw_fd(1_000_000) }
    }),
];

fn messages_socket() -> OwnedFd {
    let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
    socket_with(family, kind, SocketFlags::CLOEXEC, None).unwrap()
}

fn messages_pair() -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

#[test]
fn a_descriptor_of_something_else_is_called_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (what, make) in FOREIGN {
        let as_sender = Sender::<u64>::from_fd(make(folder.path())).map(drop).unwrap_err();
        let as_receiver = Receiver::<u64>::from_fd(make(folder.path())).map(drop).unwrap_err();
        for error in [as_sender, as_receiver] {
            assert!(matches!(error, OpenError::WrongDescriptor { .. }), "{what}: {error}");
            let said = format!(
                "the descriptor is {what}, and not one that carries an end of a channel of shmpsc; pass one that \
                 `into_fd` returned"
            );
            assert_eq!(error.to_string(), said);
        }
    }
}
