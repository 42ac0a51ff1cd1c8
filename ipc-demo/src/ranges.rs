//! A set of half-open ranges of whole numbers: which bytes of a file, or which records of a stream, are there.
//! It does not hold the bytes.

use std::collections::BTreeMap;
use std::ops::Range;

/// Disjoint ranges that do not touch, so that a file received in order is one entry however large it is.
#[derive(Clone, Default, Debug)]
pub struct Ranges {
    end_of: BTreeMap<u64, u64>,
    total: u64,
}

impl Ranges {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many numbers are in the set.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Adds `range` if none of it is there yet, else changes nothing and returns the first part that is.
    pub fn insert(&mut self, range: Range<u64>) -> Result<(), Range<u64>> {
        if range.is_empty() {
            return Ok(());
        }
        if let Some(twice) = self.first_overlap(&range) {
            return Err(twice);
        }
        self.total += range.end - range.start;
        let mut start = range.start;
        let mut end = range.end;
        if let Some((&before, &until)) = self.end_of.range(..=start).next_back()
            && until == start
        {
            start = before;
        }
        if let Some(until) = self.end_of.remove(&end) {
            end = until;
        }
        self.end_of.insert(start, end);
        Ok(())
    }

    /// Forgets every number below `end`.
    pub fn remove_front(&mut self, end: u64) {
        while let Some(first) = self.end_of.first_entry()
            && *first.key() < end
        {
            let (start, until) = first.remove_entry();
            self.total -= until.min(end) - start;
            if until > end {
                self.end_of.insert(end, until);
            }
        }
    }

    /// The parts of `within` that are not in the set, in order.
    pub fn gaps(&self, within: Range<u64>) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut from = within.start;
        let before = self.end_of.range(..within.start).next_back();
        for (&start, &end) in
            before.into_iter().chain(self.end_of.range(within.start..within.end.max(within.start)))
        {
            if start > from {
                gaps.push(from..start);
            }
            from = from.max(end);
        }
        if from < within.end {
            gaps.push(from..within.end);
        }
        gaps
    }

    fn first_overlap(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let before = self.end_of.range(..=range.start).next_back();
        let inside = self.end_of.range(range.start..range.end).next();
        before
            .into_iter()
            .chain(inside)
            .map(|(&start, &end)| start.max(range.start)..end.min(range.end))
            .find(|shared| !shared.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ranges: &[Range<u64>]) -> Ranges {
        let mut set = Ranges::new();
        for range in ranges {
            set.insert(range.clone()).expect("the test's ranges are disjoint");
        }
        set
    }

    #[test]
    fn neighbours_become_one_range() {
        let set = of(&[0..4, 8..12, 4..8]);
        assert_eq!(set.end_of.len(), 1);
        assert_eq!(set.total(), 12);
        assert_eq!(set.gaps(0..12), []);
    }

    #[test]
    fn gaps_are_named_at_the_front_inside_and_at_the_end() {
        let set = of(&[2..4, 6..8]);
        assert_eq!(set.gaps(0..10), [0..2, 4..6, 8..10]);
        assert_eq!(set.gaps(3..7), vec![4..6]);
        assert_eq!(set.gaps(2..4), []);
        assert_eq!(set.gaps(4..6), vec![4..6]);
        assert_eq!(set.gaps(5..5), []);
        assert_eq!(Ranges::new().gaps(0..3), vec![0..3]);
    }

    #[test]
    fn what_comes_twice_is_refused_and_named() {
        let mut set = of(&[10..20, 30..40]);
        assert_eq!(set.insert(10..20), Err(10..20));
        assert_eq!(set.insert(5..11), Err(10..11));
        assert_eq!(set.insert(19..31), Err(19..20));
        assert_eq!(set.insert(25..50), Err(30..40));
        assert_eq!(set.insert(12..13), Err(12..13));
        assert_eq!(set.total(), 20);
        assert_eq!(set.gaps(0..50), [0..10, 20..30, 40..50]);
        assert_eq!(set.insert(20..30), Ok(()));
        assert_eq!(set.gaps(10..40), []);
    }

    #[test]
    fn the_front_can_be_forgotten() {
        let mut set = of(&[0..10, 20..30, 40..50]);
        set.remove_front(25);
        assert_eq!((set.total(), set.gaps(0..50)), (15, vec![0..25, 30..40]));
        set.remove_front(25);
        set.remove_front(100);
        assert_eq!((set.total(), set.gaps(0..50)), (0, Ranges::new().gaps(0..50)));
    }

    #[test]
    fn an_empty_range_is_always_welcome() {
        let mut set = of(&[0..4, 8..12]);
        assert_eq!(set.insert(2..2), Ok(()));
        assert_eq!(set.total(), 8);
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_set() {
        let mut numbers: Vec<u64> = (0..64).collect();
        // A fixed shuffle: multiplication by an odd number modulo a power of two is a permutation.
        numbers.iter_mut().for_each(|number| *number = *number * 37 % 64);
        let mut set = Ranges::new();
        for (arrived, &number) in numbers.iter().enumerate() {
            assert_eq!(set.insert(number * 10..number * 10 + 10), Ok(()));
            let missing: u64 = set.gaps(0..640).iter().map(|gap| gap.end - gap.start).sum();
            assert_eq!(missing, 640 - 10 * (arrived as u64 + 1));
        }
        assert_eq!(set.end_of.len(), 1);
    }
}
