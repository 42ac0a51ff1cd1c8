//! The joining side of a connection, until the process has joined.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    refusal::{broken, explain, lacks_descriptors, other_version, unexpected},
    terms::Terms,
};
use crate::{
    control::{
        departure::goodbye::say_goodbye,
        wire::{Facts, Hello, MAX_MESSAGE, Malformed, Message, WantedEnd},
    },
    error::OpenError,
    sys::{
        interrupt::{self, Interrupt, Waited},
        socket::{self, Incoming},
    },
};

/// How long a conversation may take, and what ends it early.
#[derive(Clone, Copy)]
pub(in crate::control) struct Patience<'a> {
    pub until: Instant,
    /// What the caller asked for.
    pub deadline: Duration,
    /// Once this has rung, no task waits for the result any more.
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

/// The joining side of a connection until it has joined. If joining fails it says goodbye. The host may have counted this
/// process already, and would otherwise wait for its end.
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

    /// Ends the joining with success: the connection is a lifeline now.
    pub fn done(mut self) -> OwnedFd {
        match self.socket.take() {
            Some(socket) => socket,
            None => unreachable!("it is taken here only, and `self` with it"),
        }
    }

    /// Says HELLO, as often as it is asked for, and returns the answer with the descriptors that came with it.
    pub fn ask(&self, want: WantedEnd, facts: &Facts) -> Result<(Message, Vec<OwnedFd>), OpenError> {
        let socket = self.socket()?;
        let packet = Message::Hello(Hello { want, facts: facts.clone() }).encode();
        // A bounded number of times: a host may ask for a second look, and for one more if the first came too early.
        for _ in 0..4 {
            // The host may have refused and closed its end already. Then sending fails, and the refusal can still be read.
            let sent = socket::send(socket, &packet, &[]);
            if let Err(error) = sent
                && !socket::is_gone(&error)
            {
                return Err(OpenError::system("speak to the other process")(error));
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
                // A wake: the host begins to wake this process a moment before it answers. No thread or task sleeps here yet.
                Ok(Incoming::Message(message)) if message.len == 1 => {
                    // A process that says nothing but wakes must not be heard for ever.
                    if Instant::now() >= self.patience.until {
                        return Err(self.patience.late());
                    }
                }
                Ok(Incoming::Message(message)) => break message,
                Ok(Incoming::HungUp) => return Err(OpenError::HungUp { path: None }),
                Ok(Incoming::Nothing) => {}
                Err(error) => return Err(OpenError::system("hear the other process")(error)),
            }
            let Patience { until, interrupt, .. } = self.patience;
            match interrupt::wait(Some(socket.as_fd()), interrupt, Some(until)) {
                Ok(Waited::Ready) => {}
                Ok(Waited::TimedOut | Waited::Interrupted) => return Err(self.patience.late()),
                Err(error) => return Err(OpenError::system("hear the other process")(error)),
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
