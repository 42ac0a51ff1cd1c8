//! Gives back what dead processes held in permits, exactly, also if one died in the middle of taking or giving. It waits
//! for nobody: it goes as far as it can and is called again. Who is dead is not decided here.
//!
//! The account of a process that died in the middle of nothing says what it held. For the others a round is made: the
//! phase in the claim word is flipped, which every operation that is under way notices, and the operations of the old
//! phase come to their end. Then the accounts of the living say what they held when the phase was flipped, and what
//! was reserved beyond that was the dead ones'. A process that dies meanwhile in the middle of an operation makes the
//! round void, and another follows with it among the dead; one that leaves in the middle of nothing has held what its
//! account says, and the round goes on. New operations go on under the new phase, so no round can starve.
//!
//! A living process that is stopped in the middle of an operation holds a round up until it goes on;
//! [`Sleeper::Recovery`](crate::queue::Sleeper) is woken when it has ended the operation.

use super::Ring;
use super::account::{Account, HELD_RANGE};
use super::words::Claim;
use crate::queue::Number;
use crate::queue::edge::{Fence, full_fence};
use crate::sync::Ordering;

/// What is known of the dead, and how far the present round is.
#[derive(Default)]
pub(crate) struct Recovery {
    /// Those who died in the middle of an operation.
    dead: Vec<Number>,
    grace: Option<GracePeriod>,
    /// Those whose permits have been given back, until somebody asks.
    settled: Vec<Number>,
}

struct GracePeriod {
    /// The phase before the flip.
    old: u32,
    /// What was reserved at the flip.
    reserved: u32,
    /// For each process, what it held by operations of the new phase before there could be new ones.
    base: Vec<u32>,
    /// Those who have left since, in the middle of nothing: their `base` is all that they held at the flip.
    gone: Vec<Number>,
    /// Somebody died in the middle of an operation since.
    is_void: bool,
}

impl Recovery {
    /// This process is dead, or has said goodbye: its account changes no more.
    pub fn add(&mut self, queue: &Ring<'_>, number: Number) {
        // ORDERING: whoever says that it is dead has heard so after all it did.
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

    /// This process has left a channel without permits.
    pub fn add_without_permits(&mut self, number: Number) {
        self.settled.push(number);
    }

    /// Tells whose permits have been given back since it was asked last.
    pub fn take_settled(&mut self) -> Vec<Number> {
        core::mem::take(&mut self.settled)
    }

    /// Goes on as far as it can. Tells whose permits have been given back since it was asked last.
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

    fn settle(&mut self, queue: &Ring<'_>, number: Number) {
        // ORDERING: the next process with this number learns it by a message, which orders this before it.
        queue.view.common.members[usize::from(number)].account.store(0, Ordering::Relaxed);
        self.settled.push(number);
    }

    fn begin(&self, queue: &Ring<'_>) -> GracePeriod {
        let word = &queue.view.words.claim;
        let mut claim = Claim(word.load(Ordering::Relaxed)); // ORDERING: nobody else changes the phase.
        let old = claim.phase();
        // ORDERING: relaxed. Operations of the new phase ended in an earlier round, which saw them end.
        let held = |member: &crate::layout::MemberWords| {
            Account(member.account.load(Ordering::Relaxed)).held(1 - old)
        };
        let base = queue.view.common.members.iter().map(held).collect();
        // ORDERING: these loads, then the flip. A load that came after it could see what an operation of the new phase
        // has taken since; the exchange alone would let it.
        full_fence(Fence::Settled);
        loop {
            let flipped = claim.with_phase(1 - old);
            // ORDERING: relaxed. Every exchange before it released that its operation was counted, and the fence that
            // follows acquires it. The phase itself tells of nothing else.
            match word.compare_exchange_weak(claim.0, flipped.0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => claim = Claim(now),
            }
        }
        // ORDERING: the phase is flipped, then the accounts are read; pairs with the end of an operation.
        full_fence(Fence::Settled);
        GracePeriod { old, reserved: claim.reserved(), base, gone: Vec::new(), is_void: false }
    }

    /// What the living held at the flip, or `None` while an operation from before it is under way.
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
            // ORDERING: relaxed. The fence behind the flip acquired every exchange of the old phase, and that its operation
            // was counted; what one took stands in the word that says that it has ended.
            let account = Account(member.account.load(Ordering::Relaxed));
            if account.in_flight(grace.old) > 0 {
                return None;
            }
            held = held.wrapping_add(account.held(grace.old));
        }
        Some(held)
    }
}

/// Takes `held` from what is reserved. The caller lets the waiters look.
fn give_back(queue: &Ring<'_>, held: u32) {
    let word = &queue.view.words.claim;
    let mut claim = Claim(word.load(Ordering::Relaxed)); // ORDERING: a first guess for the exchange.
    loop {
        // A peer's nonsense in an account cannot take more than there is.
        let left = claim.with_reserved(claim.reserved().saturating_sub(held));
        // ORDERING: relaxed. Capacity tells of nothing: who uses it looks at head anew.
        match word.compare_exchange_weak(claim.0, left.0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => claim = Claim(now),
        }
    }
}
