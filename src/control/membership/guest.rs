//! A process in which the receiver does not live, as it knows itself: its connection to the host, and its goodbye.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use crate::control::{
    membership::endpoint::{Endpoint, Hearing, refused},
    porter::{PAUSE, Porter, Token, Watcher},
    waking::Calmly,
    wire::{Code, Message},
};
use crate::{
    error::OpenError,
    queue::Number,
    sync::{AtomicU32, Ordering, lock},
    sys::{
        events::{Doorbell, Event, Interest},
        fork::Birthplace,
        process::Process,
        socket::{self, Incoming},
    },
};

/// The number of the lifeline in the set of a guest's bells, which has no other.
const LIFELINE: u64 = 0;
/// Messages taken at once. More than any buffer holds: only a host that sends all the time reaches it.
const TURN: usize = 4096;

pub(in crate::control) struct Guest {
    lifeline: Arc<OwnedFd>,
    doorbell: Doorbell,
    process: Arc<Process>,
    /// The host's number.
    pub host: Number,
    birthplace: Birthplace,
    tokens: Mutex<Tokens>,
    lost: AtomicU32,
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    /// Held by the thread that waits for an answer: there is one question at a time.
    asking: Mutex<()>,
}

/// What of the host is watched.
#[derive(Default)]
struct Tokens {
    lifeline: Option<Token>,
    /// Kept after a hang-up: the end of the process is still to be noticed.
    process: Option<Token>,
}

#[derive(Default)]
struct Inbox {
    last_request: u64,
    /// The question to which a thread waits for the answer.
    open: Option<u64>,
    answer: Option<Result<OwnedFd, u32>>,
    lost: bool,
    /// The system had nothing to hear a message with that is there.
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

    /// Wakes the tasks of the host.
    pub fn ring(&self) {
        self.doorbell.ring();
    }

