//! How the host lets an applicant in: the connection of a process that has not joined yet, and the number that it gets.
//!
//! Everything an applicant sends is suspect. Before it has joined it has cost a descriptor and, if it came through the
//! [door](super::door), a place among a bounded number of applicants until a deadline. It never holds another process up.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, Weak},
};

use super::{
    identity::{Identification, Verdict},
    lifeline::attend,
};
use crate::{
    control::{
        departure::{
            departed::depart,
            last_sender::{sender_came, sender_came_in_vain},
        },
        membership::{endpoint::Endpoint, host::Host, member::Member, roster::Admission},
        porter::{Porter, Token, Watcher},
        wire::{Code, Hello, Malformed, Message, Refusal, Rejection, WantedEnd},
    },
    queue::Number,
    sync::{Ordering, lock},
    sys::{
        events::{Doorbell, Event},
        process::{Process, own_credentials},
        socket::{self, Credentials, Incoming},
    },
};

/// A connection whose other end has not joined yet.
pub(in crate::control) struct Applicant {
    endpoint: Weak<Endpoint>,
    socket: Arc<OwnedFd>,
    /// The number that its descriptor carries, if it did not come through the door.
    invited: Option<Number>,
    identification: Mutex<Option<Identification>>,
}

impl Applicant {
    pub fn new(endpoint: &Arc<Endpoint>, socket: Arc<OwnedFd>, invited: Option<Number>) -> Applicant {
        let identification = Mutex::new(Some(Identification::default()));
        Applicant { endpoint: Arc::downgrade(endpoint), socket, invited, identification }
    }

    /// Ends an application: the process will not join.
    fn give_up(&self, endpoint: &Arc<Endpoint>, porter: &'static Porter, token: Token) {
        porter.forget(token);
        if let Some(number) = self.invited {
            depart(endpoint, number);
        }
    }
}

impl Watcher for Applicant {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        let Some(endpoint) = self.endpoint.upgrade() else { return porter.forget(token) };
        let mut identification = lock(&self.identification);
        match hear_hello(&self.socket, &mut identification, WantedEnd::Sender, &endpoint) {
            Greeting::Nothing => {}
            Greeting::Gone => self.give_up(&endpoint, porter, token),
            Greeting::Refused(code) => {
                // In this order: an applicant that has the answer may count on its number being free.
                self.give_up(&endpoint, porter, token);
                refuse(&endpoint, &self.socket, Rejection::new(code), None);
            }
            Greeting::Welcome(process, pid) => {
                porter.forget(token);
                let number = match self.invited {
                    Some(number) => Ok(number),
                    None => allocate_number(&endpoint),
                };
                match number {
                    Ok(number) => {
                        endpoint.note_pid(number, pid);
                        admit(&endpoint, porter, self.socket.clone(), number, process);
                    }
                    Err(refused) => refuse(&endpoint, &self.socket, refused, None),
                }
            }
        }
    }

    fn on_deadline(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.forget(token);
    }
}

/// What an applicant's next message amounts to.
pub(in crate::control) enum Greeting {
    Nothing,
    Gone,
    Refused(Code),
    /// All is as it must be. This is its process, with its process id in this namespace (0: it has none here).
    Welcome(Process, u64),
}

/// Reads one message of a process that wants to join. `identification` is empty once the process is identified, or cannot be.
pub(in crate::control) fn hear_hello(
    socket: &OwnedFd,
    identification: &mut Option<Identification>,
    end: WantedEnd,
    endpoint: &Endpoint,
) -> Greeting {
    let mut buffer = [0; 256];
    let mut message = match socket::receive(socket, &mut buffer) {
        Ok(Incoming::Nothing) => return Greeting::Nothing,
        Ok(Incoming::HungUp) | Err(_) => return Greeting::Gone,
        Ok(Incoming::Message(message)) => message,
    };
    if message.truncated {
        return Greeting::Refused(Code::BadMessage);
    }
    let hello = match Message::decode(&buffer[..message.len]) {
        Ok(Message::Hello(hello)) => hello,
        Ok(Message::Goodbye) => return Greeting::Gone,
        Err(Malformed::Version(_)) => return Greeting::Refused(Code::WrongVersion),
        Ok(_) | Err(Malformed::Foreign | Malformed::Invalid) => return Greeting::Refused(Code::BadMessage),
    };
    if let Some(code) = compare(&hello, end, endpoint) {
        return Greeting::Refused(code);
    }
    let pid = message.sender.and_then(|sender| sender.pid).map_or(0, |pid| pid.as_raw_nonzero().get() as u64);
    let Some(looks) = identification.take() else { return Greeting::Refused(Code::BadMessage) };
    match looks.look(&mut message) {
        Verdict::Known(process) => Greeting::Welcome(process, pid),
        Verdict::Unknown => Greeting::Refused(Code::CannotMonitor),
        Verdict::NoDescriptors => Greeting::Refused(Code::NoDescriptors),
        Verdict::Again(looks) => {
            *identification = Some(looks);
            match socket::send(socket, &Message::Again.encode(), &[]) {
                Ok(()) => Greeting::Nothing,
                Err(_) => Greeting::Gone,
            }
        }
    }
}

