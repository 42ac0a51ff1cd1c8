//! The packed words of the ring, as types with named fields; no shared word is read here.
//!
//! Each type is a plain copy of what an atomic held or shall hold. Every bit pattern is a value of each type, so
//! a peer that writes nonsense makes wrong numbers and nothing else.

use crate::queue::Number;
use crate::queue::common::words::packed;

packed! {
    /// The one word that decides: every change of capacity, permits and close is one exchange of it.
    Claim {
        /// Where the next value will stand.
        tail / with_tail: u32 = 32 << 32,
        /// Capacity held by permits.
        reserved / with_reserved: u32 = 20 << 12,
        /// The process that made the last claim of a position.
        owner / with_owner: Number = 10 << 2,
        /// The phase of permit recovery, as in SRCU: each grace period flips it.
        phase / with_phase: u32 = 1 << 1,
        /// 1 once the receiver closed.
        closed / with_closed: u32 = 1 << 0,
    }
}

impl Claim {
    /// Returns whether this process made the last claim, and the channel is open.
    #[inline(always)]
    pub fn is_open_to(self, me: Number) -> bool {
        let asked = Claim(0).with_owner(Number::MAX).with_closed(1);
        // What `with_owner` makes of a number, which is one of the roster's.
        self.0 & asked.0 == u64::from(me) << 2
    }
}

packed! {
    /// What a slot says it holds.
    Stamp {
        position / with_position: u32 = 32 << 32,
        /// 0: nothing yet; [`Stamp::PUBLISHED`].
        kind / with_kind: u32 = 32 << 0,
    }
}

impl Stamp {
    const PUBLISHED: u32 = 1;

    /// Returns the stamp of a complete value at `position`.
    #[inline(always)]
    pub fn published(position: u32) -> Stamp {
        Stamp(u64::from(position) << 32 | u64::from(Self::PUBLISHED))
    }
}

packed! {
    /// The process that claimed the position of one slot. The next claimer writes it, when it is of another process.
    Record {
        position / with_position: u32 = 32 << 32,
        owner / with_owner: Number = 10 << 1,
        /// 1 in every record, so that zero is none.
        set / with_set: u32 = 1 << 0,
    }
}

impl Record {
    pub fn new(position: u32, owner: Number) -> Record {
        Record(1).with_position(position).with_owner(owner)
    }

    /// Returns whether this is the record of that position. A slot keeps the record of an earlier lap until the next one.
    pub fn bears(self, position: u32) -> bool {
        self.set() == 1 && self.position() == position
    }
}

packed! {
    /// One slot in quarantine.
    Entry {
        /// The last position of this slot that will never carry a value in its turn.
        last / with_last: u32 = 32 << 32,
        slot / with_slot: u32 = 20 << 12,
        /// 1 in every entry in use, so that zero is free.
        used / with_used: u32 = 1 << 1,
        /// 1 until the stalled send is received or its process proved dead.
        active / with_active: u32 = 1 << 0,
    }
}

packed! {
    /// The word of the line, which every send looks at. It changes with each ticket that is drawn.
    Line {
        /// Tickets drawn so far. The next one is its low 32 bits.
        drawn / with_drawn: u64 = 62 << 2,
        /// 1 while a process may have a backlog that wants to be told of room.
        backlog / with_backlog: u32 = 1 << 1,
        /// 1 while a sender may wait in the line.
        waiting / with_waiting: u32 = 1 << 0,
    }
}

impl Line {
    /// Returns whether no sender waits, in the line or behind it.
    #[inline(always)]
    pub fn is_idle(self) -> bool {
        self.0 & Line(0).with_waiting(1).with_backlog(1).0 == 0
    }

    /// Returns the ticket that is drawn next.
    pub fn next_ticket(self) -> u32 {
        Line::ticket(self.drawn())
    }

    /// Returns the ticket that is drawn after so many.
    pub fn ticket(drawn: u64) -> u32 {
        drawn as u32
    }

