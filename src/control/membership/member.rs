//! A guest as its host knows it: one connection, one doorbell, one process; and what its messages do.
//!
//! Hang-up means that it has left the conversation, not that it has stopped writing: only a goodbye or the end of its
//! process does. So a silent guest keeps its number until its process has ended.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, Weak},
};

use crate::control::{
    membership::endpoint::Endpoint,
    porter::{Porter, Token, Watcher},
    waking::Calmly,
    wire::Message,
};
use crate::{
    queue::Number,
    sync::{Ordering, lock},
    sys::{
        events::{Doorbell, Event, Interest},
        process::Process,
        socket::{self, Incoming},
    },
};

/// Messages taken from one guest before others have their turn.
const TURN: usize = 32;

pub(in crate::control) struct Member {
    pub number: Number,
    pub lifeline: Arc<OwnedFd>,
    /// By which it wakes our receiver; its own, so that what it does to it hurts only itself.
    pub doorbell: Arc<Doorbell>,
    pub process: Arc<Process>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    lifeline: Option<Token>,
    process: Option<Token>,
    /// Only when the lifeline is not listened to any more.
    doorbell: Option<Token>,
}

/// What the porter listens for on a lifeline.
const SAID: Interest = Interest::READABLE.and(Interest::HANG_UP);

impl Member {
    pub fn new(number: Number, lifeline: Arc<OwnedFd>, doorbell: Doorbell, process: Process) -> Arc<Member> {
        let (doorbell, process) = (Arc::new(doorbell), Arc::new(process));
        Arc::new(Member { number, lifeline, doorbell, process, tokens: Mutex::default() })
    }

    /// Begins to listen to it, to watch its process, and to hear its doorbell.
    pub fn attend(self: &Arc<Self>, endpoint: &Arc<Endpoint>, porter: &'static Porter) -> io::Result<()> {
        if let Some(hearing) = endpoint.hearing() {
            hearing.events.add(&self.doorbell, self.number.into(), Interest::READABLE.once_each())?;
        }
        let watch = |what| self.watcher(Arc::downgrade(endpoint), what);
        let mut tokens = lock(&self.tokens);
        tokens.lifeline = Some(porter.watch(self.lifeline.clone(), SAID, watch(What::Lifeline))?);
        tokens.process =
            Some(porter.watch(self.process.clone(), Interest::READABLE, watch(What::Process))?);
        Ok(())
    }

    fn watcher(self: &Arc<Self>, endpoint: Weak<Endpoint>, what: What) -> Arc<dyn Watcher> {
        Arc::new(Watch { endpoint, member: self.clone(), what })
    }

    /// Stops all that.
    pub fn forget(&self, porter: &Porter) {
        let tokens = std::mem::take(&mut *lock(&self.tokens));
        let all = [tokens.lifeline, tokens.process, tokens.doorbell];
        all.into_iter().flatten().for_each(|token| porter.forget(token));
    }

    /// Takes no message of it any more, but goes on to watch its process; and listens to its doorbell instead, which says
    /// less but cannot break: it is how a guest that lives on says that a relay word is set.
    fn stop_listening(self: &Arc<Self>, endpoint: &Weak<Endpoint>, porter: &Porter) {
        let mut tokens = lock(&self.tokens);
        let Some(token) = tokens.lifeline.take() else { return };
        let watcher = self.watcher(endpoint.clone(), What::Doorbell);
        tokens.doorbell = porter.watch(self.doorbell.clone(), Interest::READABLE.once_each(), watcher).ok();
        drop(tokens);
        porter.forget(token);
        // So that it notices, and rings instead: what it says here would wait unread for ever.
        socket::hear_no_more(&self.lifeline);
    }

    /// Returns whether it has hung up, and the porter has yet to hear what it said last.
    pub fn is_hanging_up(&self) -> bool {
        self.is_listened_to() && socket::has_hung_up(&self.lifeline)
    }

    /// Whether what it says is heard.
    pub fn is_listened_to(&self) -> bool {
        lock(&self.tokens).lifeline.is_some()
    }

    /// Wakes its tasks. If its buffer is full, wakes are there that it has not heard yet.
    pub fn ring(&self) {
        let _ = socket::send(&self.lifeline, &[0], &[]);
    }
}

struct Watch {
    endpoint: Weak<Endpoint>,
    member: Arc<Member>,
    what: What,
}

