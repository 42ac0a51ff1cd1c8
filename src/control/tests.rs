//! Two ends in one process: nearly everything but the death of one, which `tests/` shows with real processes.

use std::{
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::control::{
    Endpoint, Terms, close, connect,
    departure::{
        departed::{begin_departure, depart},
        wake::wake_recovery,
    },
    go_on_with_recovery, host,
    meeting::{carrier, identity::IS_OLD_KERNEL, lifeline::starving},
    membership::member::Member,
    porter::{PAUSE, Porter, Token, Watcher},
    receiver_from_fd, receiver_into_fd, sender_from_fd, sender_into_fd,
    wire::{Code, Facts, Hello, Message, Refusal, WantedEnd},
};
use crate::{
    error::OpenError,
    layout,
    queue::{
        Kind, Peers, Sleeper, Taken, Wake,
        ring::{Claimed, Consumer, Permits, Producer, Rank, Request as _},
    },
    sync::{Ordering, lock},
    sys::{
        events::{Batch, Doorbell, Event, Events, Interest},
        listener::{self, Listener},
        path_at::PathAt,
        socket::{self, Incoming},
    },
    wait::Hear,
};

mod chunks;
mod fences;
mod handing;
mod joining;
mod leaving;
mod wakes;

const SIZE: usize = 16;
const ALIGN: usize = 8;

fn terms() -> Terms {
    Terms { capacity: 4, members: 4, ..Terms::default() }
}

struct Bound {
    _dir: tempfile::TempDir,
    path: PathBuf,
    host: Arc<Endpoint>,
}

fn bind(terms: &Terms) -> Bound {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed");
    let host = host(SIZE, ALIGN, terms, Some(&path)).unwrap();
    Bound { _dir: dir, path, host }
}

impl Bound {
    fn connect(&self) -> Result<Arc<Endpoint>, OpenError> {
        connect(&self.path, SIZE, ALIGN, &terms())
    }

    /// The listening socket, and under what token the porter watches it.
    fn door(&self) -> (Arc<Listener>, Token) {
        let name = self.host.host.as_ref().unwrap().name();
        let name = name.as_ref().unwrap();
        (name.listener().clone(), name.token.unwrap())
    }
}

/// Ends a sender's last handle and its process's end, as its drop would.
fn drop_sender(endpoint: Arc<Endpoint>) {
    endpoint.ring().common().drop_strong(endpoint.me(), &*endpoint);
    drop(endpoint);
}

/// Drops the sender that the making of a channel without a name gives.
fn drop_own_sender(host: &Endpoint) {
    host.ring().common().drop_strong(host.me(), host);
    host.drop_handle();
}

/// Until it is so. The porter's work has no other sign.
#[track_caller]
fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}

fn hello(size: u32) -> Vec<u8> {
    let facts = Facts {
        layout: layout::VERSION,
        size,
        align: 8,
        word: 64,
        tag: String::new(),
        kind: crate::layout::ChannelKind::Bounded,
    };
    Message::Hello(Hello { want: WantedEnd::Sender, facts }).encode()
}

fn raw_connect(bound: &Bound) -> OwnedFd {
    listener::connect(&PathAt::new(&bound.path).unwrap(), Instant::now() + Duration::from_secs(5)).unwrap()
}

/// The answer to a hello, said again if that is asked for: see `on_an_older_kernel_one_is_looked_at_twice`.
fn answer(socket: &OwnedFd) -> Option<Message> {
    match next(socket) {
        Some(Message::Again) => {
            socket::send(socket, &hello(16), &[]).unwrap();
            answer(socket)
        }
        other => other,
    }
}

fn next(socket: &OwnedFd) -> Option<Message> {
    let mut buffer = [0; 4096];
    loop {
        match socket::receive(socket, &mut buffer).unwrap() {
            Incoming::Message(message) => return Some(Message::decode(&buffer[..message.len]).unwrap()),
            Incoming::HungUp => return None,
            Incoming::Nothing => assert!(socket::wait_readable(socket, None).unwrap()),
        }
    }
}

/// A channel without a name, with one sender counted.
fn alone() -> Arc<Endpoint> {
    host(SIZE, ALIGN, &terms(), None).unwrap()
}

/// Two senders in processes of their own, as far as the host can tell.
fn two_guests(host: &Arc<Endpoint>) -> [Arc<Endpoint>; 2] {
    [(); 2].map(|()| sender_from_fd(sender_into_fd(host).unwrap(), SIZE, ALIGN, &terms()).unwrap())
}

/// Watches the bells of an endpoint, as a reactor does.
struct Ear {
    endpoint: Arc<Endpoint>,
    events: Events,
}

impl Ear {
    fn of(endpoint: &Arc<Endpoint>) -> Ear {
        let events = Events::new().unwrap();
        events.add(endpoint.bell_fd().unwrap(), 0, Interest::READABLE.once_each()).unwrap();
        let ear = Ear { endpoint: endpoint.clone(), events };
        ear.hear();
        ear
    }

    /// Whether another process has rung for its tasks since this was asked last.
    fn rings(&self) -> bool {
        let mut batch = Batch::with_capacity(1);
        self.events.wait(&mut batch, Some(Duration::ZERO)).unwrap();
        batch.iter().next().is_some()
    }

    /// Forgets what has rung, and has the endpoint take in what was said.
    fn hear(&self) {
        self.rings();
        self.endpoint.hear();
    }
}