    /// Returns how many tickets have been drawn since `ticket`, itself included; 0 or less if it is yet to be drawn.
    ///
    /// Many tickets may be drawn while one waiter waits. Few are drawn between a look at the line and a look at its records. So of the
    /// 2^32 tickets that can be told apart, only the next [`TO_COME`] count as yet to be drawn.
    pub fn age_of(self, ticket: u32) -> i64 {
        let age = self.next_ticket().wrapping_sub(ticket);
        if age < 0u32.wrapping_sub(TO_COME) { i64::from(age) } else { i64::from(age) - (1 << 32) }
    }

    /// Returns the word after one ticket more.
    pub fn after_draw(self) -> Line {
        self.with_drawn(self.drawn().wrapping_add(1))
    }
}

packed! {
    /// The record of one waiting sender.
    Waiter {
        /// Its rank: a lower one comes first.
        ticket / with_ticket: u32 = 32 << 32,
        owner / with_owner: Number = 10 << 22,
        /// Capacity it waits for.
        need / with_need: u32 = 20 << 2,
        /// 0: the record is free; [`Waiter::COMING`], [`Waiter::WAITS`].
        state / with_state: u32 = 2 << 0,
    }
}

impl Waiter {
    const COMING: u32 = 1;
    const WAITS: u32 = 2;
    /// The record of no sender.
    pub const FREE: Waiter = Waiter(0);

    /// Returns the word of a sender that has the record and no ticket yet.
    pub fn coming(owner: Number, need: u32) -> Waiter {
        Waiter(0).with_state(Self::COMING).with_owner(owner).with_need(need)
    }

    /// Returns the word of a sender in the line.
    pub fn waits_at(ticket: u32, owner: Number, need: u32) -> Waiter {
        Waiter(0).with_state(Self::WAITS).with_ticket(ticket).with_owner(owner).with_need(need)
    }

    /// Returns whether the record counts: its sender has a ticket, and waits.
    pub fn waits(self) -> bool {
        self.state() == Self::WAITS
    }
}

/// So many tickets from the next one on are yet to be drawn; all others have been.
const TO_COME: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let claim =
            Claim(0).with_tail(u32::MAX).with_reserved(5).with_owner(1023).with_phase(1).with_closed(0);
        assert_eq!(
            (claim.tail(), claim.reserved(), claim.owner(), claim.phase(), claim.closed()),
            (u32::MAX, 5, 1023, 1, 0)
        );
        assert_eq!(claim.with_tail(0).with_owner(0).with_phase(0).with_reserved(0), Claim(0));
        let entry = Entry(0).with_slot((1 << 20) - 1).with_last(7).with_used(1);
        assert_eq!((entry.slot(), entry.last(), entry.used(), entry.active()), ((1 << 20) - 1, 7, 1, 0));
        let waiter = Waiter::waits_at(u32::MAX, 1023, (1 << 20) - 1);
        assert_eq!((waiter.ticket(), waiter.owner(), waiter.need()), (u32::MAX, 1023, (1 << 20) - 1));
        assert!(waiter.waits() && !Waiter::coming(9, 3).waits());
        let line = Line(0).with_drawn((1 << 62) - 1).with_waiting(1);
        assert_eq!((line.next_ticket(), line.after_draw().drawn(), line.backlog()), (u32::MAX, 0, 0));
    }

    #[test]
    fn the_age_of_a_ticket_is_told_across_the_wrap() {
        let most = (1 << 32) - i64::from(TO_COME) - 1;
        for drawn in [0, 5, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 62) - 1] {
            let line = Line(0).with_drawn(drawn);
            for age in [-i64::from(TO_COME), -1, 0, 1, 2, 1 << 30, 1 << 31, most] {
                let ticket = line.next_ticket().wrapping_sub(age as u32);
                assert_eq!(line.age_of(ticket), age, "{drawn}");
            }
        }
    }

    #[test]
    fn zero_is_empty_everywhere() {
        assert!(!Record(0).bears(0));
        assert!(!Waiter::FREE.waits());
        assert_eq!(Entry(0).used(), 0);
        assert!(Line(0).is_idle());
        assert_ne!(Stamp(0), Stamp::published(0));
    }
}
