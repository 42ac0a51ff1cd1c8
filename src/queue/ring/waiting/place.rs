//! Coming to the line of waiting senders, and leaving it. Which waiters are covered is decided in [`super::walk`].
//!
//! A sender comes in four steps: it takes a free record, sets the record's bit, draws a ticket, and writes the ticket into
//! the record. Between these steps the record counts for no other sender. It leaves in two: it clears the bit, then it frees
//! the record. What a kill leaves between any two of them is a record with an owner, which [`crate::queue::ring::repair`] frees.
//! What a stop leaves is a record that is in use: one fewer for the others.

use crate::layout::Bell;
use crate::queue::Number;
use crate::queue::edge::{Edge, Fence, acquire, full_fence, release};
use crate::queue::ring::Ring;
use crate::queue::ring::words::{Line, Waiter};
use crate::queue::{BellKey, Kind};
use crate::sync::Ordering;

/// One sender's place in the line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    /// Which record it has.
    pub record: usize,
    /// Its rank: lower tickets come first.
    pub ticket: u32,
}

impl<'a> Ring<'a> {
    /// Reads the word of the line.
    #[inline(always)]
    pub(super) fn read_line(&self) -> Line {
        Line(self.view.words.read_mostly.line.load(acquire(Edge::Line)))
    }

