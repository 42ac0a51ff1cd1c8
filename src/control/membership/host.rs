//! What the receiver's process keeps about a channel beside the segment: which processes take part, which of
//! them are dead, the name.
//!
//! All of it is private memory. So nothing that a peer writes can change which process is believed dead.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use super::{
    name::Name,
    name_as_sender::NameAsSender,
    roster::{Full, Roster},
    rules::Rules,
};
use crate::{
    control::porter::Token,
    queue::{Number, Queue, ring::Recovery},
    sync::{AtomicU32, Ordering, lock},
    sys::process::Process,
};

/// What the receiver's process keeps about a channel.
pub(in crate::control) struct Host {
    roster: Mutex<Roster>,
    /// Notified when a process has left, or is found to stay.
    departed: Condvar,
    /// By number: not zero if no process has it, or the one behind it is proved to have left or ended.
    dead: Box<[AtomicU32]>,
    /// By number: slots in quarantine that it owns.
    quarantined: Box<[AtomicU32]>,
    /// The permits that departed processes held. Locked for no longer than a look: no waker runs meanwhile.
    pub recovery: Mutex<Recovery>,
    pub rules: Rules,
    pub name_as_sender: Mutex<NameAsSender>,
    name: Mutex<Option<Name>>,
    /// Applicants that came through the door, oldest first, each with the process that called (0: not known). Some of them have
    /// joined meanwhile.
    pub waiting: Mutex<VecDeque<(Token, i32)>>,
    /// This process, as guests watch it.
    process: OnceLock<Process>,
}

impl Host {
    pub fn new(roster: Roster, members: u32, rules: Rules, name: NameAsSender) -> Host {
        let table = || (0..=members).map(|_| AtomicU32::new(0)).collect();
        Host {
            roster: Mutex::new(roster),
            departed: Condvar::new(),
            dead: (0..=members).map(|_| AtomicU32::new(1)).collect(),
            quarantined: table(),
            recovery: Mutex::default(),
            rules,
            name_as_sender: Mutex::new(name),
            name: Mutex::new(None),
            waiting: Mutex::default(),
            process: OnceLock::new(),
        }
    }

    pub fn roster(&self) -> MutexGuard<'_, Roster> {
        lock(&self.roster)
    }

    /// Returns the roster once the background thread has dealt with every process that has hung up, and every repair has ended.
    /// Returns it at once if a process stays, and at the latest when the time is up.
    ///
    /// The background thread needs no time for this, with one exception. If a process died in the middle of a permit operation,
    /// recovery waits until the living processes have ended those that they were in. With no other process there, these are
    /// this process's own.
    pub fn settled_roster(&self, time: Duration) -> MutexGuard<'_, Roster> {
        let unsettled =
            |roster: &mut Roster| roster.staying() == 0 && (roster.others() > 0 || roster.is_leaving());
        let waited = self.departed.wait_timeout_while(self.roster(), time, unsettled);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until the background thread has dealt with every process that has hung up and each repair has ended, or `deadline`
    /// has passed. Returns whether there was any.
    pub fn wait_for_farewells(&self, deadline: Instant) -> bool {
        let unheard = |roster: &mut Roster| roster.others() > roster.staying() || roster.is_leaving();
        let mut roster = self.roster();
        let time = deadline.saturating_duration_since(Instant::now());
        if time.is_zero() || !unheard(&mut roster) {
            return false;
        }
        drop(self.departed.wait_timeout_while(roster, time, unheard));
        true
    }

    /// Tells the waiting threads that a process stays: it has hung up without a goodbye, and counts until it has ended.
    pub fn will_stay(&self) {
        // Under the lock, so that no waiter is between its look and its sleep.
        let _roster = self.roster();
        self.departed.notify_all();
    }

    /// Notes that one of the two steps of a repair is done: the permits, or all else. Nothing was claimed under the number at
    /// `tail` or later.
    pub fn finish_step(&self, number: Number, tail: u64) {
        self.roster().finish_step(number, tail);
        self.departed.notify_all();
    }

    pub fn name(&self) -> MutexGuard<'_, Option<Name>> {
        lock(&self.name)
    }

    /// Returns the descriptor by which guests watch this process.
    pub fn process(&self) -> std::io::Result<&Process> {
        if self.process.get().is_none() {
            let _ = self.process.set(Process::of_self()?);
        }
        self.process.get().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    /// Marks a process dead, or a number alive for its next holder.
    pub fn set_dead(&self, number: Number, dead: bool) {
        if let Some(word) = self.dead.get(usize::from(number)) {
            // ORDERING: Release: the receiver that sees a number alive again has seen what came before.
            word.store(dead.into(), Ordering::Release);
        }
    }

    /// Returns whether a process is proved to have left or ended.
    pub fn is_dead(&self, number: Number) -> bool {
        // ORDERING: Acquire: the proof of death comes before the last look at the stamps of the dead process.
        // No process has a number beyond the last.
        self.dead.get(usize::from(number)).is_none_or(|word| word.load(Ordering::Acquire) != 0)
    }

    fn quarantined(&self, number: Number) -> u32 {
        // ORDERING: Acquire pairs with the receiver's count in `bears`: at 0 it has left every slot of that number.
        self.quarantined.get(usize::from(number)).map_or(0, |count| count.load(Ordering::Acquire))
    }

    /// Allocates a number that owns nothing in the queue.
    pub fn take_number(&self, queue: &Queue<'_>, roster: &mut Roster) -> Result<Number, Full> {
        let head = queue.head();
        let taken = roster.take(|number, tail| head >= tail && self.quarantined(number) == 0);
        if !taken.is_err_and(|full| full.leaving > 0) {
            return taken;
        }
        // The next look reads the whole queue. So it is made only if no other number is free, and it frees all that it can.
        let unpublished = queue.unpublished_claimants();
        roster.free_those(|number| !unpublished.contains(&number) && self.quarantined(number) == 0);
        roster.take(|_, _| false)
    }

    /// Tells one guest to look at its tasks.
    pub fn ring(&self, number: Number) {
        let member = self.roster().member(number);
        if let Some(member) = member {
            member.ring();
        }
    }

    /// Tells all guests to look at their tasks.
    pub fn ring_all(&self) {
        let members = self.roster().members();
        for member in members {
            member.ring();
        }
    }

    /// Counts an entry of the queue in, or out, that is in quarantine and owned by the number.
    pub fn bears(&self, number: Number, more: bool) {
        let Some(count) = self.quarantined.get(usize::from(number)) else { return };
        // ORDERING: Release: when the count is seen to fall, the slot has been left.
        if more {
            count.fetch_add(1, Ordering::Release);
        } else {
            count.fetch_sub(1, Ordering::Release);
        }
    }

    /// Returns whether the name counts as a sender, and whether it gives way: what [`NameAsSender::new`] takes.
    pub fn name_as_sender_facts(&self) -> (bool, bool) {
        let name = lock(&self.name_as_sender);
        (name.counts(), name.gives_way())
    }
}
