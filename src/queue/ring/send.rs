//! The sender's moves: claim positions, publish values, take a turn in the line. It never sleeps.
//!
//! A claim is one compare-and-exchange of the claim word. The claimed slots are then this sender's alone, and a plain release store of
//! each stamp publishes its value.
//!
//! What a kill leaves: before the exchange nothing; between exchange and stamp a position that the receiver skips once the owner is
//! proved dead. What a stop leaves there is a slot in quarantine.

use super::position::Track;
use super::room::Room;
use super::words::{Claim, Entry, Line, Record, Stamp};
use super::{Place, Rank, Ring};
use crate::layout::Bell;
use crate::queue::edge::{Edge, Fence, acquire, full_fence, release};
use crate::queue::{BellKey, Kind, Number, Wake, payload};
use crate::sync::{AtomicU64, Ordering};
use bytemuck::Pod;

/// What the senders of one process know beside the segment: a cached head, and the needs of their backlog. In private memory.
pub(crate) struct SenderCache {
    /// A copy of head, and whether any slot was in quarantine then: `{ head: 32 | epoch: 31 | any: 1 }`. One word, for the three are
    /// right only together.
    ///
    /// The epoch tells how old the copy is. Without it, a process that sent nothing for 2^31 positions could not tell an old head from
    /// a new one.
    head: AtomicU64,
    /// How much capacity the senders in the backlog need together.
    backlog: AtomicU64,
}

impl SenderCache {
    /// Returns a cache that knows nothing: the first claim looks at the segment.
    pub fn new() -> SenderCache {
        SenderCache { head: AtomicU64::new(1), backlog: AtomicU64::new(0) }
    }

    /// Returns how much capacity the senders in this process's backlog need together.
    pub fn backlog(&self) -> i64 {
        // ORDERING: relaxed. A sender that knows of another one in the backlog sees its need. The backlog's lock orders all else.
        self.backlog.load(Ordering::Relaxed) as i64
    }

    /// Sets how much capacity the senders in the backlog need together. The caller holds the backlog's lock.
    pub fn set_backlog(&self, needs: u64) {
        self.backlog.store(needs, Ordering::Relaxed); // ORDERING: see `backlog`.
    }

    #[cfg(all(test, shmpsc_loom))]
    pub fn remember(&self, head: u64, epoch: u64) {
        self.head.store((head << 32) | (epoch & EPOCH) << 1, Ordering::Relaxed);
    }
}

/// How many of the low bits of the epoch are kept.
const EPOCH: u64 = (1 << 31) - 1;

/// Returns whether a copy of head was made in that epoch, and no slot was in quarantine then.
#[inline(always)]
fn is_of_epoch(cached: u64, epoch: u64) -> bool {
    cached as u32 == (epoch as u32) << 1
}

/// Claimed positions, one after another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a claimed position that is never published holds its capacity"]
pub(crate) struct Span {
    pub first: u32,
    pub count: u32,
}

/// The outcome of an attempt to take capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Claimed<G> {
    Granted(G),
    Full,
    Closed,
}

impl<G> Claimed<G> {
    pub(super) fn map<R>(self, change: impl FnOnce(G) -> R) -> Claimed<R> {
        match self {
            Claimed::Granted(grant) => Claimed::Granted(change(grant)),
            Claimed::Full => Claimed::Full,
            Claimed::Closed => Claimed::Closed,
        }
    }
}

/// A request of a sender that may have to wait until it is granted.
pub(crate) trait Request: Copy {
    type Grant;

    /// The capacity without which it is not granted, 1 to all.
    fn need(self) -> u32;

