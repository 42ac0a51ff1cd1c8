//! The line: senders that wait for capacity, first come first served, across processes. Nobody sleeps here.
//!
//! A ring of cells, appended by exchange. A waiter may take when the free capacity covers the needs of all before
//! it and its own; a newcomer only if it covers the whole line. So nobody grants on another's behalf, nothing is
//! locked, and a dead or cancelled waiter is one cell. Whoever gives capacity back looks along the line and rings
//! every waiter that is covered now.
//!
//! Promise: an operation that began after a waiter was in the line never overtakes it. If more wait than the ring
//! has cells, the rest sleep on the overflow bell and come in without order among themselves.
//!
//! # Orderings
//!
//! The word of the line is released by everyone who changes it and read with acquire, so who sees an end of the line
//! sees the cells before it. A cell that is newer than the line one has read tells so only to who wants to enter there;
//! for all others a cell tells of nothing but itself. Who takes capacity on the strength of it does so by an exchange of
//! the claim word, which fails if it knew too little; and who goes to sleep on the strength of it has a full fence behind
//! it, as has everyone who changes a cell and then looks who sleeps.

use super::edge::{Edge, Fence, acquire, full_fence, release};
use super::words::{Cell, Claim, Line, next_ticket, tickets_between};
use super::{Kind, Number, Queue, Sleeper, Ticket, Wake};
use crate::sync::{Ordering, spin_loop};

/// Who asks for capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Somebody who is not in the line, and may take only what the whole line leaves over.
    Newcomer,
    /// The waiter with this ticket, who may take what those before it leave over.
    InLine(u32),
}

/// Where a sleeper will be rung.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spot {
    Cell { cell: usize, ticket: u32 },
    Overflow,
}

