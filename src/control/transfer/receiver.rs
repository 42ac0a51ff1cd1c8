//! Giving the receiver itself to another process as one descriptor: the giver becomes a guest, the taker the host.
//!
//! It happens only while no other process takes part, so no third process needs to be told.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex},
};

use crate::{
    control::{
        departure::{
            close::{close, send_applicants_away},
            host_lost::{attend_host, lose_lifeline},
            wake::look_late,
        },
        meeting::{
            admission::{Greeting, hear_hello, refuse},
            carrier,
            door::attend_door,
            identity::Identification,
            lifeline::attend,
            refusal::{check_place, unexpected, without_descriptors},
            talk::{Patience, Talk},
            terms::Terms,
        },
        membership::{
            chunks::queue_of,
            endpoint::{Endpoint, EndpointParts, Role},
            fencing::fences,
            guest::Guest,
            host::Host,
            member::Member,
            name::{Name, NameParts},
            name_as_sender::NameAsSender,
            roster::{Admission, Roster},
            rules::Rules,
        },
        porter::{Porter, Token, Watcher},
        waking::wakes::look_at_sleepers,
        wire::{Code, HANDOVER_FDS, HANDOVER_FDS_NAMED, Handover, Message, Rejection, TAKEN_FDS, WantedEnd},
    },
    error::OpenError,
    queue::Number,
    segment::Segment,
    sync::lock,
    sys::{
        events::{Doorbell, Event, Interest},
        fork::Birthplace,
        process::Process,
        socket::{self, Incoming},
    },
};

/// Makes a descriptor that carries the receiver. This process then has the receiver no longer.
pub(crate) fn receiver_into_fd(endpoint: &Arc<Endpoint>) -> Result<OwnedFd, OpenError> {
    endpoint.check_fork()?;
    let Some(host) = &endpoint.host else { return Err(OpenError::WrongEnd) };
    if endpoint.queue().is_closed() {
        return Err(OpenError::Closed { path: None });
    }
    let number = {
        let mut roster = host.settled_roster(endpoint.deadline);
        if roster.admission != Admission::Open {
            return Err(OpenError::Closed { path: None });
        }
        match roster.others() {
            0 => {}
            members => return Err(OpenError::OthersJoined { members }),
        }
        if roster.is_leaving() {
            // An account that never comes to rest holds nonsense.
            return Err(OpenError::TimedOut { path: None, waited: endpoint.deadline });
        }
        let number = host.take_number(&endpoint.queue(), &mut roster).map_err(|full| {
            OpenError::TooManyProcesses { path: None, members: full.members, leaving: full.leaving }
        })?;
        roster.admission = Admission::HandingOver;
        number
    };
    let sent = send_off(endpoint, host, number);
    if sent.is_err() {
        stay(endpoint, number);
    }
    sent
}

fn send_off(endpoint: &Arc<Endpoint>, host: &Host, number: Number) -> Result<OwnedFd, OpenError> {
    let porter = Porter::of_this_process().map_err(OpenError::system("start the porter"))?;
    // New callers wait at the door until the next host opens it.
    let door = host.name().as_ref().and_then(|name| name.token);
    door.map_or(Ok(()), |door| porter.change(door, Interest::NONE))
        .map_err(OpenError::system("shut the door"))?;
    // Callers that were let in before call again, and wait at the door too.
    send_applicants_away(host, porter);
    let (ours, theirs) = socket::pair().map_err(OpenError::system("make a pair of sockets"))?;
    let carrier =
        carrier::load(theirs).map_err(OpenError::system("make a descriptor that carries the receiver"))?;
    socket::set_pass_credentials(&ours).map_err(OpenError::system("ask who sends"))?;
    // The tasks of this process that sleep must listen to another one soon.
    endpoint.set_role(Role::HandingOver);
    endpoint.open_bells()?;
    let ours = Arc::new(ours);
    let state = Mutex::new(TransitState::Asked(Some(Identification::default())));
    let transit = Arc::new(Transit { endpoint: endpoint.clone(), socket: ours.clone(), number, state });
    porter
        .watch(ours, Interest::READABLE.and(Interest::HANG_UP), transit)
        .map_err(OpenError::system("watch the descriptor"))?;
    Ok(carrier)
}

/// Undoes the beginning of a handover: the receiver did not leave after all.
fn stay(endpoint: &Endpoint, number: Number) {
    let Some(host) = &endpoint.host else { return };
    {
        let mut roster = host.roster();
        roster.release(number);
        roster.admission = Admission::Open;
    }
    let door = host.name().as_ref().and_then(|name| name.token);
    if let (Some(door), Ok(porter)) = (door, Porter::of_this_process()) {
        let _ = porter.change(door, Interest::READABLE);
    }
    endpoint.set_role(Role::Host);
}

/// The giver's end while the receiver is on its way. It keeps the endpoint alive, which no other handle in this process may do.
struct Transit {
    endpoint: Arc<Endpoint>,
    socket: Arc<OwnedFd>,
    /// The number of the next host.
    number: Number,
    state: Mutex<TransitState>,
}