    /// Asks the host to look at the relay words. If its buffer is full, it has yet to read messages of ours, and looks
    /// after that. If the connection is broken the host listens to the doorbell instead.
    pub fn relay(&self) {
        match socket::send(&self.lifeline, &Message::Relay.encode(), &[]) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => self.ring(),
            _ => {}
        }
    }

    /// Takes in all that the host said. Wakes are single bytes and carry nothing.
    pub fn hear(&self, hearing: Option<&Arc<Hearing>>) {
        let mut buffer = [0; 256];
        for _ in 0..TURN {
            match socket::receive(&self.lifeline, &mut buffer) {
                Ok(Incoming::Message(message)) if message.len > 1 => {
                    self.take_in(&buffer[..message.len], message.descriptors);
                }
                Ok(Incoming::Message(_)) => {}
                Err(error) if socket::is_lack(&error) => {
                    // What is there will not be reported again. A wake has done its work all the same; a thread that waits
                    // for an answer is to look for it later.
                    lock(&self.inbox).unheard = true;
                    self.arrived.notify_all();
                    return;
                }
                Ok(Incoming::Nothing | Incoming::HungUp) | Err(_) => return,
            }
        }
        // Not read to the end, so the next message would be no news: have what is there reported once more.
        if let Some(hearing) = hearing {
            let _ = hearing.events.renew(&self.lifeline, LIFELINE, Interest::READABLE.once_each());
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
        // Else its asker has given up. The descriptor is closed, and so the sender in it is dropped.
    }

    /// Asks the host for a descriptor that carries a sender. The answer comes by the reactor that hears for this process. If that
    /// lacked memory for it, this thread calls `hear`, which is all that the reactor does: a wake for a task may be read too.
    pub fn invite(&self, deadline: Duration, hear: impl Fn()) -> Result<OwnedFd, Uninvited> {
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
        // It may have come in the last moment.
        inbox.answer.take().map_or(answer, |answer| answer.map_err(Uninvited::Refused))
    }

    fn ask(&self, message: &[u8], until: Instant, hear: impl Fn()) -> Result<OwnedFd, Uninvited> {
        while let Err(error) = socket::send(&self.lifeline, message, &[]) {
            if socket::is_gone(&error) {
                return Err(Uninvited::Refused(Code::Closed as u32));
            }
            if error.kind() != std::io::ErrorKind::WouldBlock {
                return Err(Uninvited::Unasked(error));
            }
            if !matches!(socket::wait_writable(&self.lifeline, Some(until)), Ok(true)) {
                return Err(Uninvited::Late);
            }
        }
        let mut inbox = lock(&self.inbox);
        loop {
            if let Some(answer) = inbox.answer.take() {
                return answer.map_err(Uninvited::Refused);
            }
            if inbox.lost {
                return Err(Uninvited::Refused(Code::Closed as u32));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Uninvited::Late);
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

/// Why there is no invitation.
pub(in crate::control) enum Uninvited {
    Late,
    Refused(u32),
    /// The system did not let it ask.
    Unasked(std::io::Error),
}

impl Endpoint {
    /// Begins to hear the host, and to watch it.
    pub(in crate::control) fn attend_host(self: &Arc<Self>) -> Result<(), OpenError> {
        let Some(guest) = self.guest.get() else { return Ok(()) };
        let attend = || {
            let hearing = match self.hearing() {
                Some(hearing) => hearing,
                None => return Err(std::io::ErrorKind::NotFound.into()),
            };
            hearing.events.add(&guest.lifeline, LIFELINE, Interest::READABLE.once_each())?;
            let porter = Porter::of_this_process()?;
            let watch = || Arc::new(HostWatch(Arc::downgrade(self)));
            // Held so that the porter, which may hear of the host's end at once, finds both tokens. One that it does not
            // find would be reported without pause for as long as the endpoint lives.
            let mut tokens = lock(&guest.tokens);
            tokens.lifeline = Some(porter.watch(guest.lifeline.clone(), Interest::HANG_UP, watch())?);
            tokens.process = Some(porter.watch(guest.process.clone(), Interest::READABLE, watch())?);
            Ok(())
        };
        attend().map_err(refused("watch the receiver's process"))
    }

    /// Ends this process's end of the channel: the host listens to it no more. The channel of the others goes on, for a hang-up
    /// does not prove that there is no receiver.
    pub(in crate::control) fn lose_lifeline(&self) {
        let Some(guest) = self.guest.get() else { return };
        guest.forget(|tokens| tokens.lifeline.take());
        // ORDERING: the swap only finds the first call; AcqRel so that a later one sees what that did.
        if guest.lost.swap(1, Ordering::AcqRel) != 0 {
            return;
        }
        // Last words may still be there.
        guest.hear(None);
        lock(&guest.inbox).lost = true;
        guest.arrived.notify_all();
        self.make_over();
        Calmly(self).wake_senders();
    }

    /// Closes the channel for all: the host's process has ended.
    fn lose_host(&self) {
        let Some(guest) = self.guest.get() else { return };
        guest.forget(|tokens| tokens.process.take());
        // First, so that the senders that wake in this process find it closed, as those of all others do.
        self.queue().close(&Calmly(self));
        self.lose_lifeline();
        // The receiver is gone, and senders that keep a handle keep the memory of the channel.
        self.segment().give_all_back();
    }
}

impl Guest {
    /// Stops watching one thing of the host.
    fn forget(&self, which: impl FnOnce(&mut Tokens) -> Option<Token>) {
        let token = which(&mut lock(&self.tokens));
        if let (Some(token), Ok(porter)) = (token, Porter::of_this_process()) {
            porter.forget(token);
        }
    }
}

/// Hears of the host's hang-up and of its end.
struct HostWatch(Weak<Endpoint>);

impl Watcher for HostWatch {
    fn noticed(self: Arc<Self>, _: &'static Porter, _: Token, event: Event) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let ended = endpoint.guest.get().is_some_and(|guest| guest.process.has_ended());
        if ended {
            endpoint.lose_host();
        } else if event.hung_up {
            endpoint.lose_lifeline();
        }
    }
}

impl Drop for Guest {
    /// Says goodbye. The mapping is gone already, so nothing is written after it.
    fn drop(&mut self) {
        if !self.birthplace.is_here() {
            return;
        }
        self.forget(|tokens| tokens.lifeline.take());
        self.forget(|tokens| tokens.process.take());
        // Also if the host has hung up, and no process hears it: this end may be over for another reason.
        say_goodbye(self.lifeline.clone());
    }
}

/// Says goodbye and hangs up; if the host is too far behind to take the message, or the system has no memory for it, as soon as
/// it can. Without it the host would keep the number until this process ends.
pub(in crate::control) fn say_goodbye(lifeline: Arc<OwnedFd>) {
    if goodbye(&lifeline) != Said::Over
        && let Ok(porter) = Porter::of_this_process()
    {
        let farewell = Arc::new(Farewell(lifeline.clone()));
        let _ = porter.watch(lifeline, Interest::WRITABLE, farewell);
    }
}

/// What came of a goodbye.
#[derive(PartialEq, Eq)]
enum Said {
    /// It was said, or the host cannot hear it.
    Over,
    /// There was no room for it at the host.
    NoRoom,
    /// The system had nothing to send it with.
    NotNow,
}

fn goodbye(lifeline: &OwnedFd) -> Said {
    match socket::send(lifeline, &Message::Goodbye.encode(), &[]) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Said::NoRoom,
        Err(error) if socket::is_lack(&error) => Said::NotNow,
        _ => {
            socket::hang_up(lifeline);
            Said::Over
        }
    }
}

/// A goodbye that waits for room.
struct Farewell(Arc<OwnedFd>);

impl Watcher for Farewell {
    fn noticed(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        match goodbye(&self.0) {
            Said::Over => porter.forget(token),
            Said::NoRoom => {}
            // There is room at the host, so that would be reported without pause.
            Said::NotNow => porter.pause(token),
        }
    }

    fn overdue(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.resume(token, Interest::WRITABLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Terms, host, sender_from_fd, sender_into_fd};
    use crate::wait::Hear;

    /// Two ends in one process, of which the host leaves while the guest begins to watch it.
    /// Shows W97.
    #[test]
    fn of_a_host_that_leaves_at_once_no_hang_up_is_missed() {
        let terms = Terms { capacity: 1, members: 2, ..Terms::default() };
        for _ in 0..2000 {
            let host = host(8, 8, &terms, None).unwrap();
            let descriptor = sender_into_fd(&host).unwrap();
            let leaving = std::thread::spawn(move || {
                while host.segment().view().common().members[2].pid.load(Ordering::Relaxed) == 0 {
                    std::hint::spin_loop();
                }
                drop(host);
            });
            let joined = sender_from_fd(descriptor, 8, 8, &terms);
            leaving.join().unwrap();
            let Ok(guest) = joined else { continue };
            let left = || guest.guest.get().is_some_and(|guest| lock(&guest.tokens).lifeline.is_none());
            let until = Instant::now() + Duration::from_secs(20);
            while !guest.queue().is_closed() || !left() {
                assert!(Instant::now() < until, "still watched: {}", guest.queue().is_closed());
                std::thread::yield_now();
            }
        }
    }

    fn others(host: &Endpoint) -> usize {
        host.host.as_ref().unwrap().roster().others()
    }

    /// Shows W99.
    #[test]
    fn an_invitation_that_comes_too_late_is_dropped_when_it_comes() {
        let terms = Terms { capacity: 1, members: 3, ..Terms::default() };
        let host = host(8, 8, &terms, None).unwrap();
        let guest = sender_from_fd(sender_into_fd(&host).unwrap(), 8, 8, &terms).unwrap();
        assert!(guest.guest.get().unwrap().invite(Duration::ZERO, || ()).is_err());
        let until = Instant::now() + Duration::from_secs(20);
        while others(&host) < 2 {
            assert!(Instant::now() < until, "the host never answered");
            std::thread::yield_now();
        }
        while others(&host) > 1 {
            assert!(Instant::now() < until, "its sender lives on");
            guest.hear();
        }
    }
}
