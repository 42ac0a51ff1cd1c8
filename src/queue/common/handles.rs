//! Strong and weak handles, and the end of the stream. It does not know what a handle is, only how many there are.
//!
//! Counts live per process, so that a death takes its own away. "No sender is left" is a latch `{ version, ended }`:
//! whoever takes its process's count to 0 scans all counts and latches by an exchange on the version it read
//! before the scan. Every upgrade adds its own count first and then one to the version, so a scan that missed it
//! fails. Once ended is for ever.

use super::edge::{Edge, Fence, acquire, full_fence, release};
use super::words::Latch;
use super::{Common, Kind, Number, Sleeper, Wake};
use crate::sync::{AtomicU64, Ordering};

impl Common<'_> {
    fn strong(&self, number: Number) -> &AtomicU64 {
        &self.view.members[usize::from(number)].strong
    }

    /// Counts a handle made from another one of the same process.
    pub fn add_strong(&self, number: Number) {
        // ORDERING: the caller's own handle keeps the count above 0, so no scan can miss this one.
        self.strong(number).fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a handle that is not made from a strong one of the same process: of a newcomer, or from a weak one.
    /// False if the stream has ended; then nothing is counted.
    pub fn upgrade(&self, number: Number) -> bool {
        // ORDERING: relaxed: count first, then the latch, whose exchange releases it. A scanner reads the latch first,
        // then the counts, and latches only if the latch has not changed: it has seen this count, or this sees the
        // end. Both are exchanges of one word, so no fence is needed.
        self.strong(number).fetch_add(1, Ordering::Relaxed);
        let latch = &self.view.header.latch;
        loop {
            let seen = Latch(latch.load(Ordering::Relaxed)); // ORDERING: a first guess for the exchange.
            if seen.ended() == 1 {
                self.strong(number).fetch_sub(1, Ordering::Relaxed); // ORDERING: nobody scans any more.
                return false;
            }
            let bumped = seen.with_version(seen.version().wrapping_add(1));
            if latch.compare_exchange_weak(seen.0, bumped.0, release(Edge::Latch), Ordering::Relaxed).is_ok()
            {
                return true;
            }
        }
    }

    /// Takes a handle away. If it was the last of all, the stream ends before this returns.
    pub fn drop_strong(&self, number: Number, wake: &impl Wake) {
        // ORDERING: what this handle sent goes with it. The last one receives the others' by the fence that follows.
        if self.strong(number).fetch_sub(1, release(Edge::Strong)) == 1 {
            self.end_if_last(wake);
        }
    }

    /// No process has this number, or its process has no handle, whatever is written there. The caller sees to the end of the
    /// stream.
    pub fn reset_strong(&self, number: Number) {
        // ORDERING: a 0 that is written over hands on what the drops before it released, as far as the caller knows of them:
        // another process's scan may find this one instead.
        self.strong(number).store(0, release(Edge::Strong));
    }

    /// Takes all handles of a process away.
    pub fn clear_strong(&self, number: Number, wake: &impl Wake) {
        self.reset_strong(number);
        self.end_if_last(wake);
    }

    /// Ends the stream if no handle is left, for who has taken one away.
    pub fn end_if_last(&self, wake: &impl Wake) {
        // ORDERING: own count first, then the latch and the other counts; pairs with the same fence of another process
        // that drops its last handle now: at least one of the two sees both zeros.
        full_fence(Fence::Counted);
        let latch = &self.view.header.latch;
        loop {
            let seen = Latch(latch.load(acquire(Edge::Latch)));
            if seen.ended() == 1 {
                return;
            }
            if self.view.members.iter().any(|member| member.strong.load(acquire(Edge::Strong)) != 0) {
                return;
            }
            let ended = seen.with_ended(1);
            if latch.compare_exchange_weak(seen.0, ended.0, release(Edge::Latch), Ordering::Relaxed).is_ok() {
                // ORDERING: the latch is set, then the receiver is looked for.
                full_fence(Fence::Latched);
                self.ring_receiver(wake);
                return;
            }
        }
    }

    /// Whether the last strong handle is gone.
    pub fn has_ended(&self) -> bool {
        Latch(self.view.header.latch.load(acquire(Edge::Latch))).ended() == 1
    }

    /// Strong handles of all processes; an open name is none.
    pub fn strong_count(&self) -> usize {
        let counts = self.view.members.iter().skip(1);
        // ORDERING: advisory; each count is its process's own. A sum of nonsense saturates.
        counts.fold(0, |sum: usize, m| sum.saturating_add(m.strong.load(Ordering::Relaxed) as usize))
    }

    fn weak(&self, number: Number) -> &AtomicU64 {
        &self.view.members[usize::from(number)].weak
    }

    /// Counts a handle that does not keep the stream open.
    pub fn add_weak(&self, number: Number) {
        self.weak(number).fetch_add(1, Ordering::Relaxed); // ORDERING: advisory.
    }

    /// Takes such a handle away.
    pub fn drop_weak(&self, number: Number) {
        self.weak(number).fetch_sub(1, Ordering::Relaxed); // ORDERING: advisory.
    }

    /// Weak handles of all processes.
    pub fn weak_count(&self) -> usize {
        // ORDERING: as in `strong_count`.
        let counts = self.view.members.iter().map(|member| member.weak.load(Ordering::Relaxed) as usize);
        counts.fold(0, usize::saturating_add)
    }

    /// Rings the receiver's bell. The caller has passed a full fence since its change.
    #[inline]
    pub fn ring_receiver(&self, wake: &impl Wake) {
        self.view.header.receiver_bell.ring(|kind| wake.wake(Sleeper::Receiver, kind));
    }

    /// Returns how the receiver sleeps, if it has registered and was not rung.
    pub fn sleeping_receiver(&self) -> Option<Kind> {
        self.view.header.receiver_bell.sleeper()
    }
}
