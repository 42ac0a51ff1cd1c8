//! A guest as its host knows it: one connection, one doorbell, one process; and what its messages do.
//!
//! Hang-up means that it has left the conversation, not that it has stopped writing: only a goodbye or the end of its
//! process does. So a silent guest keeps its number until its process has ended.

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

pub(in crate::control) struct Member {
    pub number: Number,
    pub lifeline: Arc<OwnedFd>,
    /// By which it wakes our receiver; its own, so that what it does to it hurts only itself.
    pub doorbell: Arc<Doorbell>,
    pub process: Arc<Process>,
    pub tokens: Mutex<MemberTokens>,
}

#[derive(Default)]
pub(in crate::control) struct MemberTokens {
    pub lifeline: Option<Token>,
    pub process: Option<Token>,
    /// Only when the lifeline is not listened to any more.
    pub doorbell: Option<Token>,
}

impl Member {
    pub fn new(number: Number, lifeline: Arc<OwnedFd>, doorbell: Doorbell, process: Process) -> Arc<Member> {
        let (doorbell, process) = (Arc::new(doorbell), Arc::new(process));
        Arc::new(Member { number, lifeline, doorbell, process, tokens: Mutex::default() })
    }

    /// Stops all that.
    pub fn forget(&self, porter: &Porter) {
        let tokens = std::mem::take(&mut *lock(&self.tokens));
        let all = [tokens.lifeline, tokens.process, tokens.doorbell];
        all.into_iter().flatten().for_each(|token| porter.forget(token));
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
