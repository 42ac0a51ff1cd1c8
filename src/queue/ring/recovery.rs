//! Permit recovery by grace periods, as in SRCU: gives back exactly what dead processes held, also if one died in the middle of
//! taking or giving. It never waits: it goes as far as it can and is called again. Which process is dead is not decided here.
//!
//! The account of a process that died outside of any operation says what it held. For the others recovery needs a *grace period*. It
//! flips the phase in the claim word; operations that begin later count under the new phase. It is over when all living processes'
//! operations of the old phase have ended. Then the accounts of the living say what they held at the flip, and the rest of what was
//! reserved at the flip belonged to the dead.
//!
//! A process that dies in the middle of an operation during a grace period makes it void. Another one follows, with that process among
//! the dead. A process that leaves outside of any operation held what its account says, and the grace period goes on. New operations
//! run under the new phase, so no grace period can starve.
//!
//! A living process that is stopped in the middle of an operation holds a grace period up until it goes on. It wakes
//! [`Sleeper::Recovery`](crate::queue::Sleeper) when it has ended the operation.

use super::Ring;
use super::account::{Account, HELD_RANGE};
use super::words::Claim;
use crate::queue::Number;
use crate::queue::edge::{Fence, full_fence};
use crate::sync::Ordering;

/// What is known of the dead, and how far the present grace period is.
#[derive(Default)]
pub(crate) struct Recovery {
    /// Processes that died in the middle of an operation.
    dead: Vec<Number>,
    grace: Option<GracePeriod>,
    /// Processes whose permits have been given back, until the caller takes the list.
    settled: Vec<Number>,
}

/// A grace period under way: from the flip of the phase to the end of all operations of the old one.
struct GracePeriod {
    /// The phase before the flip.
    old: u32,
    /// What was reserved at the flip.
    reserved: u32,
    /// For each process, what it held by operations of the new phase before there could be new ones.
    base: Vec<u32>,
    /// Processes that have left since, outside of any operation. Their `base` is all that they held at the flip.
    gone: Vec<Number>,
    /// A process died in the middle of an operation since. What it held at the flip cannot be known.
    is_void: bool,
}

impl Recovery {
    /// Adds a process that is dead or has said goodbye: its account changes no more.
    pub fn add(&mut self, queue: &Ring<'_>, number: Number) {
        // ORDERING: relaxed. The caller has learned of the death after all that the process did.
        let account = Account(queue.view.common.members[usize::from(number)].account.load(Ordering::Relaxed));
        if !account.is_idle() {
            self.dead.push(number);
            if let Some(grace) = &mut self.grace {
                grace.is_void = true;
            }
            return;
        }
        if let Some(grace) = &mut self.grace {
            let base = &mut grace.base[usize::from(number)];
            *base = base.wrapping_add(account.held(grace.old));
            grace.gone.push(number);
        }
        give_back(queue, account.total());
        self.settle(queue, number);
    }

    /// Adds a process that has left a channel without permits. There is nothing to give back.
    pub fn add_without_permits(&mut self, number: Number) {
        self.settled.push(number);
    }

    /// Takes the list of processes whose permits have been given back since the last call.
    pub fn take_settled(&mut self) -> Vec<Number> {
        core::mem::take(&mut self.settled)
    }

    /// Goes on as far as it can. Returns the processes whose permits have been given back since the last call.
    pub fn go_on(&mut self, queue: &Ring<'_>) -> Vec<Number> {
        while !self.dead.is_empty() {
            let grace = self.grace.take().unwrap_or_else(|| self.begin(queue));
            let Some(of_the_living) = self.held_by_the_living(queue, &grace) else {
                self.grace = Some(grace);
                break;
            };
            if !grace.is_void {
                give_back(queue, grace.reserved.wrapping_sub(of_the_living) % HELD_RANGE);
                core::mem::take(&mut self.dead).into_iter().for_each(|number| self.settle(queue, number));
            }
        }
        self.take_settled()
    }

    /// Clears the account of a process whose permits have been given back.
    fn settle(&mut self, queue: &Ring<'_>, number: Number) {
        // ORDERING: relaxed. The next process with this number gets it by a message, which orders this store before all it does.
        queue.view.common.members[usize::from(number)].account.store(0, Ordering::Relaxed);
        self.settled.push(number);
    }

    /// Begins a grace period: flips the phase.
    fn begin(&self, queue: &Ring<'_>) -> GracePeriod {
        let word = &queue.view.words.claim;
        let mut claim = Claim(word.load(Ordering::Relaxed)); // ORDERING: no other thread changes the phase.
        let old = claim.phase();
        // ORDERING: relaxed. All operations of the new phase ended in an earlier grace period, which saw them end.
        let held = |member: &crate::layout::MemberWords| {
            Account(member.account.load(Ordering::Relaxed)).held(1 - old)
        };
        let base = queue.view.common.members.iter().map(held).collect();
        // ORDERING: these loads, then the flip. A load that moved behind the flip could see what an operation of the new phase has
        // taken since. The exchange alone would let it.
        full_fence(Fence::Settled);
        loop {
            let flipped = claim.with_phase(1 - old);
            // ORDERING: relaxed. Every earlier exchange released that its operation was counted, and the fence that follows acquires
            // that. The phase publishes nothing else.
            match word.compare_exchange_weak(claim.0, flipped.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => claim = Claim(now),
            }
        }
        // ORDERING: a Dekker fence, which pairs with that of `Operation::end`: the flip, then the accounts are read.
        full_fence(Fence::Settled);
        GracePeriod { old, reserved: claim.reserved(), base, gone: Vec::new(), is_void: false }
    }

    /// Returns what the living held at the flip, or `None` while an operation from before it is under way.
    fn held_by_the_living(&self, queue: &Ring<'_>, grace: &GracePeriod) -> Option<u32> {
        let mut held: u32 = 0;
        for (number, (member, base)) in (0..).zip(queue.view.common.members.iter().zip(&grace.base)) {
            if self.dead.contains(&number) {
                continue;
            }
            held = held.wrapping_add(*base);
            if grace.gone.contains(&number) {
                continue;
            }
            // ORDERING: relaxed. The fence behind the flip acquired that each operation of the old phase was counted. What an
            // operation took stands in the same word that says that it has ended.
            let account = Account(member.account.load(Ordering::Relaxed));
            if account.in_flight(grace.old) > 0 {
                return None;
            }
            held = held.wrapping_add(account.held(grace.old));
        }
        Some(held)
    }
}

/// Takes `held` from what is reserved. The caller then rings the waiters.
fn give_back(queue: &Ring<'_>, held: u32) {
    let word = &queue.view.words.claim;
    let mut claim = Claim(word.load(Ordering::Relaxed)); // ORDERING: a first guess for the exchange.
    loop {
        // A peer's nonsense in an account cannot take more than there is.
        let left = claim.with_reserved(claim.reserved().saturating_sub(held));
        // ORDERING: relaxed. Capacity publishes nothing: a sender that uses it reads head anew.
        match word.compare_exchange_weak(claim.0, left.0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => claim = Claim(now),
        }
    }
}