impl Queue<'_> {
    fn ring_size(&self) -> u32 {
        self.view.geometry.line
    }

    /// The cell of a ticket.
    pub fn cell_of(&self, ticket: u32) -> usize {
        (ticket & (self.ring_size() - 1)) as usize
    }

    fn read_line(&self) -> Line {
        Line(self.view.header.seldom.line.load(acquire(Edge::Line)))
    }

    fn read_cell(&self, ticket: u32) -> Cell {
        // ORDERING: see above.
        Cell(self.view.cells[self.cell_of(ticket)].load(Ordering::Relaxed))
    }

    /// Changes the line's word if it still is `seen`.
    fn change_line(&self, seen: Line, to: Line) -> bool {
        let word = &self.view.header.seldom.line;
        // ORDERING: whoever looks further, having changed it, reads it again with acquire.
        word.compare_exchange(seen.0, to.0, release(Edge::Line), Ordering::Relaxed).is_ok()
    }

    /// The waiting cells of the line from its front up to `end`, as tickets with their cells.
    fn waiting(&self, line: Line, end: u32) -> impl Iterator<Item = (u32, Cell)> + '_ {
        // A peer's nonsense can make the line seem longer than the ring, never make this run longer.
        let count = tickets_between(line.front(), end).min(self.ring_size());
        let mut ticket = line.front();
        (0..count).filter_map(move |_| {
            let this = ticket;
            ticket = next_ticket(ticket);
            let cell = self.read_cell(this);
            cell.waits_at(this).then_some((this, cell))
        })
    }

    /// What those before `place` wait for. Stops counting once it is more than `enough`.
    pub fn needs_before(&self, place: Place, enough: i64) -> i64 {
        let line = self.read_line();
        let end = match place {
            Place::Newcomer => line.back(),
            Place::InLine(ticket) => ticket,
        };
        let mut sum = 0;
        for (_, cell) in self.waiting(line, end) {
            sum += i64::from(cell.need());
            if sum > enough {
                break;
            }
        }
        sum
    }

    /// Takes a place at the end of the line. `None` if every cell is taken.
    pub fn enter(&self, me: Number, need: u32) -> Option<u32> {
        loop {
            let line = self.read_line();
            if tickets_between(line.front(), line.back()) >= self.ring_size() {
                return None;
            }
            let ticket = line.back();
            let word = &self.view.cells[self.cell_of(ticket)];
            // ORDERING: if it is newer than the line that was read, the line is seen to have moved.
            let cell = Cell(word.load(acquire(Edge::Cell)));
            if cell.waits_at(ticket) || cell == Cell::gone(ticket) && cell.0 != 0 {
                // Somebody took this place and was stopped before it moved the end: do it for it.
                self.change_line(line, line.with_back(next_ticket(ticket)));
                continue;
            }
            // While the end stands here the cell holds the one who left it a lap ago. If it holds anything else, the end
            // has moved meanwhile; or somebody wrote nonsense, and whoever waits for it to go waits for ever.
            let is_left = cell.is_gone(ticket.wrapping_sub(self.ring_size()) % super::words::TICKETS);
            if !is_left && self.read_line() != line {
                spin_loop();
                continue;
            }
            let mine = Cell::wait(ticket, me, need);
            // ORDERING: with the end of the line that was seen; see the load above.
            if word.compare_exchange(cell.0, mine.0, release(Edge::Cell), Ordering::Relaxed).is_err() {
                continue;
            }
            loop {
                let line = self.read_line();
                let is_counted = tickets_between(next_ticket(ticket), line.back()) <= self.ring_size();
                if is_counted || self.change_line(line, line.with_back(next_ticket(ticket))) {
                    return Some(ticket);
                }
            }
        }
    }

    /// Leaves the line, having taken or given up, and lets the others look.
    pub fn leave(&self, ticket: u32, wake: &impl Wake) {
        // ORDERING: with the end of the line behind it, as in `enter`. For who looks along the line the fence that
        // follows orders it.
        self.view.cells[self.cell_of(ticket)].store(Cell::gone(ticket).0, release(Edge::Cell));
        self.freed(wake);
    }

    /// Moves the front over the cells of those who have left.
    fn advance_front(&self) {
        loop {
            let line = self.read_line();
            if tickets_between(line.front(), line.back()) > self.ring_size() {
                // Nobody stands further from the end than the ring is long: somebody wrote nonsense. Step by step it could
                // take a minute to pass it.
                let front = line.back().wrapping_sub(self.ring_size()) % super::words::TICKETS;
                self.change_line(line, line.with_front(front));
                continue;
            }
            // A cell that holds neither the waiter nor its leaving is nonsense, and nobody would ever leave it.
            if line.front() == line.back() || self.read_cell(line.front()).waits_at(line.front()) {
                return;
            }
            self.change_line(line, line.with_front(next_ticket(line.front())));
        }
    }

    /// Registers a sleeper that waits for a place in the line. `None`: do not sleep, try to enter again (or the
    /// channel is closed).
    pub fn wait_for_place(&self, kind: Kind) -> Option<Ticket> {
        self.advance_front();
        let line = self.read_line();
        if tickets_between(line.front(), line.back()) < self.ring_size() {
            return None;
        }
        let asleep = self.view.header.overflow_bell.register(kind);
        let marked = line.with_overflow(1);
        // ORDERING: an exchange even if the mark stands already. Whoever moves the front later has then seen this
        // bell set. With a load instead, somebody who freed a place might look at the bell before it is set and
        // take the mark away, while this thread still sees the old, full line: asleep for ever.
        if !self.change_line(line, marked) {
            return None;
        }
        // ORDERING: the mark stands, then closed and the line are looked at again; pairs with `freed`.
        full_fence(Fence::Asleep);
        let is_unchanged = !self.is_closed() && self.read_line() == marked;
        let is_blocked = is_unchanged && self.read_cell(line.front()).waits_at(line.front());
        is_blocked.then_some(asleep)
    }

    /// Capacity was given back, a place was left, or the channel was closed: rings whoever is covered now.
    #[inline]
    pub fn freed(&self, wake: &impl Wake) {
        // ORDERING: what was given back is visible, then the line is looked at; a waiter enters the line and
        // sets its bell, then looks at the capacity.
        full_fence(Fence::Freed);
        if !self.read_line().is_idle() {
            self.look(wake);
        }
    }

    #[cold]
    fn look(&self, wake: &impl Wake) {
        let line = loop {
            self.advance_front();
            let line = self.read_line();
            let has_room = tickets_between(line.front(), line.back()) < self.ring_size();
            if line.overflow() == 0 || !(has_room || self.is_closed()) {
                break line;
            }
            self.view.header.overflow_bell.ring(|_| {
                // Threads and tasks sleep there together, and the bell remembers only the last one's kind.
                wake.wake(Sleeper::Overflow, Kind::Thread);
                wake.wake(Sleeper::Overflow, Kind::Task);
            });
            self.change_line(line, line.with_overflow(0));
        };
        if line.front() == line.back() {
            return;
        }
        let (is_closed, free) = loop {
            // ORDERING: relaxed. Of what has been given back, this thread sees its own and all that came before a fence
            // of that kind which came before its own; who gave back more passes its fence later, and looks then.
            let claim = Claim(self.view.header.claim.load(Ordering::Relaxed));
            if let Some(room) = self.room(claim) {
                break (claim.closed() == 1, room.free);
            }
        };
        let mut sum = 0;
        for (ticket, waiter) in self.waiting(line, line.back()) {
            sum += i64::from(waiter.need());
            if !is_closed && sum > free {
                return;
            }
            let cell = self.cell_of(ticket);
            self.view.bells[cell].ring(|kind| {
                // Whose bell it is, is asked once it was rung. If this thread was stopped since it looked at the cell,
                // somebody of another process may sleep there by now: its bell would fall silent, and the one who
                // has left be told.
                // ORDERING: the bell was rung with acquire, and released by who lay down there.
                let owner = self.read_cell(ticket).owner();
                wake.wake(Sleeper::Waiter { cell, owner }, kind);
            });
        }
    }

    /// Capacity that nobody holds, waits for or has been promised: what tokio's `capacity` tells.
    pub fn free_capacity(&self) -> usize {
        loop {
            // ORDERING: for a number that is old as soon as it is told.
            let claim = Claim(self.view.header.claim.load(Ordering::Relaxed));
            if let Some(room) = self.room(claim) {
                let free = room.free.clamp(0, self.capacity());
                let left =
                    if claim.closed() == 1 { free } else { free - self.needs_before(Place::Newcomer, free) };
                return usize::try_from(left).unwrap_or(0);
            }
        }
    }
}