    /// Tries once to get it, for a sender of that rank.
    fn ask(self, producer: &Producer<'_>, rank: Rank, wake: &impl Wake) -> Claimed<Self::Grant>;

    /// Grants it to a sender that holds permits for the capacity it needs, and spends these. `None`: a peer wrote nonsense over the
    /// segment, and there is nothing to grant.
    fn redeem(self, producer: &Producer<'_>, wake: &impl Wake) -> Option<Self::Grant>;
}

/// Asks for between 1 and this many positions, to publish values there at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Positions(pub u32);

impl Request for Positions {
    type Grant = Span;

    fn need(self) -> u32 {
        1
    }

    #[inline]
    fn ask(self, producer: &Producer<'_>, rank: Rank, wake: &impl Wake) -> Claimed<Span> {
        producer.claim(rank, self.0, wake)
    }

    fn redeem(self, producer: &Producer<'_>, wake: &impl Wake) -> Option<Span> {
        producer.redeem(wake)
    }
}

/// What a sender in the line shall do.
pub(crate) enum Turn<'a, G> {
    /// It has what it asked for, and leaves the line.
    Granted(G),
    /// It gets nothing any more, and leaves the line.
    Closed,
    /// Sleep while the bell equals the key, then take the next turn.
    Sleep(&'a Bell, BellKey),
}

/// One process's sending side.
#[derive(Clone, Copy)]
pub(crate) struct Producer<'a> {
    pub queue: Ring<'a>,
    pub me: Number,
    pub cache: &'a SenderCache,
}

impl<'a> Producer<'a> {
    /// Claims one position on the fast path: if this process made the last claim too, its copy of head is of this epoch and shows room,
    /// no slot is in quarantine, no sender waits, and the channel is open.
    ///
    /// Each of those is one branch here. In any other case [`Producer::claim`] takes the slow path.
    #[inline(always)]
    fn claim_fast(&self, track: Track) -> Option<u32> {
        let words = self.queue.view.words;
        let claim = Claim(words.claim.load(acquire(Edge::Claim)));
        // ORDERING: these two as in `room_by_cache` and `used_by_cache`.
        let line = Line(words.read_mostly.line.load(Ordering::Relaxed));
        let epoch = words.read_mostly.epoch.load(Ordering::Relaxed);
        let cached = self.cache.head.load(acquire(Edge::Cache));
        if !claim.is_open_to(self.me) || !line.is_idle() || !is_of_epoch(cached, epoch) {
            return None;
        }
        // A cached head that is ahead of an old claim word makes a large number here.
        let used = track.distance((cached >> 32) as u32, claim.tail()) as u32;
        let capacity = self.queue.view.geometry.capacity;
        if u64::from(used) + u64::from(claim.reserved()) >= u64::from(capacity)
            || !track.is_valid(claim.tail())
        {
            return None;
        }
        let mine = claim.with_tail(track.add(claim.tail(), 1));
        // ORDERING: as in `exchange`.
        let moved = words.claim.compare_exchange(claim.0, mine.0, release(Edge::Claim), Ordering::Relaxed);
        moved.is_ok().then_some(claim.tail())
    }

    /// Sends one value on the fast path, see [`Producer::claim_fast`]. Returns whether it did.
    #[inline(always)]
    pub fn send_fast<T: Pod>(&self, value: &T, wake: &impl Wake) -> bool {
        let Some(position) = self.claim_fast(self.queue.of::<T>().track) else { return false };
        self.write(position, value);
        self.announce(wake);
        true
    }

    /// Claims between 1 and `want` positions for a sender of that rank.
    #[inline]
    pub fn claim(&self, rank: Rank, want: u32, wake: &impl Wake) -> Claimed<Span> {
        let words = self.queue.view.words;
        if rank == Rank::Newcomer
            && want == 1
            && let Some(position) = self.claim_fast(self.queue.track)
        {
            return Claimed::Granted(Span { first: position, count: 1 });
        }
        loop {
            let claim = Claim(words.claim.load(acquire(Edge::Claim)));
            let attempt = match self.room_by_cache(claim, rank) {
                Some(free) => self.exchange(claim, claim, want.min(free)),
                None => self.claim_slow(claim, rank, want, wake),
            };
            if let Some(claimed) = attempt {
                return claimed;
            }
        }
    }

    /// Returns how many positions are claimed and not yet taken by the cached head, if that head goes with `claim`.
    #[inline(always)]
    pub(super) fn used_by_cache(&self, claim: Claim) -> Option<i64> {
        let words = self.queue.view.words;
        // ORDERING: relaxed, after the claim word, which was read with acquire. So this sees the epoch that made the present tail
        // possible. A later epoch only sends the call to the slow path.
        let epoch = words.read_mostly.epoch.load(Ordering::Relaxed);
        let cached = self.cache.head.load(acquire(Edge::Cache));
        if !is_of_epoch(cached, epoch) {
            return None;
        }
        let used = self.queue.track.distance((cached >> 32) as u32, claim.tail());
        (used >= 0).then_some(used)
    }

