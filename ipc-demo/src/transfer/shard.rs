//! One producer's share of a file: part K of M. It knows sizes only, no file.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The largest M.
pub const MOST: u32 = 1000;

/// Part `index` (from 1) of `count`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The only part of a file that is not divided.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Part `index` of `count`, if there is such a part.
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (1 <= index && index <= count && count <= MOST).then_some(Self { index, count })
    }

    /// Every part of a file divided by `count`, in order.
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        (1..=count).map(move |index| Self { index, count })
    }

    /// K of K/M.
    pub fn index(self) -> u32 {
        self.index
    }

    /// M of K/M.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Whether this is the whole file.
    pub fn is_whole(self) -> bool {
        self.count == 1
    }

    /// The bytes of this part in a file of `total` bytes. The parts cover the file without overlap.
    pub fn range(self, total: u64) -> Range<u64> {
        let boundary = |index: u32| {
            let share = u128::from(total) * u128::from(index) / u128::from(self.count);
            u64::try_from(share).expect("index <= count, so a share is at most total")
        };
        boundary(self.index - 1)..boundary(self.index)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('/')
            .and_then(|(index, count)| Self::new(index.parse().ok()?, count.parse().ok()?))
            .ok_or_else(|| format!("a shard is K/M with 1 <= K <= M <= {MOST}, such as 2/3"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_cover_the_file_without_overlap() {
        for total in [0, 1, 2, 3, 100, 4096, 1 << 40, u64::MAX] {
            for count in [1, 2, 3, 7, MOST] {
                let mut reached = 0;
                for shard in Shard::all(count) {
                    let range = shard.range(total);
                    assert_eq!(range.start, reached, "{shard} of {total}");
                    assert!(range.end >= range.start);
                    reached = range.end;
                }
                assert_eq!(reached, total);
            }
        }
    }

    #[test]
    fn text_goes_both_ways_and_nonsense_is_refused() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        assert_eq!(Shard { index: 2, count: 3 }.to_string(), "2/3");
        for text in ["", "2", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/3", "1/1001"] {
            assert!(text.parse::<Shard>().is_err(), "{text:?}");
        }
    }
}
