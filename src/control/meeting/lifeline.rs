//! What a member says on its lifeline, and its hang-up, as its host hears them.
//!
//! A hang-up means that the member has left the conversation, not that it has stopped writing: only a goodbye or the end of its
//! process does. So a silent member keeps its number until its process has ended.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Weak},
};

use super::invite::answer_invite;
use crate::{
    control::{
        departure::{departed::depart, wake::go_on_with_recovery},
        membership::{endpoint::Endpoint, member::Member},
        porter::{Porter, Token, Watcher},
        waking::wakes::pass_on_relays,
        wire::Message,
    },
    sync::lock,
    sys::{
        events::{Event, Interest},
        socket::{self, Incoming},
    },
};

/// Messages read from one member before other members have their turn.
const TURN: usize = 32;

/// What the porter listens for on a lifeline.
const SAID: Interest = Interest::READABLE.and(Interest::HANG_UP);

/// Begins to listen to a member, to watch its process, and to hear its doorbell.
pub(in crate::control) fn attend(
    member: &Arc<Member>,
    endpoint: &Arc<Endpoint>,
    porter: &'static Porter,
) -> io::Result<()> {
    if let Some(bell_set) = endpoint.bell_set() {
        bell_set.events.add(&member.doorbell, member.number.into(), Interest::READABLE.once_each())?;
    }
    let watch = |what| watcher(member, Arc::downgrade(endpoint), what);
    let mut tokens = lock(&member.tokens);
    tokens.lifeline = Some(porter.watch(member.lifeline.clone(), SAID, watch(What::Lifeline))?);
    tokens.process = Some(porter.watch(member.process.clone(), Interest::READABLE, watch(What::Process))?);
    Ok(())
}

fn watcher(member: &Arc<Member>, endpoint: Weak<Endpoint>, what: What) -> Arc<dyn Watcher> {
    Arc::new(Watch { endpoint, member: member.clone(), what })
}

/// Reads no message of a member any more, and listens to its doorbell instead. The doorbell says less but cannot break: a member
/// that lives on rings it to say that a relay word is set. The process is still watched.
fn stop_listening(member: &Arc<Member>, endpoint: &Weak<Endpoint>, porter: &Porter) {
    let mut tokens = lock(&member.tokens);
    let Some(token) = tokens.lifeline.take() else { return };
    let watcher = watcher(member, endpoint.clone(), What::Doorbell);
    tokens.doorbell = porter.watch(member.doorbell.clone(), Interest::READABLE.once_each(), watcher).ok();
    drop(tokens);
    porter.forget(token);
    // The member notices this, and rings instead. What it says here would stay unread for ever.
    socket::stop_receiving(&member.lifeline);
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
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        let Some(endpoint) = self.endpoint.upgrade() else { return };
        let member = &self.member;
        let mut heard = false;
        match self.what {
            What::Process => {
                if member.process.has_ended() {
                    depart(&endpoint, member.number);
                }
                return;
            }
            What::Doorbell => return look_for_all(&endpoint),
            What::Lifeline => {}
        }
        for _ in 0..TURN {
            match next(&member.lifeline) {
                LifelineMessage::Nothing => break,
                LifelineMessage::NotNow => {
                    porter.pause(token);
                    break;
                }
                LifelineMessage::Message(Message::Goodbye) => return depart(&endpoint, member.number),
                LifelineMessage::Message(Message::Relay) => heard = true,
                LifelineMessage::Message(Message::Invite { request }) => {
                    heard = true;
                    answer_invite(&endpoint, member, request);
                }
                // The member broke the protocol, or has hung up. Its process may still write to the segment. So its number stays
                // taken until the process has ended, but its messages are not read any more.
                LifelineMessage::Message(_) | LifelineMessage::Nonsense | LifelineMessage::HungUp => {
                    stop_listening(member, &self.endpoint, porter);
                    heard = true;
                    if member.process.has_ended() {
                        depart(&endpoint, member.number);
                    } else if let Some(host) = &endpoint.host {
                        host.will_stay();
                    }
                    break;
                }
            }
        }
        if heard {
            look_for_all(&endpoint);
        }
    }

    fn on_deadline(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.resume(token, SAID);
    }
}

/// What comes next on a lifeline.
pub(in crate::control) enum LifelineMessage {
    Message(Message),
    Nonsense,
    Nothing,
    /// The system has no memory for it at this moment.
    NotNow,
    HungUp,
}

/// Reads the next message of a connection on which no descriptors are expected.
pub(in crate::control) fn next(lifeline: &OwnedFd) -> LifelineMessage {
    let mut buffer = [0; 256];
    #[cfg(test)]
    if starving::starves(lifeline) {
        return LifelineMessage::of_error(&io::Error::from_raw_os_error(libc::ENOMEM));
    }
    match socket::receive(lifeline, &mut buffer) {
        Ok(Incoming::Nothing) => LifelineMessage::Nothing,
        Ok(Incoming::HungUp) => LifelineMessage::HungUp,
        Err(error) => LifelineMessage::of_error(&error),
        Ok(Incoming::Message(message)) if message.truncated => LifelineMessage::Nonsense,
        Ok(Incoming::Message(message)) => Message::decode(&buffer[..message.len])
            .map_or(LifelineMessage::Nonsense, LifelineMessage::Message),
    }
}

impl LifelineMessage {
    fn of_error(error: &io::Error) -> LifelineMessage {
        if socket::is_lack(error) { LifelineMessage::NotNow } else { LifelineMessage::HungUp }
    }
}

/// Looks at all that a member may have changed for other processes: relay words, and permit operations that have ended.
fn look_for_all(endpoint: &Endpoint) {
    pass_on_relays(endpoint);
    go_on_with_recovery(endpoint);
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