    /// Returns the free capacity by the cached head. `None` if the cache does not tell: the caller then looks at the segment.
    #[inline(always)]
    pub(super) fn room_by_cache(&self, claim: Claim, rank: Rank) -> Option<u32> {
        let words = self.queue.view.words;
        // ORDERING: relaxed, after the claim word, which was read with acquire. So this sees each waiter in the line that the caller
        // can know of. If the line is idle, nothing more is read on the strength of that.
        let line = Line(words.read_mostly.line.load(Ordering::Relaxed));
        let used = self.used_by_cache(claim)?;
        if !line.is_idle() || rank != Rank::Newcomer || claim.closed() == 1 {
            return None;
        }
        let free = self.queue.capacity() - used - i64::from(claim.reserved());
        if free < 1 { None } else { u32::try_from(free).ok() }
    }

    /// Looks at head and quarantine, and caches the two for the process. `None`: something moved, try again.
    ///
    /// If more is used than the capacity, the segment holds nonsense, and nothing can be sent through it.
    pub(super) fn look(&self, claim: Claim) -> Option<Room> {
        let queue = &self.queue;
        let words = queue.view.words;
        // ORDERING: before head, so that the cached epoch may be too old for the cached head, but never too new.
        let epoch = words.read_mostly.epoch.load(acquire(Edge::Epoch));
        let room = queue.room(claim)?;
        if room.used > queue.capacity() {
            // Unless the word is old. This thread may have been stopped behind its load for so long that 32 bits cannot tell old from
            // new.
            return queue.is_unchanged(claim).then_some(room);
        }
        let cached = (room.head << 32) | (epoch & EPOCH) << 1 | u64::from(room.any);
        self.cache.head.store(cached, release(Edge::Cache));
        Some(room)
    }

    /// Returns the room for `need`, if there is so much, by a look at head, quarantine and line. `None`: something moved, try again.
    pub(super) fn room_for(&self, claim: Claim, rank: Rank, need: u32) -> Option<Claimed<(u32, Room)>> {
        let queue = &self.queue;
        if claim.closed() == 1 {
            return Some(Claimed::Closed);
        }
        let room = self.look(claim)?;
        if room.used > queue.capacity() {
            return Some(Claimed::Closed);
        }
        // The backlog is read before the line. A sender that moves from the one to the other meanwhile counts twice, which is safe. The
        // other way round it might not count at all.
        let rank = if rank == Rank::Newcomer { Rank::Backlog(self.cache.backlog()) } else { rank };
        let before = queue.needs_before(rank, room.free - i64::from(need));
        let free = room.free - before;
        if free < i64::from(need) {
            // The entries were read one by one, so they belong together only if no sender has claimed meanwhile.
            let is_sure = !room.any || queue.is_unchanged(claim);
            return is_sure.then_some(Claimed::Full);
        }
        Some(Claimed::Granted((u32::try_from(free).ok()?, room)))
    }

    /// Claims after a look. `None`: something moved, try again.
    #[cold]
    pub(super) fn claim_slow(
        &self,
        claim: Claim,
        rank: Rank,
        want: u32,
        wake: &impl Wake,
    ) -> Option<Claimed<Span>> {
        let (free, room) = match self.room_for(claim, rank, 1)? {
            Claimed::Granted(found) => found,
            Claimed::Full => return Some(Claimed::Full),
            Claimed::Closed => return Some(Claimed::Closed),
        };
        if let Some((number, entry)) = room.blocked {
            self.void(claim, number, entry, wake);
            return None;
        }
        self.exchange(claim, claim, want.min(room.run).min(free))
    }

    /// Voids the position at the tail, whose slot is in quarantine, then moves the claim word over it. Does less if something moved: the
    /// caller reads the claim word again in any case.
    pub(super) fn void(&self, claim: Claim, number: usize, entry: Entry, wake: &impl Wake) {
        let queue = &self.queue;
        let tail = claim.tail();
        if queue.track.distance(entry.last(), tail) > 0 {
            let moved = entry.with_last(tail);
            let word = &queue.view.entries[number];
            // ORDERING: relaxed. While the entry is active its slot is void, whatever `last` says. The receiver's exchange that makes the
            // entry inactive reads `last`, and other threads read that exchange with acquire.
            if word.compare_exchange(entry.0, moved.0, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                return;
            }
        }
        let over = claim.with_tail(queue.track.add(tail, 1));
        let word = &queue.view.words.claim;
        // ORDERING: releases the head and the void position on which this exchange rests.
        if word.compare_exchange(claim.0, over.0, release(Edge::Claim), Ordering::Relaxed).is_ok() {
            full_fence(Fence::Published);
            queue.common().ring_receiver(wake);
        }
    }

