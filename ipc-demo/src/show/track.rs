//! Follows the sequence numbers of one producer: which came, which came late, which came twice.
//! What is lost is known only when the producer has said how many it sent.

use std::ops::Range;

use crate::ranges::Ranges;

/// What has come of one producer.
#[derive(Clone, Default, Debug)]
pub struct Track {
    /// All below came.
    next: u64,
    /// What came before its time; empty as long as all goes well.
    early: Ranges,
    highest: u64,
    reordered: u64,
    doubled: u64,
}

impl Track {
    /// Takes note of a number.
    pub fn take(&mut self, sequence: u64) {
        if sequence == self.next && self.early.total() == 0 {
            self.next += 1;
        } else {
            self.take_out_of_order(sequence);
        }
    }

    /// How many different numbers came.
    pub fn received(&self) -> u64 {
        self.next + self.early.total()
    }

    /// Returns one more than the highest number that came. A producer that was killed is known to have sent so many.
    pub fn end(&self) -> u64 {
        if self.early.total() == 0 { self.next } else { self.highest + 1 }
    }

    /// How many came after a later one.
    pub fn reordered(&self) -> u64 {
        self.reordered
    }

    /// How many came again.
    pub fn doubled(&self) -> u64 {
        self.doubled
    }

    #[cold]
    fn take_out_of_order(&mut self, sequence: u64) {
        let one: Range<u64> = sequence..sequence.saturating_add(1);
        if sequence < self.next || self.early.insert(one).is_err() {
            self.doubled += 1;
        } else if sequence < self.highest {
            self.reordered += 1;
        }
        self.highest = self.highest.max(sequence);
        // The numbers from `next` on that have come belong to the part without gaps.
        let end = self.early.gaps(self.next..u64::MAX).first().map_or(u64::MAX, |gap| gap.start);
        if end > self.next {
            self.early.remove_front(end);
            self.next = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[u64]) -> (u64, u64, u64) {
        let mut track = Track::default();
        numbers.iter().for_each(|&number| track.take(number));
        (track.received(), track.reordered(), track.doubled())
    }

    #[test]
    fn numbers_in_order_are_all_there_is_to_it() {
        assert_eq!(after(&[]), (0, 0, 0));
        assert_eq!(after(&[0, 1, 2, 3]), (4, 0, 0));
    }

    #[test]
    fn the_end_is_behind_the_highest_number() {
        let end = |numbers: &[u64]| {
            let mut track = Track::default();
            numbers.iter().for_each(|&number| track.take(number));
            track.end()
        };
        assert_eq!((end(&[]), end(&[0, 1, 2]), end(&[0, 5, 1]), end(&[0, 2, 1])), (0, 3, 6, 3));
    }

    #[test]
    fn a_gap_is_no_reordering() {
        assert_eq!(after(&[0, 1, 5, 6]), (4, 0, 0));
        assert_eq!(after(&[3]), (1, 0, 0));
    }

    #[test]
    fn a_record_after_a_later_one_is_reordered() {
        assert_eq!(after(&[0, 2, 1, 3]), (4, 1, 0));
        assert_eq!(after(&[3, 2, 1, 0, 4]), (5, 3, 0));
        assert_eq!(after(&[0, 5, 1, 2, 6]), (5, 2, 0));
    }

    #[test]
    fn a_record_that_comes_again_is_not_counted_twice() {
        assert_eq!(after(&[0, 1, 1, 2, 0]), (3, 0, 2));
        assert_eq!(after(&[0, 5, 5, 1]), (3, 1, 1));
    }

    #[test]
    fn after_a_gap_is_filled_the_common_case_is_common_again() {
        let mut track = Track::default();
        [0, 2, 1, 3].iter().for_each(|&number| track.take(number));
        assert_eq!((track.next, track.early.total()), (4, 0));
    }
}
