//! Latency between processes: one clock for all of them, and quantiles. It says nothing about why something took long.

use anyhow::Result;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Longer latencies are counted as this one: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Nanoseconds of the system's monotonic clock, which is the same for every process; never 0.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    (time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64).max(1)
}

/// The latencies of some records.
#[derive(Clone, Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
}

impl Latencies {
    /// None yet; three digits of each will be kept.
    pub fn new() -> Result<Self> {
        Ok(Self { histogram: Histogram::new_with_bounds(1, LONGEST, 3)? })
    }

    /// Adds one latency, in nanoseconds.
    pub fn take(&mut self, nanoseconds: u64) {
        self.histogram.saturating_record(nanoseconds);
    }

    /// Adds all latencies of `other`.
    pub fn take_all(&mut self, other: &Self) -> Result<()> {
        Ok(self.histogram.add(&other.histogram)?)
    }

    /// What is told about them.
    pub fn quantiles(&self) -> Quantiles {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        Quantiles {
            samples: self.histogram.len(),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: self.histogram.max(),
        }
    }
}

/// Latencies in nanoseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many records were measured.
    pub samples: u64,
    /// Half of them took at most so long.
    pub p50: u64,
    /// 99 in 100.
    pub p99: u64,
    /// 999 in 1000.
    pub p999: u64,
    /// All of them.
    pub max: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_all_that_was_added() {
        let (mut one, mut two) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        (1..=500).for_each(|latency| one.take(latency));
        (501..=1000).for_each(|latency| two.take(latency));
        one.take_all(&two).unwrap();
        let quantiles = one.quantiles();
        assert_eq!((quantiles.samples, quantiles.p50, quantiles.p99, quantiles.max), (1000, 500, 990, 1000));
    }

    #[test]
    fn a_latency_beyond_all_bounds_counts_as_the_longest() {
        let mut latencies = Latencies::new().unwrap();
        latencies.take(u64::MAX);
        let kept = latencies.quantiles().max;
        assert!((LONGEST..LONGEST + LONGEST / 100).contains(&kept), "{kept}");
    }

    #[test]
    fn the_clock_goes_forward() {
        let before = now();
        assert!(now() >= before && before > 0);
    }
}
