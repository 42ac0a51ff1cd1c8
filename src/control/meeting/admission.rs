//! How the host lets somebody in: the door, and the connection of one who has not joined yet.
//!
//! Everything an applicant sends is suspect. Before it has joined it has cost a descriptor and, if it came through the
//! door, a place among at most [`MAX_APPLICANTS`] until a deadline; it never holds anybody up.

use std::{
    collections::HashMap,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, Weak},
    time::Instant,
};

use crate::control::{
    meeting::identity::{Look, Suspicion},
    membership::{
        endpoint::{Endpoint, refused},
        host::{Host, Refused},
        member::Member,
        roster::Doors,
    },
    porter::{PAUSE, Porter, Token, Watcher},
    wire::{Accept, Code, Hello, Malformed, Message, Refusal, Want},
};
use crate::{
    error::OpenError,
    queue::Number,
    sync::lock,
    sys::{
        events::{Doorbell, Event, Interest},
        process::{Process, own_credentials},
        socket::{self, Credentials, Incoming},
    },
};

/// More than this many applicants at once are not kept; of the process that has most of them the one that came first
/// must go. So a process that comes all the time does not push others out between their call and their `HELLO`.
const MAX_APPLICANTS: usize = 128;
/// Callers let in before others have their turn.
const TURN: usize = 16;

impl Endpoint {
    /// Begins to let senders in under the endpoint's name.
    pub(in crate::control) fn attend_door(self: &Arc<Self>) -> Result<(), OpenError> {
        let Some(host) = &self.host else { return Ok(()) };
        let mut name = host.name();
        let Some(name) = name.as_mut() else { return Ok(()) };
        let door = Arc::new(Door(Arc::downgrade(self)));
        let token = Porter::of_this_process()
            .and_then(|porter| porter.watch(name.listener().clone(), Interest::READABLE, door))
            .map_err(refused("watch the door"))?;
        name.token = Some(token);
        Ok(())
    }
}

/// The listening socket of a name.
struct Door(Weak<Endpoint>);

impl Watcher for Door {
    fn noticed(self: Arc<Self>, porter: &'static Porter, token: Token, event: Event) {
        let Some(endpoint) = self.0.upgrade() else { return };
        if event.hung_up {
            // Who shares the listener has shut it for good, and that would be reported without pause.
            return porter.forget(token);
        }
        for _ in 0..TURN {
            let listener =
                endpoint.host.as_ref().and_then(|host| Some(host.name().as_ref()?.listener().clone()));
            let Some(listener) = listener else { return };
            match listener.accept() {
                Ok(Some(caller)) => let_in(&endpoint, porter, caller),
                Ok(None) => return,
                Err(_) => {
                    // Out of descriptors, or of memory. One caller was turned away, so that we do not spin; until
                    // something was closed the next would fare no better.
                    let _ = porter.change(token, Interest::NONE);
                    porter.set_deadline(token, Some(Instant::now() + PAUSE));
                    return;
                }
            }
        }
    }

    fn overdue(self: Arc<Self>, porter: &'static Porter, token: Token) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let Some(host) = &endpoint.host else { return };
        // Under the lock: whoever sends the receiver away says so there, and shuts the door afterwards.
        let roster = host.roster();
        if roster.doors == Doors::Open {
            let _ = porter.change(token, Interest::READABLE);
        }
    }
}

/// One caller, so far only known by what the kernel says of it.
fn let_in(endpoint: &Arc<Endpoint>, porter: &'static Porter, caller: OwnedFd) {
    let Some(host) = &endpoint.host else { return };
    let own = own_credentials();
    let pid = match socket::peer_credentials(&caller) {
        Ok(who) if host.rules.admit(&who, || socket::peer_groups(&caller).unwrap_or_default(), own.uid) => {
            who.pid.map_or(0, |pid| pid.as_raw_nonzero().get())
        }
        Ok(who) => return refuse(endpoint, &caller, Refused::new(Code::NotAllowed), Some(who)),
        Err(_) => return,
    };
    let socket = Arc::new(caller);
    let applicant = Arc::new(Applicant::new(endpoint, socket.clone(), None));
    let Ok(token) = porter.watch(socket, Interest::READABLE.and(Interest::HANG_UP), applicant) else {
        return;
    };
    porter.set_deadline(token, Some(Instant::now() + endpoint.deadline));
    let mut waiting = lock(&host.waiting);
    waiting.push_back((token, pid));
    if waiting.len() > MAX_APPLICANTS {
        waiting.retain(|(token, _)| porter.knows(*token));
    }
    if waiting.len() > MAX_APPLICANTS
        && let Some(at) = who_must_go(waiting.iter().map(|(_, pid)| *pid))
        && let Some((token, _)) = waiting.remove(at)
    {
        porter.forget(token);
    }
}

