//! A guest as its host knows it: one connection, one doorbell, one process. What its messages do is
//! [`lifeline`](crate::control::meeting::lifeline)'s.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, Mutex},
};

use crate::{
    control::porter::{Porter, Token},
    queue::Number,
    sync::lock,
    sys::{events::Doorbell, process::Process, socket},
};

/// Another process that takes part.
pub(in crate::control) struct Member {
    pub number: Number,
    pub lifeline: Arc<OwnedFd>,
    /// By which the guest wakes our receiver. Each guest has its own, so a guest that misuses it harms only itself.
    pub doorbell: Arc<Doorbell>,
    pub process: Arc<Process>,
    pub tokens: Mutex<MemberTokens>,
}

/// What of a member the background thread watches.
#[derive(Default)]
pub(in crate::control) struct MemberTokens {
    pub lifeline: Option<Token>,
    pub process: Option<Token>,
    /// Only once the lifeline is not listened to any more.
    pub doorbell: Option<Token>,
}

impl Member {
    pub fn new(number: Number, lifeline: Arc<OwnedFd>, doorbell: Doorbell, process: Process) -> Arc<Member> {
        let (doorbell, process) = (Arc::new(doorbell), Arc::new(process));
        Arc::new(Member { number, lifeline, doorbell, process, tokens: Mutex::default() })
    }

    /// Stops watching the member.
    pub fn forget(&self, porter: &Porter) {
        let tokens = std::mem::take(&mut *lock(&self.tokens));
        let all = [tokens.lifeline, tokens.process, tokens.doorbell];
        all.into_iter().flatten().for_each(|token| porter.forget(token));
    }

    /// Returns whether the member has hung up, and the background thread has yet to hear its last words.
    pub fn is_hanging_up(&self) -> bool {
        self.is_listened_to() && socket::has_hung_up(&self.lifeline)
    }

    /// Returns whether the messages of the member are read.
    pub fn is_listened_to(&self) -> bool {
        lock(&self.tokens).lifeline.is_some()
    }

    /// Tells the member to look at its tasks. If its buffer is full, it has unread wakes already.
    pub fn ring(&self) {
        let _ = socket::send(&self.lifeline, &[0], &[]);
    }
}