enum TransitState {
    /// No process has asked for the receiver yet.
    Asked(Option<Identification>),
    /// The receiver was sent to this process. Its end is watched under the token, because another process may have a copy of its
    /// connection and keep it open.
    Sent(Arc<Process>, Token),
    Over,
}

impl Watcher for Transit {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        let mut state = lock(&self.state);
        let next = match &mut *state {
            TransitState::Asked(identification) => {
                match hear_hello(&self.socket, identification, WantedEnd::Receiver, &self.endpoint) {
                    Greeting::Nothing => return,
                    Greeting::Welcome(process, _) => match self.hand_over(porter, token, process) {
                        Ok((process, end)) => TransitState::Sent(process, end),
                        Err(_) => {
                            let lack = Rejection::new(Code::NoDescriptors);
                            refuse(&self.endpoint, &self.socket, lack, None);
                            TransitState::Over
                        }
                    },
                    Greeting::Refused(code) => {
                        refuse(&self.endpoint, &self.socket, Rejection::new(code), None);
                        TransitState::Over
                    }
                    Greeting::Gone => TransitState::Over,
                }
            }
            TransitState::Sent(process, end) => {
                let (process, end) = (process.clone(), *end);
                let mut buffer = [0; 256];
                match socket::receive(&self.socket, &mut buffer) {
                    Ok(Incoming::Nothing) if !process.has_ended() => return,
                    Ok(Incoming::Message(message)) => {
                        porter.forget(end);
                        let taken = Message::decode(&buffer[..message.len]) == Ok(Message::Taken);
                        let [doorbell] = match <[OwnedFd; TAKEN_FDS]>::try_from(message.descriptors) {
                            Ok(descriptors) => descriptors.map(|fd| Doorbell::from_fd(fd).ok()),
                            Err(_) => [None],
                        };
                        match doorbell.filter(|_| taken) {
                            Some(doorbell) => {
                                *state = TransitState::Over;
                                porter.forget(token);
                                become_guest(
                                    &self.endpoint,
                                    self.socket.clone(),
                                    doorbell,
                                    process,
                                    self.number,
                                );
                                return;
                            }
                            None => TransitState::Over,
                        }
                    }
                    Ok(Incoming::Nothing | Incoming::HungUp) | Err(_) => {
                        porter.forget(end);
                        TransitState::Over
                    }
                }
            }
            TransitState::Over => return,
        };
        let over = matches!(next, TransitState::Over);
        // A taker that lives may have the receiver, though its answer could not be read.
        let may_be_taken = matches!(&*state, TransitState::Sent(process, _) if !process.has_ended());
        *state = next;
        if over {
            // The receiver is lost on its way: that counts as if it had been dropped here.
            porter.forget(token);
            self.endpoint.set_role(Role::Host);
            close(&self.endpoint);
            if !may_be_taken {
                self.endpoint.segment().give_all_back();
            }
        }
    }
}

/// Is called at the end of the process to which the receiver was sent.
struct TakerWatch {
    transit: Arc<Transit>,
    /// The token of its connection, on which its last words may still be unread.
    line: Token,
}

impl Watcher for TakerWatch {
    fn on_event(self: Arc<Self>, porter: &'static Porter, _: Token, event: Event) {
        self.transit.clone().on_event(porter, self.line, event);
    }
}

impl Transit {
    /// Sends the receiver to this process, and begins to watch for its end.
    fn hand_over(
        self: &Arc<Self>,
        porter: &'static Porter,
        line: Token,
        process: Process,
    ) -> std::io::Result<(Arc<Process>, Token)> {
        let taker = Arc::new(process);
        let watch = Arc::new(TakerWatch { transit: self.clone(), line });
        let end = porter.watch(taker.clone(), Interest::READABLE, watch)?;
        let sent = self.send_receiver();
        if sent.is_err() {
            porter.forget(end);
        }
        sent.map(|()| (taker, end))
    }

    fn send_receiver(&self) -> std::io::Result<()> {
        let endpoint = &self.endpoint;
        let Some(host) = &endpoint.host else { return Err(std::io::ErrorKind::NotFound.into()) };
        let process = host.process()?;
        let name = host.name();
        let accept = endpoint.place_of(self.number);
        let (open, end_with_last) = host.name_as_sender_facts();
        let handover = Handover {
            accept,
            name: name.as_ref().map(Name::facts),
            end_with_last,
            open,
            uids: host.rules.uids.clone(),
            gids: host.rules.gids.clone(),
        };
        let mut descriptors = vec![endpoint.segment().fd(), process.as_fd()];
        if let Some(name) = name.as_ref() {
            descriptors.extend(name.descriptors());
        }
        socket::send(&self.socket, &Message::Handover(handover).encode(), &descriptors)
    }
}