/// The first of those who are most, given what they are.
fn who_must_go(pids: impl Iterator<Item = i32>) -> Option<usize> {
    let mut of = HashMap::new();
    for (at, pid) in pids.enumerate() {
        of.entry(pid).or_insert((0, at)).0 += 1;
    }
    let most = of.into_values().max_by_key(|(count, first)| (*count, std::cmp::Reverse(*first)));
    most.map(|(_, first)| first)
}

/// The host's end of a connection whose other end has not joined yet.
pub(in crate::control) struct Applicant {
    endpoint: Weak<Endpoint>,
    socket: Arc<OwnedFd>,
    /// The number that its descriptor carries, if it did not come through the door.
    invited: Option<Number>,
    suspicion: Mutex<Option<Suspicion>>,
}

impl Applicant {
    pub fn new(endpoint: &Arc<Endpoint>, socket: Arc<OwnedFd>, invited: Option<Number>) -> Applicant {
        let suspicion = Mutex::new(Some(Suspicion::default()));
        Applicant { endpoint: Arc::downgrade(endpoint), socket, invited, suspicion }
    }

    /// It will not join.
    fn give_up(&self, endpoint: &Arc<Endpoint>, porter: &'static Porter, token: Token) {
        porter.forget(token);
        if let Some(number) = self.invited {
            endpoint.depart(number);
        }
    }
}

impl Watcher for Applicant {
    fn noticed(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        let Some(endpoint) = self.endpoint.upgrade() else { return porter.forget(token) };
        let mut suspicion = lock(&self.suspicion);
        match hear_hello(&self.socket, &mut suspicion, Want::Sender, &endpoint) {
            Heard::Nothing => {}
            Heard::Gone => self.give_up(&endpoint, porter, token),
            Heard::Refused(code) => {
                // In this order: with the answer in its hands the applicant may count on its number being free.
                self.give_up(&endpoint, porter, token);
                refuse(&endpoint, &self.socket, Refused::new(code), None);
            }
            Heard::Welcome(process, pid) => {
                porter.forget(token);
                let number = match self.invited {
                    Some(number) => Ok(number),
                    None => endpoint.seat(),
                };
                match number {
                    Ok(number) => {
                        endpoint.note_pid(number, pid);
                        endpoint.admit(porter, self.socket.clone(), number, process);
                    }
                    Err(refused) => refuse(&endpoint, &self.socket, refused, None),
                }
            }
        }
    }

    fn overdue(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.forget(token);
    }
}

/// What an applicant's next message amounts to.
pub(in crate::control) enum Heard {
    Nothing,
    Gone,
    Refused(Code),
    /// All is as it must be, and this is its process, with its number as this process sees it (0: it does not).
    Welcome(Process, u64),
}

