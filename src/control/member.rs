//! A guest as its host knows it: one connection, one doorbell, one process; and what its messages do.
//!
//! Hang-up means that it has left the conversation, not that it has stopped writing: only a goodbye or the end of its
//! process does. So a silent guest keeps its number until its process has ended.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, Mutex, Weak},
};

use super::{
    endpoint::Endpoint,
    porter::{Porter, Token, Watcher},
    wakes::Calmly,
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

pub(super) struct Member {
    pub number: Number,
    pub lifeline: Arc<OwnedFd>,
    /// By which it wakes our receiver; its own, so that what it does to it hurts only itself.
    pub doorbell: Doorbell,
    pub process: Arc<Process>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    lifeline: Option<Token>,
    process: Option<Token>,
}

impl Member {
    pub fn new(number: Number, lifeline: Arc<OwnedFd>, doorbell: Doorbell, process: Process) -> Arc<Member> {
        let process = Arc::new(process);
        Arc::new(Member { number, lifeline, doorbell, process, tokens: Mutex::default() })
    }

    /// Begins to listen to it, to watch its process, and to hear its doorbell.
    pub fn attend(
        self: &Arc<Self>,
        endpoint: &Arc<Endpoint>,
        porter: &'static Porter,
    ) -> std::io::Result<()> {
        if let Some(hearing) = endpoint.hearing() {
            hearing.events.add(&self.doorbell, self.number.into(), Interest::READABLE.once_each())?;
        }
        let watch = |end| -> Arc<dyn Watcher> {
            Arc::new(Watch { endpoint: Arc::downgrade(endpoint), member: self.clone(), end })
        };
        let mut tokens = lock(&self.tokens);
        let said = Interest::READABLE.and(Interest::HANG_UP);
        tokens.lifeline = Some(porter.watch(self.lifeline.clone(), said, watch(false))?);
        tokens.process = Some(porter.watch(self.process.clone(), Interest::READABLE, watch(true))?);
        Ok(())
    }

    /// Stops all that.
    pub fn forget(&self, porter: &Porter) {
        let tokens = std::mem::take(&mut *lock(&self.tokens));
        tokens.lifeline.into_iter().chain(tokens.process).for_each(|token| porter.forget(token));
    }

    /// Listens to it no longer, but goes on to watch its process.
    fn stop_listening(&self, porter: &Porter) {
        let token = lock(&self.tokens).lifeline.take();
        if let Some(token) = token {
            porter.forget(token);
        }
    }

    /// Wakes its tasks. If its buffer is full, wakes are there that it has not heard yet.
    pub fn ring(&self) {
        let _ = socket::send(&self.lifeline, &[0], &[]);
    }
}

struct Watch {
    endpoint: Weak<Endpoint>,
    member: Arc<Member>,
    /// It is the process that is watched, not the connection.
    end: bool,
}

impl Watcher for Watch {
    fn noticed(self: Arc<Self>, porter: &'static Porter, _: Token, _: Event) {
        let Some(endpoint) = self.endpoint.upgrade() else { return };
        let member = &self.member;
        if self.end {
            if member.process.has_ended() {
                endpoint.depart(member.number);
            }
            return;
        }
        let mut heard = false;
        for _ in 0..TURN {
            match next(&member.lifeline) {
                Said::Nothing => break,
                Said::Message(Message::Goodbye) => return endpoint.depart(member.number),
                Said::Message(Message::Relay) => heard = true,
                Said::Message(Message::Invite { request }) => {
                    heard = true;
                    endpoint.answer_invite(member, request);
                }
                // It broke the protocol, or has left it. Its process may still write to the segment, so its number
                // stays taken until that has ended; but nobody listens to it.
                Said::Message(_) | Said::Nonsense | Said::HungUp => {
                    member.stop_listening(porter);
                    heard = true;
                    if member.process.has_ended() {
                        endpoint.depart(member.number);
                    }
                    break;
                }
            }
        }
        if heard {
            endpoint.pass_on_relays();
            endpoint.go_on_with_recovery();
        }
    }
}

/// What a peer said.
pub(super) enum Said {
    Message(Message),
    Nonsense,
    Nothing,
    HungUp,
}

/// The next message of a connection on which no descriptors are expected.
pub(super) fn next(lifeline: &OwnedFd) -> Said {
    let mut buffer = [0; 256];
    match socket::receive(lifeline, &mut buffer) {
        Ok(Incoming::Nothing) => Said::Nothing,
        Ok(Incoming::HungUp) | Err(_) => Said::HungUp,
        Ok(Incoming::Message(message)) if message.truncated => Said::Nonsense,
        Ok(Incoming::Message(message)) => {
            Message::decode(&buffer[..message.len]).map_or(Said::Nonsense, Said::Message)
        }
    }
}

impl Endpoint {
    /// Wakes the processes whose relay words are set.
    pub(super) fn pass_on_relays(&self) {
        let Some(host) = &self.host else { return };
        let members = self.segment().view().members;
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
