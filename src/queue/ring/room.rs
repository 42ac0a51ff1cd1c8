//! How much capacity is free at one value of the claim word: the value of the semaphore. Nothing is taken here.
//!
//! `free = capacity - (tail - head) - reserved - ahead`, where `ahead` counts quarantined slots whose position in
//! `[head, head + slots)` is at or after the tail and is void or will be. In that window each slot has one position. So a
//! stalled send keeps its capacity, and no other sender loses more. An old head makes the number too small, never too big.

use super::Ring;
use super::words::{Claim, Entry};
use crate::queue::edge::{Edge, acquire};
use crate::sync::Ordering;

/// The room at one value of the claim word, by head and quarantine.
pub(crate) struct Room {
    pub head: u64,
    /// Positions claimed and not yet taken. More than the capacity only if a peer wrote nonsense.
    pub used: i64,
    /// Whether any slot is in quarantine.
    pub any: bool,
    /// Capacity that is free. The needs of waiters are not subtracted. May be negative.
    pub free: i64,
    /// Positions from the tail to the next quarantined slot.
    pub run: u32,
    /// The entry of the tail's own slot, if that position is or must become void.
    pub blocked: Option<(usize, Entry)>,
}

impl Ring<'_> {
    /// Returns whether the claim word still is `claim`. A thread calls this after it has read a value that contradicts the word, to tell
    /// an old word from corruption.
    pub fn is_unchanged(&self, claim: Claim) -> bool {
        // ORDERING: relaxed. The contradicting value (head, an entry or a record) was read with acquire. So this sees each change of the
        // claim word that came before that value.
        self.view.words.claim.load(Ordering::Relaxed) == claim.0
    }

    /// Looks at head, then at the count of entries, then at the entries, for the claim word `claim`.
    ///
    /// `None` if head is already past the claim word's tail: the word is old and must be read again.
    pub fn room(&self, claim: Claim) -> Option<Room> {
        let receiver = &self.view.words.receiver;
        let head = receiver.head.load(acquire(Edge::Head));
        let used = self.track.distance(head as u32, claim.tail());
        if used < 0 || !self.track.is_valid(head as u32) || !self.track.is_valid(claim.tail()) {
            if !self.is_unchanged(claim) {
                return None;
            }
            // The tail is never behind head, and both name a slot. So a peer wrote nonsense, and trying again would never end.
            let used = i64::MAX;
            return Some(Room { head, used, any: true, free: 0, run: 0, blocked: None });
        }
        // ORDERING: the count after head. The receiver counts an entry before it moves head past the position. So a sender that sees the
        // moved head sees the entry.
        let any = receiver.quarantined.load(acquire(Edge::Quarantined)) != 0;
        let mut room = Room {
            head,
            used,
            any,
            free: self.capacity() - used - i64::from(claim.reserved()),
            run: self.track.slots(),
            blocked: None,
        };
        if any {
            self.survey(claim.tail(), &mut room);
        }
        Some(room)
    }

    /// Subtracts the slots in quarantine from the room.
    #[cold]
    fn survey(&self, tail: u32, room: &mut Room) {
        for (number, entry) in self.view.entries.iter().enumerate() {
            let entry = Entry(entry.load(acquire(Edge::Entry)));
            if entry.used() == 0 || entry.slot() >= self.track.slots() {
                continue;
            }
            let is_void_at =
                |position: u32| entry.active() == 1 || self.track.distance(position, entry.last()) >= 0;
            let in_window =
                self.track.add(room.head as u32, self.track.slots_to(room.head as u32, entry.slot()));
            if self.track.distance(tail, in_window) >= 0 && is_void_at(in_window) {
                room.free -= 1;
            }
            let steps = self.track.slots_to(tail, entry.slot());
            if is_void_at(self.track.add(tail, steps)) {
                room.run = room.run.min(steps);
                if steps == 0 {
                    room.blocked = Some((number, entry));
                }
            }
        }
    }

    /// Returns the number of values in the queue, 0 to the capacity. One that is being written may or may not count; permits never do.
    pub fn len(&self) -> usize {
        loop {
            // ORDERING: relaxed. The number may be out of date before the caller sees it.
            let claim = Claim(self.view.words.claim.load(Ordering::Relaxed));
            let Some(room) = self.room(claim) else { continue };
            let voids = if room.any { self.voids(room.head as u32, claim.tail()) } else { 0 };
            return usize::try_from((room.used - voids).clamp(0, self.capacity())).unwrap_or(0);
        }
    }

    /// Returns how many void positions stand between head and tail.
    fn voids(&self, head: u32, tail: u32) -> i64 {
        // ORDERING: as in `len`.
        let entries = self.view.entries.iter().map(|entry| Entry(entry.load(Ordering::Relaxed)));
        let is_void = |entry: &Entry| {
            entry.used() == 1
                && self.track.distance(head, entry.last()) >= 0
                && self.track.distance(entry.last(), tail) > 0
        };
        entries.filter(is_void).count() as i64
    }
}