    /// Changes the line's word if it still is `seen`.
    pub(super) fn change_line(&self, seen: Line, to: Line) -> bool {
        let word = &self.view.words.read_mostly.line;
        // ORDERING: relaxed. It takes marks away and publishes nothing. It continues the release sequences of the draws before it.
        word.compare_exchange(seen.0, to.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Draws a ticket and sets a mark in the line's word. The word changes at each draw. So another thread that saw no reason for the
    /// mark before this draw, and is about to take it away, fails.
    fn draw(&self, mark: impl Fn(Line) -> Line) -> u32 {
        let word = &self.view.words.read_mostly.line;
        let mut seen = Line(word.load(Ordering::Relaxed)); // ORDERING: only a first guess for the exchange.
        loop {
            let to = mark(seen.after_draw());
            // ORDERING: releases the bit of the record, or the bell of the backlog.
            match word.compare_exchange_weak(seen.0, to.0, release(Edge::Line), Ordering::Relaxed) {
                Ok(_) => return seen.next_ticket(),
                Err(now) => seen = Line(now),
            }
        }
    }

    /// Takes a place at the end of the line. Returns `None` if every record is in use, that of the process too.
    pub fn enter(&self, me: Number, need: u32) -> Option<Place> {
        let (record, ticket) = self.comes_half_way(me, need)?;
        self.arrives(record, ticket, me, need);
        Some(Place { record, ticket })
    }

    /// Takes the first three steps of coming: a record, its bit, a ticket.
    pub(super) fn comes_half_way(&self, me: Number, need: u32) -> Option<(usize, u32)> {
        let record = self.take_record(me, need)?;
        Some((record, self.draw(|line| line.with_waiting(1))))
    }

    /// Takes the last step: from now on the sender is in the line.
    pub(super) fn arrives(&self, record: usize, ticket: u32, me: Number, need: u32) {
        let waits = Waiter::waits_at(ticket, me, need);
        // ORDERING: relaxed. A thread that does not see it yet takes the sender for one that has not come. Before the sender sleeps it
        // passes a full fence.
        self.view.waiters[record].store(waits.0, Ordering::Relaxed);
    }

    /// Reads a record.
    pub(super) fn read_waiter(&self, record: usize) -> Waiter {
        // ORDERING: relaxed, see [`super`].
        Waiter(self.view.waiters[record].load(Ordering::Relaxed))
    }

    /// Takes the first free one of the common records, so that those in use stand close together, or else that of the process.
    fn take_record(&self, me: Number, need: u32) -> Option<usize> {
        let common = self.view.geometry.line as usize;
        for (first, word) in (0..common).step_by(u64::BITS as usize).zip(self.view.occupied) {
            // ORDERING: relaxed, a hint. The exchange of the record decides.
            let mut used = word.load(Ordering::Relaxed);
            loop {
                let record = first + used.trailing_ones() as usize;
                if used == u64::MAX || record >= common {
                    break;
                }
                if self.occupy(record, me, need) {
                    return Some(record);
                }
                used |= 1 << (record - first);
            }
        }
        let own = common + usize::from(me);
        self.occupy(own, me, need).then_some(own)
    }

    /// Takes a record, if it is free, and sets its bit. Returns whether it was free.
    fn occupy(&self, record: usize, me: Number, need: u32) -> bool {
        let (free, coming) = (Waiter::FREE.0, Waiter::coming(me, need).0);
        // ORDERING: acquires that the record's last sender has cleared its bit. The bit is set after that.
        let word = &self.view.waiters[record];
        let is_mine = word.compare_exchange(free, coming, acquire(Edge::Waiter), Ordering::Relaxed).is_ok();
        if is_mine {
            let (word, bit) = self.bit_of(record);
            // ORDERING: relaxed. The draw that follows releases it.
            word.fetch_or(bit, Ordering::Relaxed);
        }
        is_mine
    }

    /// Returns the word and the bit that say that the record is in use.
    fn bit_of(&self, record: usize) -> (&'a crate::sync::AtomicU64, u64) {
        let bits = u64::BITS as usize;
        (&self.view.occupied[record / bits], 1 << (record % bits))
    }

    /// Leaves the line after the sender has taken capacity or given up. The caller then brings the next sender of its process's backlog
    /// to the line, if there is one, and looks for covered waiters, by [`Ring::look_if_waiting`].
    pub fn vacate(&self, place: Place) {
        self.clear_bit(place.record);
        // ORDERING: releases the cleared bit to the next sender that takes the record.
        self.view.waiters[place.record].store(Waiter::FREE.0, release(Edge::Waiter));
        // ORDERING: a Dekker fence: the record is free, then the caller looks at the backlog and the line, as in `freed`.
        full_fence(Fence::Freed);
    }

    fn clear_bit(&self, record: usize) {
        let (word, bit) = self.bit_of(record);
        // ORDERING: relaxed. A walk that still finds the bit finds a record that is about to be free.
        word.fetch_and(!bit, Ordering::Relaxed);
    }

    /// Frees every record of a process that is dead or has left, also one whose sender had no ticket yet.
    pub fn vacate_all(&self, number: Number) {
        for (record, word) in self.view.waiters.iter().enumerate() {
            // ORDERING: relaxed. The caller has learned of the death after all that the process did.
            let mut waiter = Waiter(word.load(Ordering::Relaxed));
            while waiter != Waiter::FREE && waiter.owner() == number {
                self.clear_bit(record);
                // ORDERING: as in `vacate`.
                let freed =
                    word.compare_exchange(waiter.0, Waiter::FREE.0, release(Edge::Waiter), Ordering::Relaxed);
                match freed {
                    Ok(_) => break,
                    Err(now) => waiter = Waiter(now),
                }
            }
        }
        if let Some(bell) = self.view.backlogs.get(usize::from(number)) {
            bell.deregister();
        }
    }

    /// Registers the backlog of process `me` as a sleeper that is rung when the capacity covers more than the line. The caller then
    /// looks once more, by [`Ring::left_over`].
    pub fn arm_backlog(&self, me: Number) {
        self.backlog_bell(me).register(Kind::Task, self.fences);
        // No sender uses this ticket. It is drawn so that the word changes, even if the mark stands already.
        self.draw(|line| line.with_backlog(1));
        // ORDERING: a Dekker fence: the mark stands, then the caller looks at the capacity. Pairs with `freed` and `freed_by_taking`.
        self.fences.heavy(Fence::Asleep);
    }

    /// Returns the bell of a process's backlog.
    pub fn backlog_bell(&self, number: Number) -> &'a Bell {
        &self.view.backlogs[usize::from(number)]
    }

    /// Registers the sender at `place` as a sleeper. It looks once more before it sleeps.
    pub fn register_waiter(&self, place: Place, kind: Kind) -> (&'a Bell, BellKey) {
        let bell = &self.view.bells[place.record];
        (bell, bell.register(kind, self.fences))
    }
}