    /// Records the owner of the last claim if that is another process, then claims `count` positions by one exchange. The rest of the
    /// claim word becomes as in `with`.
    ///
    /// The claim word names only the last owner. So a claimer of another process first saves that name in the record of the last
    /// position; the receiver needs it if that owner dies before it publishes.
    #[inline(always)]
    pub(super) fn exchange(&self, claim: Claim, with: Claim, count: u32) -> Option<Claimed<Span>> {
        let queue = &self.queue;
        let tail = claim.tail();
        if !queue.track.is_valid(tail) {
            // A peer wrote nonsense: there is no such slot.
            return Some(Claimed::Closed);
        }
        if claim.owner() != self.me && claim.owner() != 0 && !self.record(claim) {
            return None;
        }
        let mine = with.with_tail(queue.track.add(tail, count)).with_owner(self.me);
        // ORDERING: releases the head and the record on which this claim rests. The word was read with acquire before. It may have
        // changed and come back since, by permits (ABA); those wrote nothing of which this claim must know.
        queue
            .view
            .words
            .claim
            .compare_exchange(claim.0, mine.0, release(Edge::Claim), Ordering::Relaxed)
            .ok()
            .map(|_| Claimed::Granted(Span { first: tail, count }))
    }

    /// Records the owner of the last claim. Returns false if the claim word has moved on.
    #[cold]
    fn record(&self, claim: Claim) -> bool {
        let queue = &self.queue;
        let position = queue.track.previous(claim.tail());
        let word = &queue.view.records[queue.track.index(position)];
        let mine = Record::new(position, claim.owner());
        let mut seen = Record(word.load(acquire(Edge::Record)));
        loop {
            if seen.bears(position) {
                return true;
            }
            // A record of a newer position means that the claim word is old. A record can also only look newer, because it was last
            // written more than 2^31 positions ago. Then the claim word is unchanged.
            if seen.set() == 1
                && queue.track.distance(position, seen.position()) > 0
                && !queue.is_unchanged(claim)
            {
                return false;
            }
            match word.compare_exchange(seen.0, mine.0, release(Edge::Record), acquire(Edge::Record)) {
                Ok(_) => return true,
                Err(now) => seen = Record(now),
            }
        }
    }

    /// Publishes one value at each claimed position, in order, and wakes the receiver.
    ///
    /// `values` has as many as were claimed.
    #[inline]
    pub fn publish<T: Pod>(&self, span: Span, values: &[T], wake: &impl Wake) {
        debug_assert_eq!(values.len(), span.count as usize);
        let track = self.queue.of::<T>().track;
        let mut position = span.first;
        for value in values {
            self.write(position, value);
            position = track.add(position, 1);
        }
        self.announce(wake);
    }

    /// Publishes one value at a claimed position.
    #[inline(always)]
    fn write<T: Pod>(&self, position: u32, value: &T) {
        let slots = self.queue.view.slots;
        let slot = slots.of::<T>(position);
        payload::store(slot, value);
        // ORDERING: releases the value.
        slot.stamp.store(Stamp::published(position).0, release(Edge::Stamp));
        slots.prefetch_ahead::<T>(position);
    }

    /// Wakes the receiver if it sleeps. Called after publishing.
    #[inline(always)]
    fn announce(&self, wake: &impl Wake) {
        // ORDERING: a Dekker fence: the sender publishes, then looks whether the receiver sleeps. The receiver registers, then looks at
        // the stamp.
        self.queue.fences.light(Fence::Published);
        self.queue.common().ring_receiver(wake);
    }

    /// Takes the next turn of the sender at `place`: registers it as a sleeper, then looks whether it is covered.
    ///
    /// The caller has stored a task's waker before. If the sender is granted or refused, the caller has it leave the line.
    pub fn turn<W: Request>(
        &self,
        place: Place,
        want: W,
        kind: Kind,
        wake: &impl Wake,
    ) -> Turn<'a, W::Grant> {
        let (bell, asleep) = self.queue.register_waiter(place, kind);
        // The second look. Capacity that became free before the bell was set is seen here. The thread that frees more later rings the
        // bell.
        match want.ask(self, Rank::Waiter(place.ticket), wake) {
            Claimed::Granted(grant) => Turn::Granted(grant),
            Claimed::Full if !wake.is_over() => Turn::Sleep(bell, asleep),
            Claimed::Full | Claimed::Closed => Turn::Closed,
        }
    }
}