/// Returns what does not fit, if anything.
fn compare(hello: &Hello, end: WantedEnd, endpoint: &Endpoint) -> Option<Code> {
    let (theirs, ours) = (&hello.facts, &endpoint.facts);
    if theirs.layout != ours.layout || theirs.word != ours.word {
        Some(Code::WrongVersion)
    } else if hello.want != end {
        Some(Code::WrongEnd)
    } else if (theirs.size, theirs.align, &theirs.tag) != (ours.size, ours.align, &ours.tag) {
        Some(Code::WrongType)
    } else if theirs.kind != ours.kind {
        Some(Code::WrongKind)
    } else {
        None
    }
}

/// Refuses, with the facts of both sides. If the answer cannot be sent, the peer sees only the hang-up.
pub(in crate::control) fn refuse(
    endpoint: &Endpoint,
    socket: &OwnedFd,
    refused: Rejection,
    peer: Option<Credentials>,
) {
    let own = own_credentials();
    let (peer_uid, peer_gid) = peer.map_or((0, 0), |peer| (peer.uid, peer.gid));
    let refusal = Refusal {
        code: refused.code,
        facts: endpoint.facts.clone(),
        members: refused.members,
        leaving: refused.leaving,
        host_uid: own.uid,
        host_gid: own.gid,
        peer_uid,
        peer_gid,
    };
    let _ = socket::send(socket, &Message::Refuse(refusal).encode(), &[]);
}

/// Allocates a number, and counts one sending handle in it, for a process that is about to join.
pub(in crate::control) fn allocate_number(endpoint: &Endpoint) -> Result<Number, Rejection> {
    let Some(host) = &endpoint.host else { return Err(Rejection::new(Code::Closed)) };
    let queue = endpoint.queue();
    if queue.is_closed() {
        return Err(Rejection::new(Code::Closed));
    }
    let number = {
        let mut roster = host.roster();
        match roster.admission {
            Admission::Open => {}
            Admission::HandingOver => return Err(Rejection::new(Code::HandoverInProgress)),
            Admission::Closed => return Err(Rejection::new(Code::Closed)),
        }
        match host.take_number(&queue, &mut roster) {
            Ok(number) => number,
            Err(full) => {
                return Err(Rejection {
                    code: Code::TooManyProcesses,
                    members: full.members,
                    leaving: full.leaving,
                });
            }
        }
    };
    host.set_dead(number, false);
    if let Some(member) = endpoint.segment().view().common().members.get(usize::from(number)) {
        // ORDERING: the next holder learns its number by a message, which orders this before it.
        member.relay.store(0, Ordering::Relaxed);
    }
    if !queue.common().upgrade(number) {
        host.roster().release(number);
        return Err(Rejection::new(Code::Ended));
    }
    Ok(number)
}

/// Makes a member of a process that has a number, and tells it so.
fn admit(
    endpoint: &Arc<Endpoint>,
    porter: &'static Porter,
    socket: Arc<OwnedFd>,
    number: Number,
    process: Process,
) {
    let Some(host) = &endpoint.host else { return };
    if !host.roster().arrive(number) {
        return;
    }
    if try_admit(endpoint, host, porter, socket.clone(), number, process).is_err() {
        depart(endpoint, number);
        refuse(endpoint, &socket, Rejection::new(Code::NoDescriptors), None);
    }
}

fn try_admit(
    endpoint: &Arc<Endpoint>,
    host: &Host,
    porter: &'static Porter,
    socket: Arc<OwnedFd>,
    number: Number,
    process: Process,
) -> std::io::Result<()> {
    let own = host.process()?;
    let member = Member::new(number, socket, Doorbell::new()?, process);
    host.roster().enter(member.clone());
    attend(&member, endpoint, porter)?;
    // The process behind this connection is known now. To be told with each message costs a descriptor each time.
    let _ = socket::stop_pass_credentials(&member.lifeline);
    let descriptors = [endpoint.segment().fd(), member.doorbell.as_fd(), own.as_fd()];
    // Counted before it is told: it may send and leave again before this thread goes on, and then the stream must end.
    sender_came(endpoint);
    let told =
        socket::send(&member.lifeline, &Message::Accept(endpoint.place_of(number)).encode(), &descriptors);
    if told.is_err() {
        sender_came_in_vain(endpoint);
    }
    told
}