/// What of a member is watched.
enum What {
    Lifeline,
    Process,
    Doorbell,
}

impl Watcher for Watch {
    fn noticed(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        let Some(endpoint) = self.endpoint.upgrade() else { return };
        let member = &self.member;
        let mut heard = false;
        match self.what {
            What::Process => {
                if member.process.has_ended() {
                    endpoint.depart(member.number);
                }
                return;
            }
            What::Doorbell => return endpoint.look_for_everybody(),
            What::Lifeline => {}
        }
        for _ in 0..TURN {
            match next(&member.lifeline) {
                Said::Nothing => break,
                Said::NotNow => {
                    porter.pause(token);
                    break;
                }
                Said::Message(Message::Goodbye) => return endpoint.depart(member.number),
                Said::Message(Message::Relay) => heard = true,
                Said::Message(Message::Invite { request }) => {
                    heard = true;
                    endpoint.answer_invite(member, request);
                }
                // It broke the protocol, or has left it. Its process may still write to the segment, so its number
                // stays taken until that has ended; but nobody listens to it.
                Said::Message(_) | Said::Nonsense | Said::HungUp => {
                    member.stop_listening(&self.endpoint, porter);
                    heard = true;
                    if member.process.has_ended() {
                        endpoint.depart(member.number);
                    } else if let Some(host) = &endpoint.host {
                        host.will_stay();
                    }
                    break;
                }
            }
        }
        if heard {
            endpoint.look_for_everybody();
        }
    }

    fn overdue(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.resume(token, SAID);
    }
}

/// What a peer said.
pub(in crate::control) enum Said {
    Message(Message),
    Nonsense,
    Nothing,
    /// The system has no memory for it at this moment.
    NotNow,
    HungUp,
}

/// The next message of a connection on which no descriptors are expected.
pub(in crate::control) fn next(lifeline: &OwnedFd) -> Said {
    let mut buffer = [0; 256];
    #[cfg(test)]
    if starving::starves(lifeline) {
        return Said::of_error(&io::Error::from_raw_os_error(libc::ENOMEM));
    }
    match socket::receive(lifeline, &mut buffer) {
        Ok(Incoming::Nothing) => Said::Nothing,
        Ok(Incoming::HungUp) => Said::HungUp,
        Err(error) => Said::of_error(&error),
        Ok(Incoming::Message(message)) if message.truncated => Said::Nonsense,
        Ok(Incoming::Message(message)) => {
            Message::decode(&buffer[..message.len]).map_or(Said::Nonsense, Said::Message)
        }
    }
}

impl Said {
    fn of_error(error: &io::Error) -> Said {
        if socket::is_lack(error) { Said::NotNow } else { Said::HungUp }
    }
}

impl Endpoint {
    /// Somebody has said that something may have changed for somebody else.
    fn look_for_everybody(&self) {
        self.pass_on_relays();
        self.go_on_with_recovery();
    }

    /// Wakes the processes whose relay words are set.
    pub(in crate::control) fn pass_on_relays(&self) {
        let Some(host) = &self.host else { return };
        let members = self.segment().view().common().members;
        // ORDERING: AcqRel: what was done before the word was set is seen by whoever is woken for it.
        let taken = |index: usize| {
            let word = &members[index].relay;
            word.load(Ordering::Relaxed) != 0 && word.swap(0, Ordering::AcqRel) != 0
        };
        if taken(0) {
            host.ring_all();
            Calmly(self).hear();
        }
        for number in 1..members.len() {
            if taken(number) {
                host.ring(number as Number);
            }
        }
    }
}

/// For tests: a connection on which this process hears nothing for lack of memory.
#[cfg(test)]
pub(in crate::control) mod starving {
    use std::os::fd::{AsRawFd, OwnedFd};

    use crate::sync::{AtomicU32, Ordering};

    /// Its descriptor; 0: none.
    pub static AT: AtomicU32 = AtomicU32::new(0);
    /// How often it was tried.
    pub static TRIES: AtomicU32 = AtomicU32::new(0);

    pub fn starves(lifeline: &OwnedFd) -> bool {
        let starves = AT.load(Ordering::Relaxed) == lifeline.as_raw_fd() as u32;
        if starves {
            TRIES.fetch_add(1, Ordering::Relaxed);
        }
        starves
    }
}
