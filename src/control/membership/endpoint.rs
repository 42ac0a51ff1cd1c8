//! One process's end of one channel: the segment, this process's number in it, and how sleepers elsewhere are woken.
//!
//! All handles of the process share it. It knows nothing of values.
//!
//! A *host* is the process where the receiver lives, a *guest* any other. An endpoint is made as one of them; a host
//! becomes a guest when its receiver is handed to another process.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use super::{
    bell_set::{BellSet, BellWatch},
    chunks::queue_of,
    guest::Guest,
    host::Host,
    late::{self, LateLook},
};
use crate::{
    control::wire::{Accept, Facts},
    error::OpenError,
    layout::{Bell, FenceKind, View},
    queue::{
        Fences, Nonsense, Number, Peers, Queue,
        ring::{self, Ranking, Ring},
        table::{self, Table},
    },
    segment::Segment,
    sync::{AtomicU32, AtomicU64, Ordering, lock},
    sys::{
        fork::{Birthplace, Gate},
        membarrier::LONG,
    },
    wait::{Sleepers, Spins, Threads},
};

/// What this process is in the channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::control) enum Role {
    Host,
    /// Host still, but the receiver is being handed to another process.
    HandingOver,
    Guest,
}

/// One process's end of one channel.
pub(crate) struct Endpoint {
    // Fields are dropped in this order: the mapping goes before a guest says goodbye.
    segment: Segment,
    birthplace: Birthplace,
    pub(in crate::control) facts: Facts,
    pub(in crate::control) fence_kind: FenceKind,
    fences: Fences,
    late: Arc<LateLook>,
    me: Number,
    /// What the sending threads of this process know, in a bounded channel.
    ring_cache: ring::SenderCache,
    ranking: Ranking,
    /// The same, in an unbounded one.
    table_cache: table::ChunkCache,
    id: u128,
    pub(in crate::control) deadline: Duration,
    spins: Spins,
    pub(in crate::control) sleepers: Sleepers,
    threads: Threads,
    /// Shut once nothing can be sent from this process any more: the channel is closed, or the host has hung up. It is private,
    /// so a peer that writes over the segment does not open it again.
    gate: Gate,
    /// The number of sending handles of this process. The segment has a count too, but any peer can write over it.
    handles: AtomicU64,
    /// Held while a first handle may come, and while a thread relies on there being none.
    first_handle: Mutex<()>,
    /// The corruption of the segment, once this process has found it. In the segment it may be gone again.
    nonsense: OnceLock<Nonsense>,
    /// Not zero once all sleepers were woken for that corruption.
    roused: AtomicU32,
    role: Mutex<Role>,
    role_changed: Condvar,
    bell_set: OnceLock<Arc<BellSet>>,
    pub(in crate::control) bell_watch: Mutex<BellWatch>,
    pub(in crate::control) host: Option<Host>,
    pub(in crate::control) guest: OnceLock<Guest>,
}

/// What an endpoint is made of.
pub(in crate::control) struct EndpointParts {
    pub segment: Segment,
    pub birthplace: Birthplace,
    pub facts: Facts,
    pub fence_kind: FenceKind,
    pub fences: Fences,
    pub me: Number,
    pub id: u128,
    pub deadline: Duration,
    pub host: Option<Host>,
    pub guest: Option<Guest>,
    /// Looks late for the sleepers of this process.
    pub look_late: fn(&Endpoint),
}

impl Endpoint {
    pub(in crate::control) fn new(parts: EndpointParts) -> Arc<Endpoint> {
        let EndpointParts {
            segment,
            birthplace,
            facts,
            fence_kind,
            fences,
            me,
            id,
            deadline,
            host,
            guest,
            look_late,
        } = parts;
        let role = if host.is_some() { Role::Host } else { Role::Guest };
        Arc::new_cyclic(|this| Endpoint {
            late: {
                let this = this.clone();
                LateLook::new(move || this.upgrade().iter().for_each(|endpoint| look_late(endpoint)))
            },
            spins: Spins::default(),
            sleepers: Sleepers::new(),
            threads: Threads::default(),
            gate: Gate::new(birthplace),
            // A process joins with one.
            handles: AtomicU64::new(guest.is_some().into()),
            first_handle: Mutex::default(),
            nonsense: OnceLock::new(),
            roused: AtomicU32::new(0),
            ring_cache: ring::SenderCache::new(),
            ranking: Ranking::default(),
            table_cache: table::ChunkCache::new(),
            segment,
            birthplace,
            facts,
            fence_kind,
            fences,
            me,
            id,
            deadline,
            role: Mutex::new(role),
            role_changed: Condvar::new(),
            bell_set: OnceLock::new(),
            bell_watch: Mutex::default(),
            host,
            guest: guest.map_or_else(OnceLock::new, OnceLock::from),
        })
    }

    /// Returns how long after a thread has registered as a sleeper its late look is due, if one is.
    pub(crate) fn looks_late_after(&self) -> Option<Duration> {
        (self.fence_kind == FenceKind::Asymmetric).then_some(LONG)
    }

