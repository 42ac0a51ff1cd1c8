//! Positions in the stream and their arithmetic: plain functions over numbers, no shared word is read here.
//!
//! A position is `{ lap | index }`. The index has just enough bits for the capacity, so any capacity is exact and
//! finding a slot is a mask, not a division. Laps begin at 1: the zeros of a new segment bear no position.
//! The shared words hold the low 32 bits of a position; the receiver and `head` use all 64.

/// The arithmetic of one channel's positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Track {
    capacity: u32,
    /// Bits of the index, 0 (capacity 1) to 20.
    bits: u32,
}

impl Track {
    pub fn new(capacity: u32) -> Track {
        Track { capacity, bits: u32::BITS - capacity.saturating_sub(1).leading_zeros() }
    }

    /// Where the stream begins: lap 1, index 0.
    pub fn first(self) -> u64 {
        1 << self.bits
    }

    fn mask(self) -> u32 {
        (1 << self.bits) - 1
    }

    /// The slot of a position.
    #[inline(always)]
    pub fn index(self, position: u32) -> usize {
        (position & self.mask()) as usize
    }

    /// Whether a number that a peer wrote names a slot at all.
    #[inline(always)]
    pub fn is_valid(self, position: u32) -> bool {
        position & self.mask() < self.capacity
    }

    /// The position `count` further on. `count` is at most the capacity.
    #[inline(always)]
    pub fn add(self, position: u32, count: u32) -> u32 {
        let index = (position & self.mask()) + count;
        let lap = position & !self.mask();
        if index < self.capacity {
            lap | index
        } else {
            // One lap up. It wraps at 2^32 by dropping the carry, as every comparison here expects.
            lap.wrapping_add(self.mask()).wrapping_add(1) | (index - self.capacity)
        }
    }

    /// The position before.
    pub fn previous(self, position: u32) -> u32 {
        if position & self.mask() > 0 {
            position - 1
        } else {
            position.wrapping_sub(self.mask()).wrapping_sub(1) | (self.capacity - 1)
        }
    }

    /// How many positions lie from `from` to `to`, negative if `to` is the earlier one. Right as long as fewer
    /// than 2^31 lie between them.
    #[inline(always)]
    pub fn distance(self, from: u32, to: u32) -> i64 {
        let laps = ((to & !self.mask()).wrapping_sub(from & !self.mask()) as i32) >> self.bits;
        i64::from(laps) * i64::from(self.capacity) + i64::from(to & self.mask())
            - i64::from(from & self.mask())
    }

    /// The position after a 64-bit one.
    #[inline(always)]
    pub fn next_wide(self, position: u64) -> u64 {
        // A head that somebody wrote can be the last number there is.
        let next = position.wrapping_add(1);
        if (next & u64::from(self.mask())) < u64::from(self.capacity) && next & u64::from(self.mask()) != 0 {
            next
        } else {
            (position >> self.bits).wrapping_add(1) << self.bits
        }
    }

    /// All 64 bits of `position`, which is less than 2^31 positions away from `near`.
    pub fn widen(self, near: u64, position: u32) -> u64 {
        let laps =
            (((position & !self.mask()).wrapping_sub(near as u32 & !self.mask()) as i32) >> self.bits) as i64;
        (near >> self.bits).wrapping_add_signed(laps) << self.bits | u64::from(position & self.mask())
    }

    /// How many slots lie from the slot of `position` forward to slot `index`.
    pub fn slots_to(self, position: u32, index: u32) -> u32 {
        let here = position & self.mask();
        if index >= here { index - here } else { index + self.capacity - here }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITIES: [u32; 8] = [1, 2, 3, 4, 5, 1000, 1024, crate::layout::MAX_CAPACITY];

    #[test]
    fn each_slot_comes_once_a_lap() {
        for capacity in CAPACITIES {
            let track = Track::new(capacity);
            let mut wide = track.first();
            let mut narrow = wide as u32;
            for i in 0..2 * capacity + 3 {
                assert_eq!(track.index(narrow), (i % capacity) as usize);
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
        for capacity in CAPACITIES {
            let track = Track::new(capacity);
            // The last position of the last lap, then the wrap to lap 0.
            let last = track.previous(0);
            assert!(track.is_valid(last));
            assert_eq!(track.add(last, 1), 0);
            assert_eq!(track.distance(last, 0), 1);
            assert_eq!(track.distance(0, last), -1);
            let step = capacity.min(7);
            assert_eq!(track.distance(last, track.add(last, step)), i64::from(step));
        }
    }

    #[test]
    fn a_narrow_position_is_widened_near_a_wide_one() {
        for capacity in CAPACITIES {
            let track = Track::new(capacity);
            let near = (0x7_0000_0000 >> track.bits) << track.bits;
            for position in [track.previous(near as u32), near as u32, track.add(near as u32, 1)] {
                let wide = track.widen(near, position);
                assert_eq!(wide as u32, position);
                assert!(wide.abs_diff(near) < 1 << 31);
            }
        }
    }
}
