//! What the receiver's process keeps about a channel beside the segment: who takes part, who is dead, the name.
//!
//! All of it is private memory: nothing another process writes can change who is believed dead.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use crate::control::{
    meeting::identity::Rules,
    membership::{
        endpoint::Endpoint,
        name::Name,
        open_name::OpenName,
        roster::{Doors, Full, Leaver, Roster},
    },
    porter::{Porter, Token},
    wire::Code,
};
use crate::{
    queue::{Nonsense, Number, Peers, Queue, ring::Recovery},
    sync::{AtomicU32, Ordering, lock},
    sys::{process::Process, socket},
};

pub(in crate::control) struct Host {
    roster: Mutex<Roster>,
    /// Told when a process has left, or is found to stay.
    departed: Condvar,
    /// By number: not zero if no process has it, or the one behind it is proved to have left or ended.
    dead: Box<[AtomicU32]>,
    /// By number: slots in quarantine that it owns.
    quarantined: Box<[AtomicU32]>,
    /// What those who have left held in permits. Locked for no longer than a look: nobody is woken meanwhile.
    pub recovery: Mutex<Recovery>,
    pub rules: Rules,
    pub open_name: Mutex<OpenName>,
    name: Mutex<Option<Name>>,
    /// Applicants that came through the door, oldest first, with the process that called (0: not known); some have joined
    /// meanwhile.
    pub waiting: Mutex<VecDeque<(Token, i32)>>,
    /// This process, as guests watch it.
    process: OnceLock<Process>,
}

impl Host {
    pub fn new(roster: Roster, members: u32, rules: Rules, name: OpenName) -> Host {
        let table = || (0..=members).map(|_| AtomicU32::new(0)).collect();
        Host {
            roster: Mutex::new(roster),
            departed: Condvar::new(),
            dead: (0..=members).map(|_| AtomicU32::new(1)).collect(),
            quarantined: table(),
            recovery: Mutex::default(),
            rules,
            open_name: Mutex::new(name),
            name: Mutex::new(None),
            waiting: Mutex::default(),
            process: OnceLock::new(),
        }
    }

    pub fn roster(&self) -> MutexGuard<'_, Roster> {
        lock(&self.roster)
    }

    /// The roster, once the porter has dealt with every process that has hung up and every repair has ended; or at once if a
    /// process stays; or when the time is up. The porter does so at once. Only if a process died in the middle of a permit
    /// operation it takes until the living that were under way have ended theirs: with no others there, this process's own.
    pub fn settled_roster(&self, time: Duration) -> MutexGuard<'_, Roster> {
        let unsettled =
            |roster: &mut Roster| roster.staying() == 0 && (roster.others() > 0 || roster.is_leaving());
        let waited = self.departed.wait_timeout_while(self.roster(), time, unsettled);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until the porter has dealt with every process that has hung up and each repair has ended, or `deadline` has passed. Returns
    /// whether there was any.
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

    /// Half of a repair is done, its permits or all else; nothing was claimed under the number at `tail` or later.
    pub fn half_left(&self, number: Number, tail: u64) {
        self.roster().half_left(number, tail);
        self.departed.notify_all();
    }

    pub fn name(&self) -> MutexGuard<'_, Option<Name>> {
        lock(&self.name)
    }

    /// The process's own descriptor, to be sent to guests.
    pub fn process(&self) -> std::io::Result<&Process> {
        if self.process.get().is_none() {
            let _ = self.process.set(Process::of_self()?);
        }
        self.process.get().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    pub fn set_dead(&self, number: Number, dead: bool) {
        if let Some(word) = self.dead.get(usize::from(number)) {
            // ORDERING: Release: the receiver that sees a number alive again has seen what came before.
            word.store(dead.into(), Ordering::Release);
        }
    }

    fn is_dead(&self, number: Number) -> bool {
        // ORDERING: Acquire: the proof of death comes before the last look at the dead one's stamps.
        // No process has a number beyond the last.
        self.dead.get(usize::from(number)).is_none_or(|word| word.load(Ordering::Acquire) != 0)
    }

    fn quarantined(&self, number: Number) -> u32 {
        // ORDERING: Acquire pairs with the receiver's count in `bears`: at 0 it has left every slot of that number.
        self.quarantined.get(usize::from(number)).map_or(0, |count| count.load(Ordering::Acquire))
    }

    /// Takes a number that owns nothing in the queue.
    pub fn take_number(&self, queue: &Queue<'_>, roster: &mut Roster) -> Result<Number, Full> {
        let head = queue.head();
        let taken = roster.take(|number, tail| head >= tail && self.quarantined(number) == 0);
        if !taken.is_err_and(|full| full.leaving > 0) {
            return taken;
        }
        // This reads the whole queue. So it is done only if no other number is free, and frees all numbers that it can.
        let unpublished = queue.unpublished_claimants();
        roster.free_those(|number| !unpublished.contains(&number) && self.quarantined(number) == 0);
        roster.take(|_, _| false)
    }

    /// Wakes the tasks of one guest.
    pub fn ring(&self, number: Number) {
        let member = self.roster().member(number);
        if let Some(member) = member {
            member.ring();
        }
    }

    /// Wakes the tasks of all guests.
    pub fn ring_all(&self) {
        let members = self.roster().members();
        for member in members {
            member.ring();
        }
    }

    /// The last handle in this process is gone: nobody is listened to any more. Guests see the hang-up.
    pub fn leave(&self) {
        self.close_name();
        let leavers = self.roster().clear();
        let Ok(porter) = Porter::of_this_process() else { return };
        self.send_applicants_away(porter);
        for leaver in leavers {
            match leaver {
                Leaver::Member(member) => {
                    member.forget(porter);
                    // Also on behalf of forked children, which have copies of it.
                    socket::hang_up(&member.lifeline);
                }
                Leaver::Invited(token) => porter.forget(token),
                Leaver::Unfinished => {}
            }
        }
    }

    /// Hangs up on those who came through the door and have not joined.
    pub fn send_applicants_away(&self, porter: &Porter) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        waiting.into_iter().for_each(|(token, _)| porter.forget(token));
    }

    fn close_name(&self) {
        let name = self.name().take();
        if let Some(name) = name {
            if let (Some(token), Ok(porter)) = (name.token, Porter::of_this_process()) {
                porter.forget(token);
            }
            name.close();
        }
    }
}

