//! The packed words of the table, as types with named fields; no shared word is read here.

use crate::queue::Number;
use crate::queue::common::words::packed;

packed! {
    /// The one word that decides: every claim of positions, and the close, is one exchange of it.
    Claim {
        /// Where the next value will stand. So many values are never sent.
        tail / with_tail: u64 = 53 << 11,
        /// The process that made the last claim, 0 before the first.
        owner / with_owner: Number = 10 << 1,
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
        self.0 & asked.0 == u64::from(me) << 1
    }

    /// The last position that there can be. Only a peer's nonsense brings the tail there.
    pub const LAST: u64 = (1 << 53) - 1;
}

packed! {
    /// Which position a slot holds.
    Stamp {
        position / with_position: u64 = 53 << 11,
        /// 1 in every stamp, so that zero is none.
        set / with_set: u32 = 1 << 0,
    }
}

impl Stamp {
    /// Returns the stamp of a complete value at `position`.
    #[inline(always)]
    pub fn published(position: u64) -> Stamp {
        Stamp(position << 11 | 1)
    }
}

packed! {
    /// The process that claimed a position. The next claimer writes it, when it is of another process.
    Record {
        position / with_position: u64 = 53 << 11,
        owner / with_owner: Number = 10 << 1,
        /// 1 in every record, so that zero is none.
        set / with_set: u32 = 1 << 0,
    }
}

impl Record {
    pub fn new(position: u64, owner: Number) -> Record {
        Record(1).with_position(position).with_owner(owner)
    }

    /// Returns whether this is the record of that position.
    pub fn bears(self, position: u64) -> bool {
        self.set() == 1 && self.position() == position
    }
}

packed! {
    /// Which chunk stands in a part of the stream, and whether it is memory.
    Entry {
        /// How often the table has come round. With the place of the entry it tells the number of the part, and prevents ABA.
        lap / with_lap: u64 = 38 << 26,
        /// The number of the chunk, exclusive or the place of the entry. So a table of zeros offers each chunk at its own place.
        difference / with_difference: u32 = 24 << 2,
        /// [`Entry::OFFERED`], [`Entry::GROWING`], [`Entry::READY`].
        state / with_state: u32 = 2 << 0,
    }
}

impl Entry {
    const OFFERED: u32 = 0;
    const GROWING: u32 = 1;
    const READY: u32 = 2;

    /// Returns the word at `index`, in that lap, of a chunk that is no memory yet.
    pub fn offered(index: usize, lap: u64, chunk: u32) -> Entry {
        Entry(Self::OFFERED.into()).with_lap(lap).with_difference(chunk ^ index as u32)
    }

    /// Returns the word with another chunk, which is memory.
    pub fn with_ready(self, index: usize, chunk: u32) -> Entry {
        self.with_difference(chunk ^ index as u32).with_state(Self::READY)
    }

    /// Returns the word while a sender makes the chunk memory.
    pub fn growing(self) -> Entry {
        self.with_state(Self::GROWING)
    }

    /// Returns the word once the chunk is memory.
    pub fn grown(self) -> Entry {
        self.with_state(Self::READY)
    }

    /// Returns the chunk that the word at `index` names.
    pub fn chunk(self, index: usize) -> u32 {
        self.difference() ^ index as u32
    }

    /// Returns whether it belongs to that lap.
    pub fn is_of(self, lap: u64) -> bool {
        // A lap of more than 38 bits is compared by its low bits. No stream comes so far.
        self.lap() == Entry(0).with_lap(lap).lap()
    }

    pub fn is_offered(self) -> bool {
        self.state() == Self::OFFERED
    }

    pub fn is_ready(self) -> bool {
        self.state() == Self::READY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let claim = Claim(0).with_tail(Claim::LAST).with_owner(1023).with_closed(0);
        assert_eq!((claim.tail(), claim.owner(), claim.closed()), (Claim::LAST, 1023, 0));
        assert_eq!(claim.with_tail(0).with_owner(0), Claim(0));
        let entry = Entry::offered(5, (1 << 38) - 1, (1 << 24) - 1);
        assert_eq!((entry.lap(), entry.chunk(5)), ((1 << 38) - 1, (1 << 24) - 1));
        assert!(entry.is_offered() && !entry.growing().is_ready() && entry.growing().grown().is_ready());
        assert_eq!(entry.with_ready(5, 7).chunk(5), 7);
        let record = Record::new(Claim::LAST, 1023);
        assert!(record.bears(Claim::LAST) && !record.bears(0));
        assert_eq!(Stamp::published(Claim::LAST).position(), Claim::LAST);
    }

    #[test]
    fn zero_is_empty_everywhere() {
        assert!(!Record(0).bears(0));
        assert_ne!(Stamp(0), Stamp::published(0));
    }

    #[test]
    fn zeros_offer_each_chunk_at_its_own_place() {
        for index in [0, 1, 1000] {
            assert_eq!(Entry(0), Entry::offered(index, 0, index as u32));
        }
    }
}
