//! The packed words of the algorithm, as types with named fields; no shared word is read here.
//!
//! Each type is a plain copy of what an atomic held or shall hold. Every bit pattern is a value of each type, so
//! a peer that writes nonsense makes wrong numbers and nothing else.

use super::Number;

/// Makes the accessors of a packed word: `name / with_name: bits at shift`.
macro_rules! packed {
    ($(#[$doc:meta])* $word:ident { $($(#[$field_doc:meta])* $get:ident / $with:ident : $as:ty = $bits:literal << $shift:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub(crate) struct $word(pub u64);
        impl $word {
            $(
                $(#[$field_doc])*
                #[inline(always)]
                pub fn $get(self) -> $as {
                    ((self.0 >> $shift) & ((1 << $bits) - 1)) as $as
                }
                #[inline(always)]
                pub fn $with(self, value: $as) -> $word {
                    const MASK: u64 = ((1 << $bits) - 1) << $shift;
                    $word(self.0 & !MASK | (u64::from(value) << $shift) & MASK)
                }
            )*
        }
    };
}

packed! {
    /// The one word that decides: every change of capacity, permits and close is one exchange of it.
    Claim {
        /// Where the next value will stand.
        tail / with_tail: u32 = 32 << 32,
        /// Capacity held by permits.
        reserved / with_reserved: u32 = 20 << 12,
        /// Who made the last claim of a position.
        owner / with_owner: Number = 10 << 2,
        /// The round of permit recovery.
        parity / with_parity: u32 = 1 << 1,
        /// 1 once the receiver closed.
        closed / with_closed: u32 = 1 << 0,
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

    /// The stamp of a complete value at `position`.
    #[inline(always)]
    pub fn published(position: u32) -> Stamp {
        Stamp(u64::from(position) << 32 | u64::from(Self::PUBLISHED))
    }
}

packed! {
    /// Who claimed the position of one slot, written by the next claimer when it is of another process.
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
    /// Who waits for capacity: cells from `front` up to, not including, `back`.
    Line {
        front / with_front: u32 = 31 << 33,
        back / with_back: u32 = 31 << 2,
        /// 1 while somebody sleeps because the ring of cells is full.
        overflow / with_overflow: u32 = 1 << 0,
    }
}

impl Line {
    /// Nobody waits, in the line or for the line.
    #[inline(always)]
    pub fn is_idle(self) -> bool {
        self.front() == self.back() && self.overflow() == 0
    }
}

packed! {
    /// One place in the line.
    Cell {
        ticket / with_ticket: u32 = 31 << 33,
        owner / with_owner: Number = 10 << 22,
        /// Capacity it waits for.
        need / with_need: u32 = 20 << 2,
        /// 1 while it counts.
        waiting / with_waiting: u32 = 1 << 0,
    }
}

impl Cell {
    pub fn wait(ticket: u32, owner: Number, need: u32) -> Cell {
        Cell(1).with_ticket(ticket).with_owner(owner).with_need(need)
    }

    pub fn gone(ticket: u32) -> Cell {
        Cell(0).with_ticket(ticket)
    }

    pub fn waits_at(self, ticket: u32) -> bool {
        self.ticket() == ticket && self.waiting() == 1
    }

    /// Whether the waiter of `ticket` has left. A zero counts as gone at every ticket: no cell becomes zero again
    /// but by ticket 0 leaving.
    pub fn is_gone(self, ticket: u32) -> bool {
        self.0 == 0 || self == Cell::gone(ticket)
    }
}

/// Tickets of the line count modulo 2^31.
pub(crate) const TICKETS: u32 = 1 << 31;

/// The ticket after `ticket`.
pub(crate) fn next_ticket(ticket: u32) -> u32 {
    (ticket + 1) % TICKETS
}

/// How many tickets from `from` to `to`.
pub(crate) fn tickets_between(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from) % TICKETS
}

packed! {
    /// Whether the last strong handle is gone for ever.
    Latch {
        /// Counts upgrades, so that a scan that missed one fails.
        version / with_version: u64 = 63 << 1,
        ended / with_ended: u32 = 1 << 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let claim =
            Claim(0).with_tail(u32::MAX).with_reserved(5).with_owner(1023).with_parity(1).with_closed(0);
        assert_eq!(
            (claim.tail(), claim.reserved(), claim.owner(), claim.parity(), claim.closed()),
            (u32::MAX, 5, 1023, 1, 0)
        );
        assert_eq!(claim.with_tail(0).with_owner(0).with_parity(0).with_reserved(0), Claim(0));
        let entry = Entry(0).with_slot((1 << 20) - 1).with_last(7).with_used(1);
        assert_eq!((entry.slot(), entry.last(), entry.used(), entry.active()), ((1 << 20) - 1, 7, 1, 0));
        let cell = Cell::wait(TICKETS - 1, 9, 3);
        assert_eq!((cell.ticket(), cell.owner(), cell.need(), cell.waiting()), (TICKETS - 1, 9, 3, 1));
        let line = Line(0).with_front(TICKETS - 1).with_back(0).with_overflow(1);
        assert_eq!((line.front(), line.back(), line.overflow()), (TICKETS - 1, 0, 1));
        assert_eq!(tickets_between(line.front(), line.back()), 1);
        assert_eq!(next_ticket(TICKETS - 1), 0);
    }

    #[test]
    fn zero_is_empty_everywhere() {
        assert!(!Record(0).bears(0));
        assert!(Cell(0).is_gone(17) && !Cell(0).waits_at(0));
        assert_eq!(Entry(0).used(), 0);
        assert!(Line(0).is_idle());
        assert_ne!(Stamp(0), Stamp::published(0));
        assert_eq!(Latch(0).ended(), 0);
    }
}
