//! Positions in the stream and their arithmetic: plain functions over numbers, no shared word is read here.
//!
//! Where the slots are a power of two, positions are plain numbers, and a slot's index is their low bits. Otherwise a position is
//! `{ lap | index }`: the index has just enough bits for the slots, so finding one is a mask, not a division. The first is a
//! special case of the second, in which an index never has to be skipped. The first lap is 1: the zeros of a new segment bear no
//! position. The shared words hold the low 32 bits of a position; the receiver and `head` use all 64.

/// The arithmetic of one channel's positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Track {
    /// The number of slots, 1 to 2^20.
    slots: u32,
    /// Selects the index, 0 (one slot) to 20 bits.
    mask: u32,
}

impl Track {
    /// Returns the arithmetic for so many slots. The mask is that of the next power of two.
    #[inline(always)]
    pub fn new(slots: u32, mask: u32) -> Track {
        Track { slots, mask }
    }

    /// Returns whether the slots are a power of two, so that positions are plain numbers.
    #[inline(always)]
    fn is_plain(self) -> bool {
        self.slots == self.mask.wrapping_add(1)
    }

    /// Returns the same arithmetic in a form in which the compiler sees that it is plain. Only if it is.
    #[inline(always)]
    pub fn plain(self) -> Track {
        debug_assert!(self.is_plain());
        Track { slots: self.mask.wrapping_add(1), mask: self.mask }
    }

    fn bits(self) -> u32 {
        self.mask.count_ones()
    }

    /// Returns the position where the stream begins: lap 1, index 0.
    pub fn first(self) -> u64 {
        u64::from(self.mask) + 1
    }

    /// Returns the number of slots.
    pub fn slots(self) -> u32 {
        self.slots
    }

    /// Returns the slot of a position.
    #[inline(always)]
    pub fn index(self, position: u32) -> usize {
        (position & self.mask) as usize
    }

    /// Returns whether a number that a peer wrote names a slot at all.
    #[inline(always)]
    pub fn is_valid(self, position: u32) -> bool {
        self.is_plain() || position & self.mask < self.slots
    }

    /// Returns the position `count` further on. `count` is at most the number of slots.
    #[inline(always)]
    pub fn add(self, position: u32, count: u32) -> u32 {
        if self.is_plain() {
            return position.wrapping_add(count);
        }
        let index = (position & self.mask) + count;
        let lap = position & !self.mask;
        if index < self.slots {
            lap | index
        } else {
            // One lap up. It wraps at 2^32 by dropping the carry, as every comparison here expects.
            lap.wrapping_add(self.mask).wrapping_add(1) | (index - self.slots)
        }
    }

    /// Returns the position before.
    pub fn previous(self, position: u32) -> u32 {
        if self.is_plain() || position & self.mask > 0 {
            position.wrapping_sub(1)
        } else {
            position.wrapping_sub(self.mask).wrapping_sub(1) | (self.slots - 1)
        }
    }

    /// Returns how many positions lie from `from` to `to`, negative if `to` is the earlier one. Right as long as fewer
    /// than 2^31 lie between them.
    #[inline(always)]
    pub fn distance(self, from: u32, to: u32) -> i64 {
        if self.is_plain() {
            return i64::from(to.wrapping_sub(from) as i32);
        }
        let laps = ((to & !self.mask).wrapping_sub(from & !self.mask) as i32) >> self.bits();
        i64::from(laps) * i64::from(self.slots) + i64::from(to & self.mask) - i64::from(from & self.mask)
    }

    /// Returns the position after a 64-bit one.
    #[inline(always)]
    pub fn next_wide(self, position: u64) -> u64 {
        // A head that a peer wrote can be the last number there is.
        let next = position.wrapping_add(1);
        if self.is_plain() {
            return next;
        }
        let index = next & u64::from(self.mask);
        if index != 0 && index < u64::from(self.slots) {
            next
        } else {
            (position >> self.bits()).wrapping_add(1) << self.bits()
        }
    }

    /// Returns all 64 bits of `position`, which is less than 2^31 positions away from `near`.
    pub fn widen(self, near: u64, position: u32) -> u64 {
        near.wrapping_add_signed(i64::from(position.wrapping_sub(near as u32) as i32))
    }

    /// Returns how many slots lie from the slot of `position` forward to slot `index`.
    pub fn slots_to(self, position: u32, index: u32) -> u32 {
        let here = position & self.mask;
        if index >= here { index - here } else { index + self.slots - here }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: [u32; 8] = [1, 2, 3, 4, 5, 1000, 1024, crate::layout::MAX_CAPACITY];

    fn track(slots: u32) -> Track {
        Track::new(slots, slots.next_power_of_two() - 1)
    }

    #[test]
    fn each_slot_comes_once_a_lap() {
        for slots in SLOTS {
            let track = track(slots);
            let mut wide = track.first();
            let mut narrow = wide as u32;
            for i in 0..2 * slots + 3 {
                assert_eq!(track.index(narrow), (i % slots) as usize);
                assert!(track.is_valid(narrow));
                assert_eq!(wide as u32, narrow);
                let next = track.add(narrow, 1);
                assert_eq!(track.previous(next), narrow);
                wide = track.next_wide(wide);
                narrow = next;
            }
        }
    }

    #[test]
    fn distance_is_right_across_the_wrap_of_the_lap() {
        for slots in SLOTS {
            let track = track(slots);
            // The last position of the last lap, then the wrap to lap 0.
            let last = track.previous(0);
            assert!(track.is_valid(last));
            assert_eq!(track.add(last, 1), 0);
            assert_eq!(track.distance(last, 0), 1);
            assert_eq!(track.distance(0, last), -1);
            let step = slots.min(7);
            assert_eq!(track.distance(last, track.add(last, step)), i64::from(step));
        }
    }

    #[test]
    fn a_narrow_position_is_widened_near_a_wide_one() {
        for slots in SLOTS {
            let track = track(slots);
            let near = (0x7_0000_0000 >> track.bits()) << track.bits();
            for position in [track.previous(near as u32), near as u32, track.add(near as u32, 1)] {
                let wide = track.widen(near, position);
                assert_eq!(wide as u32, position);
                assert!(wide.abs_diff(near) < 1 << 31);
            }
        }
    }
}
