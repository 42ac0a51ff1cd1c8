//! How a process joins a channel that another one made, once it has a connection: by a name, see [`crate::control::meeting::call`], or by a
//! descriptor that was handed to it.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::control::{
    Terms,
    meeting::carrier,
    membership::{
        endpoint::{Endpoint, Parts, refused},
        fencing::fences,
        guest::{Guest, say_goodbye},
    },
    wire::{ACCEPT_FDS, Accept, Code, Facts, Hello, MAX_MESSAGE, Malformed, Message, Refusal, Want},
};
use crate::{
    error::{OpenError, ValueType},
    layout::{self, ChannelKind},
    segment::Segment,
    sys::{
        events::Doorbell,
        fork::Birthplace,
        interrupt::{self, Interrupt, Waited},
        memory::Pages,
        process::Process,
        socket::{self, Incoming},
    },
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

/// How long a conversation may take, and what ends it early.
#[derive(Clone, Copy)]
pub(in crate::control) struct Patience<'a> {
    pub until: Instant,
    /// What the caller asked for.
    pub deadline: Duration,
    /// Once this has rung, the result means nothing.
    pub interrupt: Option<&'a Interrupt>,
}

impl Patience<'_> {
    /// Begins now, and lasts as long as the terms say.
    pub fn of(terms: &Terms) -> Patience<'static> {
        Patience { until: Instant::now() + terms.deadline, deadline: terms.deadline, interrupt: None }
    }

    /// Returns the error that the time is up.
    pub fn late(&self) -> OpenError {
        OpenError::TimedOut { path: None, waited: self.deadline }
    }

    /// Returns whether it was interrupted.
    pub fn is_interrupted(&self) -> bool {
        let now = Some(Instant::now());
        matches!(interrupt::wait(None, self.interrupt, now), Ok(Waited::Interrupted))
    }
}

/// Checks that the place that was given is in a channel of the values that were asked for.
pub(in crate::control) fn check_place(place: &Accept, facts: &Facts) -> Result<(), OpenError> {
    if (place.geometry.payload(), place.align, place.geometry.kind()) == (facts.size, facts.align, facts.kind)
    {
        return Ok(());
    }
    Err(broken("it accepted another type or kind of channel than was asked for"))
}

/// Descriptors came for which this process has no room.
pub(in crate::control) fn lacks_descriptors() -> OpenError {
    refused("take the channel's descriptors")(io::Error::from_raw_os_error(libc::EMFILE))
}

/// It is part of an answer that descriptors come with it.
pub(in crate::control) fn without_descriptors() -> OpenError {
    broken("it did not send the descriptors it must")
}

/// Joins as a sender by a connection to the receiver's process.
pub(in crate::control) fn join(
    socket: OwnedFd,
    patience: Patience<'_>,
    facts: Facts,
    pages: Pages,
) -> Result<Arc<Endpoint>, OpenError> {
    let birthplace = Birthplace::here().map_err(refused("mark this process"))?;
    let talk = Talk::new(socket, patience);
    let (answer, descriptors) = talk.ask(Want::Sender, &facts)?;
    let Message::Accept(accept) = answer else { return Err(unexpected()) };
    let Ok([memory, doorbell, process]) = <[OwnedFd; ACCEPT_FDS]>::try_from(descriptors) else {
        return Err(without_descriptors());
    };
    check_place(&accept, &facts)?;
    let process = Process::from_fd(process).map_err(refused("watch the receiver's process"))?;
    let doorbell = Doorbell::from_fd(doorbell).map_err(refused("use the receiver's doorbell"))?;
    let segment =
        Segment::open(memory, accept.geometry, pages).map_err(refused("map the channel's memory"))?;
    let guest = Guest::new(Arc::new(talk.done()), doorbell, Arc::new(process), accept.host, birthplace);
    let endpoint = Endpoint::new(Parts {
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
    });
    // From here on the endpoint says goodbye itself if something fails.
    endpoint.open_doors()?;
    endpoint.attend_host()?;
    Ok(endpoint)
}

/// The joining side of a connection until it has joined. If it does not come to that it says goodbye, so that the host,
/// which may have counted us already, need not wait for the end of this process.
pub(in crate::control) struct Talk<'a> {
    socket: Option<OwnedFd>,
    patience: Patience<'a>,
}