/// Takes one message of somebody who wants to join. `suspicion` is empty once it was looked at to the end.
pub(in crate::control) fn hear_hello(
    socket: &OwnedFd,
    suspicion: &mut Option<Suspicion>,
    end: Want,
    endpoint: &Endpoint,
) -> Heard {
    let mut buffer = [0; 256];
    let mut message = match socket::receive(socket, &mut buffer) {
        Ok(Incoming::Nothing) => return Heard::Nothing,
        Ok(Incoming::HungUp) | Err(_) => return Heard::Gone,
        Ok(Incoming::Message(message)) => message,
    };
    if message.truncated {
        return Heard::Refused(Code::BadMessage);
    }
    let hello = match Message::decode(&buffer[..message.len]) {
        Ok(Message::Hello(hello)) => hello,
        Ok(Message::Goodbye) => return Heard::Gone,
        Err(Malformed::Version(_)) => return Heard::Refused(Code::WrongVersion),
        Ok(_) | Err(Malformed::Foreign | Malformed::Invalid) => return Heard::Refused(Code::BadMessage),
    };
    if let Some(code) = compare(&hello, end, endpoint) {
        return Heard::Refused(code);
    }
    let pid = message.sender.and_then(|sender| sender.pid).map_or(0, |pid| pid.as_raw_nonzero().get() as u64);
    let Some(looks) = suspicion.take() else { return Heard::Refused(Code::BadMessage) };
    match looks.look(&mut message) {
        Look::Known(process) => Heard::Welcome(process, pid),
        Look::Unknown => Heard::Refused(Code::Unwatchable),
        Look::NoDescriptors => Heard::Refused(Code::NoDescriptors),
        Look::Again(looks) => {
            *suspicion = Some(looks);
            match socket::send(socket, &Message::Again.encode(), &[]) {
                Ok(()) => Heard::Nothing,
                Err(_) => Heard::Gone,
            }
        }
    }
}

/// What does not fit, if anything.
fn compare(hello: &Hello, end: Want, endpoint: &Endpoint) -> Option<Code> {
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

/// Says no, with the facts of both sides. If the answer cannot be sent, hanging up must do.
pub(in crate::control) fn refuse(
    endpoint: &Endpoint,
    socket: &OwnedFd,
    refused: Refused,
    who: Option<Credentials>,
) {
    let own = own_credentials();
    let (peer_uid, peer_gid) = who.map_or((0, 0), |who| (who.uid, who.gid));
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

impl Endpoint {
    /// Makes a member of somebody who has a number, and tells it so.
    fn admit(
        self: &Arc<Self>,
        porter: &'static Porter,
        socket: Arc<OwnedFd>,
        number: Number,
        process: Process,
    ) {
        let Some(host) = &self.host else { return };
        if !host.roster().arrive(number) {
            return;
        }
        if self.try_admit(host, porter, socket.clone(), number, process).is_err() {
            self.depart(number);
            refuse(self, &socket, Refused::new(Code::NoDescriptors), None);
        }
    }

    fn try_admit(
        self: &Arc<Self>,
        host: &Host,
        porter: &'static Porter,
        socket: Arc<OwnedFd>,
        number: Number,
        process: Process,
    ) -> std::io::Result<()> {
        let own = host.process()?;
        let member = Member::new(number, socket, Doorbell::new()?, process);
        host.roster().enter(member.clone());
        member.attend(self, porter)?;
        // Who speaks here is known now; to be told so with each message costs a descriptor each time.
        let _ = socket::stop_pass_credentials(&member.lifeline);
        let view = self.segment().view();
        let accept = Accept {
            number,
            host: self.me(),
            geometry: view.geometry(),
            align: self.facts.align,
            id: self.id(),
            fences: self.fence_kind,
        };
        let descriptors = [self.segment().fd(), member.doorbell.as_fd(), own.as_fd()];
        // First, for it may send and leave again before this thread goes on, and the stream is to have ended then.
        self.sender_came();
        let told = socket::send(&member.lifeline, &Message::Accept(accept).encode(), &descriptors);
        if told.is_err() {
            self.sender_came_in_vain();
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows W92.
    #[test]
    fn of_too_many_applicants_the_busiest_process_loses_its_first() {
        let must_go = |pids: &[i32]| who_must_go(pids.iter().copied());
        assert_eq!(must_go(&[]), None);
        assert_eq!(must_go(&[5, 7, 9]), Some(0), "of one each, the one that came first");
        assert_eq!(must_go(&[5, 7, 7, 9]), Some(1));
        assert_eq!(must_go(&[9, 7, 7, 5, 5]), Some(1));
        assert_eq!(must_go(&[9, 0, 7, 0]), Some(1), "those not known are taken for one");
    }
}
