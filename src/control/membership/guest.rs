//! A process in which the receiver does not live, as it knows itself: its connection to the host, and the questions that it asks.
//! How it loses its host is [`departure::host_lost`](crate::control::departure::host_lost).

use std::{
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::bell_set::BellSet;
use crate::{
    control::{
        porter::{PAUSE, Porter, Token},
        wire::{Code, Message},
    },
    queue::Number,
    sync::{AtomicU32, Ordering, lock},
    sys::{
        events::{Doorbell, Interest},
        fork::Birthplace,
        process::Process,
        socket::{self, Incoming},
    },
};

/// The number of the lifeline in the set of a guest's bells, which has no other.
pub(in crate::control) const LIFELINE: u64 = 0;
/// Messages taken at once. It is more than any buffer holds, so only a host that sends all the time reaches it.
const TURN: usize = 4096;

/// The connection of a guest to its host.
pub(in crate::control) struct Guest {
    pub lifeline: Arc<OwnedFd>,
    doorbell: Doorbell,
    pub process: Arc<Process>,
    /// The host's number.
    pub host: Number,
    pub birthplace: Birthplace,
    pub tokens: Mutex<GuestTokens>,
    lost: AtomicU32,
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    /// Held by the thread that waits for an answer. There is one question at a time.
    asking: Mutex<()>,
}

/// What of the host is watched.
#[derive(Default)]
pub(in crate::control) struct GuestTokens {
    pub lifeline: Option<Token>,
    /// Kept after a hang-up: the guest must still notice the end of the process.
    pub process: Option<Token>,
}

#[derive(Default)]
struct Inbox {
    last_request: u64,
    /// The request to which a thread waits for the answer.
    open: Option<u64>,
    answer: Option<Result<OwnedFd, u32>>,
    lost: bool,
    /// The system had no memory to receive a message that is there.
    unheard: bool,
}

impl Guest {
    pub fn new(
        lifeline: Arc<OwnedFd>,
        doorbell: Doorbell,
        process: Arc<Process>,
        host: Number,
        birthplace: Birthplace,
    ) -> Guest {
        Guest {
            lifeline,
            doorbell,
            process,
            host,
            birthplace,
            tokens: Mutex::default(),
            lost: AtomicU32::new(0),
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            asking: Mutex::new(()),
        }
    }

    /// Notes that the host listens no more, and returns whether that is news. The last words of the host are taken in first.
    pub fn lose(&self) -> bool {
        // ORDERING: the swap only finds the first call; AcqRel so that a later one sees what that did.
        if self.lost.swap(1, Ordering::AcqRel) != 0 {
            return false;
        }
        self.hear(None);
        lock(&self.inbox).lost = true;
        self.arrived.notify_all();
        true
    }

    /// As if the host had hung up, or the connection were broken.
    #[cfg(test)]
    pub fn break_connection(&self) {
        socket::hang_up(&self.lifeline);
    }

    /// As if there had been no memory for a message.
    #[cfg(test)]
    pub fn lack_memory_once(&self) {
        lock(&self.inbox).unheard = true;
    }

    #[cfg(test)]
    pub fn say_nonsense(&self) {
        socket::send(&self.lifeline, &[0xff; 30], &[]).unwrap();
    }

    /// Tells the host to look at its tasks.
    pub fn ring(&self) {
        self.doorbell.ring();
    }

    /// Asks the host to look at the relay words. If its buffer is full, it has unread messages of this process, and looks after
    /// it has read them. If the connection is broken the host listens to the doorbell instead.
    pub fn relay(&self) {
        match socket::send(&self.lifeline, &Message::Relay.encode(), &[]) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => self.ring(),
            _ => {}
        }
    }

    /// Reads all that the host said. Wakes are single bytes and carry nothing.
    pub fn hear(&self, bell_set: Option<&Arc<BellSet>>) {
        let mut buffer = [0; 256];
        for _ in 0..TURN {
            match socket::receive(&self.lifeline, &mut buffer) {
                Ok(Incoming::Message(message)) if message.len > 1 => {
                    self.take_in(&buffer[..message.len], message.descriptors);
                }
                Ok(Incoming::Message(_)) => {}
                Err(error) if socket::is_lack(&error) => {
                    // The message will not be reported again. That is harmless for a wake: its work is done after this. A
                    // thread that waits for an answer looks for it later.
                    lock(&self.inbox).unheard = true;
                    self.arrived.notify_all();
                    return;
                }
                Ok(Incoming::Nothing | Incoming::HungUp) | Err(_) => return,
            }
        }
        // Messages are left unread, so the next one would be no edge. Have those that are there reported once more.
        if let Some(bell_set) = bell_set {
            let _ = bell_set.events.renew(&self.lifeline, LIFELINE, Interest::READABLE.once_each());
        }
    }

    fn take_in(&self, packet: &[u8], mut descriptors: Vec<OwnedFd>) {
        let Ok(Message::Invitation { request, refused }) = Message::decode(packet) else { return };
        let answer = match (refused, descriptors.pop()) {
            (0, Some(descriptor)) => Ok(descriptor),
            // It was sent, but this process has no room for it.
            (0, None) => Err(Code::NoDescriptors as u32),
            (code, _) => Err(code),
        };
        let mut inbox = lock(&self.inbox);
        if inbox.open == Some(request) {
            inbox.answer = Some(answer);
            self.arrived.notify_all();
        }
        // Otherwise the asking thread has given up. The descriptor is closed, and so the sender in it is dropped.
    }

    /// Asks the host for a descriptor that carries a sender. The answer is read by the thread that hears for this process. If
    /// that lacked memory for it, this thread calls `hear` itself. That does all that the other thread would do, because a wake
    /// for a task may be read too.
    pub fn invite(&self, deadline: Duration, hear: impl Fn()) -> Result<OwnedFd, InviteError> {
        let until = Instant::now() + deadline;
        let _asking = lock(&self.asking);
        let request = {
            let mut inbox = lock(&self.inbox);
            inbox.last_request += 1;
            inbox.open = Some(inbox.last_request);
            inbox.last_request
        };
        let answer = self.ask(&Message::Invite { request }.encode(), until, hear);
        let mut inbox = lock(&self.inbox);
        inbox.open = None;
        // The answer may have come in the last moment.
        inbox.answer.take().map_or(answer, |answer| answer.map_err(InviteError::Refused))
    }

    fn ask(&self, message: &[u8], until: Instant, hear: impl Fn()) -> Result<OwnedFd, InviteError> {
        while let Err(error) = socket::send(&self.lifeline, message, &[]) {
            if socket::is_gone(&error) {
                return Err(InviteError::Refused(Code::Closed as u32));
            }
            if error.kind() != std::io::ErrorKind::WouldBlock {
                return Err(InviteError::Unasked(error));
            }
            if !matches!(socket::wait_writable(&self.lifeline, Some(until)), Ok(true)) {
                return Err(InviteError::Late);
            }
        }
        let mut inbox = lock(&self.inbox);
        loop {
            if let Some(answer) = inbox.answer.take() {
                return answer.map_err(InviteError::Refused);
            }
            if inbox.lost {
                return Err(InviteError::Refused(Code::Closed as u32));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(InviteError::Late);
            }
            let unheard = std::mem::take(&mut inbox.unheard);
            let wait = if unheard { left.min(PAUSE) } else { left };
            inbox = self.arrived.wait_timeout(inbox, wait).unwrap_or_else(PoisonError::into_inner).0;
            if unheard {
                drop(inbox);
                hear();
                inbox = lock(&self.inbox);
            }
        }
    }
}

/// Why a guest got no invitation.
pub(in crate::control) enum InviteError {
    Late,
    Refused(u32),
    /// The system did not let the guest ask.
    Unasked(std::io::Error),
}

impl Guest {
    /// Stops watching the connection to the host, or its process.
    pub fn forget(&self, which: impl FnOnce(&mut GuestTokens) -> Option<Token>) {
        let token = which(&mut lock(&self.tokens));
        if let (Some(token), Ok(porter)) = (token, Porter::of_this_process()) {
            porter.forget(token);
        }
    }
}