/// Makes this process a guest: the receiver has arrived in another process.
fn become_guest(
    endpoint: &Arc<Endpoint>,
    lifeline: Arc<OwnedFd>,
    doorbell: Doorbell,
    process: Arc<Process>,
    host_number: Number,
) {
    let Some(host) = &endpoint.host else { return };
    let name = host.name().take();
    if let Some(name) = name {
        name.token
            .into_iter()
            .zip(Porter::of_this_process())
            .for_each(|(token, porter)| porter.forget(token));
        // Closed here and not given up: name, listener and lock live on in the other process.
        drop(name);
    }
    host.roster().admission = Admission::Closed;
    // Callers that were being let in while the door was shut.
    if let Ok(porter) = Porter::of_this_process() {
        send_applicants_away(host, porter);
    }
    // The process behind this connection is known. To be told with each wake costs a descriptor each time.
    let _ = socket::stop_pass_credentials(&lifeline);
    let guest = Guest::new(lifeline, doorbell, process, host_number, endpoint.birthplace());
    if endpoint.guest.set(guest).is_err() {
        return;
    }
    endpoint.set_role(Role::Guest);
    if attend_host(endpoint).is_err() {
        // This process could not notice the end of the receiver, so its senders end now.
        lose_lifeline(endpoint);
        return;
    }
    // While the receiver was on its way, a thread that sent a value had no process to ring, and a thread that ended a permit
    // operation had no process to tell. The next host may wait for either.
    if let Some(guest) = endpoint.guest.get() {
        guest.ring();
        guest.relay();
    }
    look_at_sleepers(endpoint);
}

/// Takes over the receiver by a descriptor that carries it.
pub(crate) fn receiver_from_fd(
    descriptor: OwnedFd,
    size: usize,
    align: usize,
    terms: &Terms,
) -> Result<Arc<Endpoint>, OpenError> {
    let facts = terms.facts(size, align)?;
    let birthplace = Birthplace::here().map_err(OpenError::system("mark this process"))?;
    let talk = Talk::new(carrier::unload(descriptor)?, Patience::of(terms));
    let (answer, descriptors) = talk.ask(WantedEnd::Receiver, &facts)?;
    let Message::Handover(handover) = answer else { return Err(unexpected()) };
    let accept = handover.accept;
    check_place(&accept, &facts)?;
    let mut descriptors = descriptors.into_iter();
    let (memory, process, name) = match (&handover.name, descriptors.len()) {
        (None, HANDOVER_FDS) => (descriptors.next(), descriptors.next(), None),
        (Some(name), HANDOVER_FDS_NAMED) => {
            let (memory, process) = (descriptors.next(), descriptors.next());
            let parts = <[OwnedFd; 3]>::try_from(descriptors.collect::<Vec<_>>());
            (
                memory,
                process,
                parts.ok().map(|[listener, lock, directory]| (name, NameParts { listener, lock, directory })),
            )
        }
        _ => (None, None, None),
    };
    let (Some(memory), Some(process)) = (memory, process) else {
        return Err(without_descriptors());
    };
    let process = Process::from_fd(process).map_err(OpenError::system("watch the giver's process"))?;
    let segment = Segment::open(memory, accept.geometry, terms.pages)
        .map_err(OpenError::system("map the channel's memory"))?;
    let name = name
        .map(|(facts, parts)| Name::from_parts(facts, parts))
        .transpose()
        .map_err(OpenError::system("take over the receiver's name"))?;
    let doorbell = Doorbell::new().map_err(OpenError::system("make a doorbell"))?;
    let (tail, claimants) = queue_of(&segment).claimants();
    let mut roster = Roster::taken_over(accept.geometry.members(), accept.number, tail, &claimants);
    roster.take_exact(accept.host);
    let rules = Rules { uids: handover.uids, gids: handover.gids };
    let members = accept.geometry.members();
    let name_as_sender = NameAsSender::new(handover.open, handover.end_with_last);
    let host = Host::new(roster, members, rules, name_as_sender);
    for number in 1..=members as Number {
        host.set_dead(number, number != accept.number && number != accept.host);
    }
    *host.name() = name;
    let endpoint = Endpoint::new(EndpointParts {
        segment,
        birthplace,
        facts,
        fence_kind: accept.fences,
        fences: fences(accept.fences),
        me: accept.number,
        id: accept.id,
        deadline: terms.deadline,
        host: Some(host),
        guest: None,
        look_late,
    });
    endpoint.note_pid(accept.number, std::process::id().into());
    endpoint.open_bells()?;
    let lifeline = Arc::new(talk.done());
    let _ = socket::refuse_descriptors(&lifeline);
    // TAKEN comes before any wake. If the giver has ended meanwhile, its process shows that. If it cannot be told for another
    // reason, this fails: the giver must not believe that the receiver is still on its way.
    match socket::send(&lifeline, &Message::Taken.encode(), &[doorbell.as_fd()]) {
        Err(error) if !socket::is_gone(&error) => return Err(OpenError::system("take the receiver")(error)),
        _ => {}
    }
    let giver = Member::new(accept.host, lifeline, doorbell, process);
    if let Some(host) = &endpoint.host {
        host.roster().enter(giver.clone());
    }
    let porter = Porter::of_this_process().map_err(OpenError::system("start the porter"))?;
    attend(&giver, &endpoint, porter).map_err(OpenError::system("watch the giver's process"))?;
    attend_door(&endpoint)?;
    Ok(endpoint)
}
