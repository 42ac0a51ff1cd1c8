//! Handle counts, strong and weak as in `Arc`, and the end of the stream. What a handle is is not known here, only how many there are.
//!
//! Each process has counts of its own, so that a death takes just these away. "No sender is left" is a latch `{ version, ended }`,
//! read as a sequence lock is. A thread that takes its process's count to 0 reads the version, scans all counts, and sets `ended` by an
//! exchange that fails if the version has changed. Each upgrade first adds its own count, then adds one to the version. So a scan that
//! missed an upgrade fails. `ended` is never cleared.

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
    /// Returns false if the stream has ended; then nothing is counted.
    pub fn upgrade(&self, number: Number) -> bool {
        // ORDERING: relaxed. The count comes first, then the exchange of the latch, which releases it. A scan reads the latch first,
        // then the counts, and sets `ended` only if the latch has not changed. So either the scan has seen this count, or this thread
        // sees the end. Both exchange one word, so no fence is needed.
        self.strong(number).fetch_add(1, Ordering::Relaxed);
        let latch = &self.view.header.latch;
        loop {
            let seen = Latch(latch.load(Ordering::Relaxed)); // ORDERING: a first guess for the exchange.
            if seen.ended() == 1 {
                self.strong(number).fetch_sub(1, Ordering::Relaxed); // ORDERING: no thread scans any more.
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
        // ORDERING: releases what was sent on this handle. The thread that drops the last one acquires that of the others by the fence
        // that follows.
        if self.strong(number).fetch_sub(1, release(Edge::Strong)) == 1 {
            self.end_if_last(wake);
        }
    }

    /// Sets the strong count of this number to 0, whatever is written there: no process has the number, or its process has no handle.
    /// The caller then calls [`Common::end_if_last`].
    pub fn reset_strong(&self, number: Number) {
        // ORDERING: releases what the caller knows of earlier drops. A scan of another process may read this 0 instead of theirs.
        self.strong(number).store(0, release(Edge::Strong));
    }

    /// Takes all strong handles of a process away. If the last of all was among them, the stream ends before this returns.
    pub fn clear_strong(&self, number: Number, wake: &impl Wake) {
        self.reset_strong(number);
        self.end_if_last(wake);
    }

    /// Ends the stream if no strong handle is left. A thread calls it after it has taken one away.
    pub fn end_if_last(&self, wake: &impl Wake) {
        // ORDERING: a Dekker fence: the own count first, then the latch and the other counts. It pairs with the same fence of another
        // process that drops its last handle now. At least one of the two sees both zeros.
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
                // ORDERING: a Dekker fence: the latch is set, then this looks whether the receiver sleeps.
                full_fence(Fence::Latched);
                self.ring_receiver(wake);
                return;
            }
        }
    }

    /// Returns whether the last strong handle is gone.
    pub fn has_ended(&self) -> bool {
        Latch(self.view.header.latch.load(acquire(Edge::Latch))).ended() == 1
    }

    /// Returns the strong handles of all processes. An open name is none.
    pub fn strong_count(&self) -> usize {
        let counts = self.view.members.iter().skip(1);
        // ORDERING: advisory. Each count is its process's own. What a peer wrote there instead makes the sum saturate at worst.
        counts.fold(0, |sum: usize, m| sum.saturating_add(m.strong.load(Ordering::Relaxed) as usize))
    }

    fn weak(&self, number: Number) -> &AtomicU64 {
        &self.view.members[usize::from(number)].weak
    }

    /// Counts a handle that does not keep the stream open.
    pub fn add_weak(&self, number: Number) {
        self.weak(number).fetch_add(1, Ordering::Relaxed); // ORDERING: advisory.
    }

    /// Takes a weak handle away.
    pub fn drop_weak(&self, number: Number) {
        self.weak(number).fetch_sub(1, Ordering::Relaxed); // ORDERING: advisory.
    }

    /// Returns the weak handles of all processes.
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
