//! What share of the samples is below what: exact, of all of them.

use super::{spread::Spread, table::figure};

/// The shares that are shown, and how they are called.
pub(crate) const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// Where the ninety-ninth stands among [`SHARES`].
pub(crate) const P99: usize = 1;

/// The quantiles of [`SHARES`], and the largest.
pub(crate) fn of(samples: &mut [u64]) -> ([f64; 3], f64) {
    samples.sort_unstable();
    let last = samples.len() - 1;
    let at = |share: f64| samples[(share * last as f64).ceil() as usize] as f64;
    (SHARES.map(|(_, share)| at(share)), samples[last] as f64)
}

/// One of the quantiles over all rounds, in microseconds.
pub(crate) fn cell(rounds: &[[f64; 3]], which: usize) -> String {
    let spread = Spread::of(rounds.iter().map(|round| round[which])).expect("there were rounds");
    figure(spread.map(|nanoseconds| nanoseconds / 1e3))
}