impl Peers for Endpoint {
    fn is_dead(&self, number: Number) -> bool {
        self.host.as_ref().is_some_and(|host| host.is_dead(number))
    }

    fn bears(&self, number: Number, more: bool) {
        let Some(count) = self.host.as_ref().and_then(|host| host.quarantined.get(usize::from(number)))
        else {
            return;
        };
        // ORDERING: Release: when the count is seen to fall, the slot has been left.
        if more {
            count.fetch_add(1, Ordering::Release);
        } else {
            count.fetch_sub(1, Ordering::Release);
        }
    }
}

impl Endpoint {
    /// Closes the channel: nobody can send any more, nobody can join, and the name is gone. Wakes all who wait for room
    /// or for the close, in every process. For the receiver's process.
    pub(crate) fn close(&self) {
        if self.is_forked() || !self.is_host() {
            return;
        }
        self.queue().close(self);
        self.make_over();
        let Some(host) = &self.host else { return };
        {
            let mut roster = host.roster();
            if roster.doors == Doors::Shut {
                return;
            }
            roster.doors = Doors::Shut;
        }
        host.close_name();
        self.shut_open_name();
        host.ring_all();
        self.sleepers().wake_senders();
    }

    /// The receiver found nonsense in the segment: closes the channel for all, and says why to the senders of this process.
    #[cold]
    pub(crate) fn end_for(&self, nonsense: Nonsense) {
        self.note_nonsense(nonsense);
        if self.is_first_end() {
            self.queue().close(self);
            // Though the receiver has closed it before, and before its tasks are woken: a waker can panic.
            self.rouse();
        }
        self.close();
    }

    /// A number with one strong handle, for somebody who is about to join.
    pub(in crate::control) fn seat(&self) -> Result<Number, Refused> {
        let Some(host) = &self.host else { return Err(Refused::new(Code::Closed)) };
        let queue = self.queue();
        if queue.is_closed() {
            return Err(Refused::new(Code::Closed));
        }
        let number = {
            let mut roster = host.roster();
            match roster.doors {
                Doors::Open => {}
                Doors::UnderWay => return Err(Refused::new(Code::UnderWay)),
                Doors::Shut => return Err(Refused::new(Code::Closed)),
            }
            match host.take_number(&queue, &mut roster) {
                Ok(number) => number,
                Err(full) => {
                    return Err(Refused {
                        code: Code::RosterFull,
                        members: full.members,
                        leaving: full.leaving,
                    });
                }
            }
        };
        host.set_dead(number, false);
        if let Some(member) = self.segment().view().common().members.get(usize::from(number)) {
            // ORDERING: the next holder learns its number by a message, which orders this before it.
            member.relay.store(0, Ordering::Relaxed);
        }
        if !queue.common().upgrade(number) {
            host.roster().untake(number);
            return Err(Refused::new(Code::Ended));
        }
        Ok(number)
    }
}

/// Why somebody got no number.
#[derive(Clone, Copy, Debug)]
pub(in crate::control) struct Refused {
    pub code: Code,
    pub members: u32,
    pub leaving: u32,
}

impl Refused {
    pub fn new(code: Code) -> Refused {
        Refused { code, members: 0, leaving: 0 }
    }
}