    /// Has a late look made for the receiver's task, which has just registered and goes to sleep.
    pub(crate) fn have_receiver_look_late(&self, has_stalled: bool) {
        self.late.set_stalled(has_stalled);
        self.have_senders_look_late();
    }

    /// Has a late look made for the sending tasks of this process, or its backlog, of which one has just registered.
    pub(crate) fn have_senders_look_late(&self) {
        if self.fence_kind == FenceKind::Asymmetric {
            self.late.ask();
        }
    }

    /// Returns whether the receiver's task has gone past positions that were not published, before it went to sleep.
    pub(in crate::control) fn has_stalled(&self) -> bool {
        self.late.has_stalled()
    }

    /// Returns the queue, of whichever kind.
    #[inline]
    pub(crate) fn queue(&self) -> Queue<'_> {
        match queue_of(&self.segment) {
            Queue::Ring(_) => Queue::Ring(self.ring()),
            Queue::Table(_) => Queue::Table(self.table()),
        }
    }

    /// Returns the queue of a bounded channel. The kind was settled when the end was opened.
    #[inline(always)]
    pub(crate) fn ring(&self) -> Ring<'_> {
        match self.segment.view() {
            View::Ring(view) => Ring { ranking: Some(&self.ranking), fences: self.fences, ..Ring::new(view) },
            View::Table(_) => wrong_kind(),
        }
    }

    /// Returns the queue of an unbounded channel, as settled.
    #[inline(always)]
    pub(crate) fn table(&self) -> Table<'_> {
        match self.segment.view() {
            View::Table(view) => Table { fences: self.fences, ..Table::new(view, &self.segment) },
            View::Ring(_) => wrong_kind(),
        }
    }

    /// Returns the sending side of this process, in a bounded channel.
    #[inline(always)]
    pub(crate) fn producer(&self) -> ring::Producer<'_> {
        ring::Producer { queue: self.ring(), me: self.me(), cache: &self.ring_cache }
    }

    /// Returns the sending side of this process, in an unbounded channel.
    #[inline(always)]
    pub(crate) fn table_producer(&self) -> table::Producer<'_> {
        table::Producer { table: self.table(), me: self.me(), cache: &self.table_cache }
    }

    /// Returns how this process passes the fences of the channel.
    #[inline]
    pub(crate) fn fences(&self) -> Fences {
        self.fences
    }

    /// Returns the word on which the receiver sleeps.
    #[inline]
    pub(crate) fn receiver_bell(&self) -> &Bell {
        &self.segment.view().common().header.receiver_bell
    }

    /// Returns the set of bells by which other processes ring for this one. None while no other process can take part.
    pub(in crate::control) fn bell_set(&self) -> Option<&Arc<BellSet>> {
        self.bell_set.get()
    }

    /// Makes the set of bells, and lets the local sleepers know that there is one.
    pub(in crate::control) fn open_bells(&self) -> Result<&Arc<BellSet>, OpenError> {
        if self.bell_set.get().is_none() {
            let bell_set = BellSet::new().map_err(OpenError::system("make a set of doorbells"))?;
            if self.fence_kind == FenceKind::Asymmetric {
                late::prepare();
            }
            if self.bell_set.set(Arc::new(bell_set)).is_ok() {
                self.sleepers.wake_all();
            }
        }
        match self.bell_set.get() {
            Some(bell_set) => Ok(bell_set),
            None => Err(OpenError::Closed { path: None }),
        }
    }

    /// Returns the place in the channel that a process with this number has, as a message says it.
    pub(in crate::control) fn place_of(&self, number: Number) -> Accept {
        Accept {
            number,
            host: self.me,
            geometry: self.segment.view().geometry(),
            align: self.facts.align,
            id: self.id,
            fences: self.fence_kind,
        }
    }

    /// Writes down for observers which process holds a number.
    pub(in crate::control) fn note_pid(&self, number: Number, pid: u64) {
        if let Some(member) = self.segment.view().common().members.get(usize::from(number)) {
            member.pid.store(pid, Ordering::Relaxed); // ORDERING: advisory, nothing is decided by it.
        }
    }

    pub(in crate::control) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Returns this process's number in the channel.
    #[inline]
    pub(crate) fn me(&self) -> Number {
        self.me
    }

    /// Returns how many values the queue of a bounded channel can hold. It is read from private memory, so it is also right in a
    /// forked child.
    pub(crate) fn max_capacity(&self) -> usize {
        self.ring().view.geometry.capacity as usize
    }

    /// Returns the bytes that the segment has of the system's memory now.
    pub(crate) fn memory_in_use(&self) -> u64 {
        self.segment.memory_in_use()
    }

    /// Returns a random number that tells this channel from every other.
    pub(crate) fn id(&self) -> u128 {
        self.id
    }

    /// Returns what this process has found out about looking again before sleeping.
    #[inline]
    pub(crate) fn spins(&self) -> &Spins {
        &self.spins
    }

    /// Returns the tasks of this process that sleep in this channel.
    #[inline]
    pub(crate) fn sleepers(&self) -> &Sleepers {
        &self.sleepers
    }

    /// Returns whether nothing can be sent from this process any more, whatever the segment says.
    #[inline(always)]
    pub(crate) fn is_over(&self) -> bool {
        // ORDERING: nothing is read on its strength. A sender that is about to sleep has a fence before it, see
        // [`Wake::is_over`].
        self.gate.is_shut()
    }

    /// Returns whether this is the process that made the end, and it can send as far as its private memory tells.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// Ends the sending of this process, whatever stands in the segment: the channel is closed, or the host has hung up. The
    /// caller then wakes its tasks.
    pub(in crate::control) fn mark_over(&self) {
        // ORDERING: this comes before the locks of the sleepers below, threads and tasks. A sleeper takes its lock and then looks
        // at the gate. So either it finds the gate shut, or it is found here.
        self.gate.shut();
        if let View::Ring(view) = self.segment.view() {
            self.threads.end(view.bells.iter());
        }
        self.sleepers.backlog.wake_all();
    }

    /// Counts a sending handle, before it is counted in the segment. Where there may be none yet, the caller holds
    /// [`Endpoint::first_handle`] until it is counted.
    pub(crate) fn add_handle(&self) {
        // ORDERING: relaxed. A handle that is cloned cannot be missed, as the one it was cloned from keeps the count above
        // zero. The first handle is guarded by `first_handle`.
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a sending handle out, after it was taken from the count in the segment.
    pub(crate) fn drop_handle(&self) {
        // ORDERING: Release: a thread that finds none left finds the segment without them.
        self.handles.fetch_sub(1, Ordering::Release);
    }

    #[cfg(test)]
    pub(crate) fn handles(&self) -> u64 {
        self.handles.load(Ordering::Relaxed)
    }

    /// Locks the coming of a first sending handle of this process. Only the holder of the lock can then add one.
    pub(crate) fn first_handle(&self) -> MutexGuard<'_, ()> {
        lock(&self.first_handle)
    }

    /// Sets this process's count in the segment to 0 if it has no handle. A peer may have written another count there, and the
    /// stream would not end.
    pub(in crate::control) fn forget_own_handles(&self) {
        let _none_comes = self.first_handle();
        // ORDERING: Acquire, see [`Endpoint::drop_handle`].
        if self.handles.load(Ordering::Acquire) == 0 {
            self.queue().common().reset_strong(self.me());
        }
    }

    /// Returns the corruption of the segment, as far as this process has found it, or finds it now.
    pub(crate) fn nonsense(&self) -> Option<Nonsense> {
        if self.nonsense.get().is_none()
            && let Some(found) = self.queue().nonsense()
        {
            self.note_nonsense(found);
        }
        self.nonsense.get().copied()
    }

    pub(in crate::control) fn note_nonsense(&self, found: Nonsense) {
        let _ = self.nonsense.set(found);
    }

    /// Returns true once: the caller then wakes all sleepers, because the channel ends for corruption.
    pub(in crate::control) fn is_first_end(&self) -> bool {
        self.roused.swap(1, Ordering::Relaxed) == 0 // ORDERING: it counts, and orders nothing.
    }

    /// Returns the sending threads of this process that sleep in this channel.
    #[inline]
    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Returns whether the receiver lives in this process.
    pub(crate) fn is_host(&self) -> bool {
        self.guest.get().is_none()
    }

    /// Returns whether this is a child that `fork` made, so that the channel is not its own.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        !self.birthplace.is_here()
    }

    pub(in crate::control) fn check_fork(&self) -> Result<(), OpenError> {
        if self.is_forked() { Err(OpenError::Forked) } else { Ok(()) }
    }

    pub(in crate::control) fn birthplace(&self) -> Birthplace {
        self.birthplace
    }

    pub(in crate::control) fn role(&self) -> MutexGuard<'_, Role> {
        lock(&self.role)
    }

    pub(in crate::control) fn set_role(&self, role: Role) {
        *self.role() = role;
        self.role_changed.notify_all();
    }

    /// Returns the role, once the receiver is not being handed over any more.
    pub(in crate::control) fn settled_role(&self) -> Result<Role, OpenError> {
        let until = Instant::now() + self.deadline;
        let mut role = self.role();
        while *role == Role::HandingOver {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(OpenError::TimedOut { path: None, waited: self.deadline });
            }
            role = self.role_changed.wait_timeout(role, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(*role)
    }
}

impl Peers for Endpoint {
    fn is_dead(&self, number: Number) -> bool {
        self.host.as_ref().is_some_and(|host| host.is_dead(number))
    }

    fn bears(&self, number: Number, more: bool) {
        if let Some(host) = &self.host {
            host.bears(number, more);
        }
    }
}

#[cold]
fn wrong_kind() -> ! {
    unreachable!("the kind of a channel is compared before an end of it is made")
}