impl<'a> Talk<'a> {
    pub fn new(socket: OwnedFd, patience: Patience<'a>) -> Talk<'a> {
        Talk { socket: Some(socket), patience }
    }

    fn socket(&self) -> Result<&OwnedFd, OpenError> {
        self.socket.as_ref().ok_or(OpenError::HungUp { path: None })
    }

    /// Joined: the connection is a lifeline now.
    pub fn done(mut self) -> OwnedFd {
        match self.socket.take() {
            Some(socket) => socket,
            None => unreachable!("it is taken here only, and `self` with it"),
        }
    }

    /// Says hello, as often as it is asked for, and returns what is answered, with what came along.
    pub fn ask(&self, want: Want, facts: &Facts) -> Result<(Message, Vec<OwnedFd>), OpenError> {
        let socket = self.socket()?;
        let packet = Message::Hello(Hello { want, facts: facts.clone() }).encode();
        // Bounded: a host may ask for a second look, and then for one more if the first came too early.
        for _ in 0..4 {
            // A refusal may be there already and the other end closed: so sending may fail and reading not.
            let sent = socket::send(socket, &packet, &[]);
            if let Err(error) = sent
                && !socket::is_gone(&error)
            {
                return Err(refused("speak to the other process")(error));
            }
            match self.answer(socket)? {
                (Message::Again, _) => {}
                (Message::Refuse(refusal), _) => return Err(explain(refusal, facts)),
                answer => return Ok(answer),
            }
        }
        Err(unexpected())
    }

    fn answer(&self, socket: &OwnedFd) -> Result<(Message, Vec<OwnedFd>), OpenError> {
        let mut buffer = vec![0; MAX_MESSAGE];
        let message = loop {
            match socket::receive(socket, &mut buffer) {
                // A wake: the host counts us among those whom it wakes a moment before it tells us. Nobody sleeps here yet.
                Ok(Incoming::Message(message)) if message.len == 1 => {
                    // A process that says nothing else would be heard for ever.
                    if Instant::now() >= self.patience.until {
                        return Err(self.patience.late());
                    }
                }
                Ok(Incoming::Message(message)) => break message,
                Ok(Incoming::HungUp) => return Err(OpenError::HungUp { path: None }),
                Ok(Incoming::Nothing) => {}
                Err(error) => return Err(refused("hear the other process")(error)),
            }
            let Patience { until, interrupt, .. } = self.patience;
            match interrupt::wait(Some(socket.as_fd()), interrupt, Some(until)) {
                Ok(Waited::Ready) => {}
                Ok(Waited::TimedOut | Waited::Interrupted) => return Err(self.patience.late()),
                Err(error) => return Err(refused("hear the other process")(error)),
            }
        };
        if message.descriptors_lost {
            return Err(lacks_descriptors());
        }
        if message.truncated {
            return Err(unexpected());
        }
        match Message::decode(&buffer[..message.len]) {
            Ok(answer) => Ok((answer, message.descriptors)),
            Err(Malformed::Version(theirs)) => Err(other_version(theirs)),
            Err(Malformed::Foreign) => Err(broken("it does not speak this protocol")),
            Err(Malformed::Invalid) => Err(unexpected()),
        }
    }
}

impl Drop for Talk<'_> {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            say_goodbye(Arc::new(socket));
        }
    }
}

/// Returns the error that the other process broke the protocol.
fn broken(what: &'static str) -> OpenError {
    OpenError::BadMessage { path: None, what }
}

/// Returns the error that the other process speaks another version of the protocol.
pub(in crate::control) fn other_version(theirs: u16) -> OpenError {
    OpenError::WrongVersion { path: None, ours: layout::VERSION, theirs: theirs.into() }
}

pub(in crate::control) fn unexpected() -> OpenError {
    broken("it sent a message that does not belong here")
}

/// A refusal as a reason, in which both sides are named.
fn explain(refusal: Refusal, ours: &Facts) -> OpenError {
    let theirs = refusal.facts;
    match refusal.code {
        Code::NotAllowed => OpenError::NotAllowed {
            path: None,
            uid: refusal.peer_uid,
            gid: refusal.peer_gid,
            receiver_uid: refusal.host_uid,
            receiver_gid: refusal.host_gid,
        },
        Code::WrongVersion => {
            OpenError::WrongVersion { path: None, ours: ours.layout, theirs: theirs.layout }
        }
        Code::WrongType => {
            OpenError::WrongType { path: None, ours: value_type(ours), theirs: value_type(&theirs) }
        }
        Code::WrongKind => {
            OpenError::WrongKind { path: None, unbounded: theirs.kind == ChannelKind::Unbounded }
        }
        Code::RosterFull => {
            OpenError::RosterFull { path: None, members: refusal.members, leaving: refusal.leaving }
        }
        code => reason(code),
    }
}

/// The reasons that need no facts.
pub(in crate::control) fn reason(code: Code) -> OpenError {
    match code {
        Code::WrongEnd => OpenError::WrongEnd,
        Code::Closed => OpenError::Closed { path: None },
        Code::Ended => OpenError::Ended { path: None },
        Code::UnderWay => OpenError::UnderWay { path: None },
        Code::Unwatchable => OpenError::Unwatchable { path: None },
        // What the other process was refused does not cross with the code.
        Code::NoDescriptors => {
            let lack =
                "one of the two has no descriptor or no memory left; close some, or raise `RLIMIT_NOFILE`";
            refused("connect the two processes")(io::Error::other(lack))
        }
        Code::BadMessage => broken("it could not read what this process said"),
        Code::NotAllowed | Code::WrongVersion | Code::WrongType | Code::WrongKind | Code::RosterFull => {
            unexpected()
        }
    }
}

fn value_type(facts: &Facts) -> ValueType {
    ValueType { size: facts.size, align: facts.align, tag: facts.tag.clone() }
}
