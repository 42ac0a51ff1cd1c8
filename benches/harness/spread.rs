//! The middle and the width of a handful of samples.
//!
//! No model of the noise is assumed: order statistics only.

/// Median, tenth and ninetieth percentile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// Half of the samples are below.
    pub(crate) median: f64,
    /// A tenth of the samples is below.
    pub(crate) low: f64,
    /// A tenth of the samples is above.
    pub(crate) high: f64,
}

impl Spread {
    /// Of any number of samples; `None` of none.
    pub(crate) fn of(samples: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = samples.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (sorted.len().checked_sub(1)?) as f64;
            let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        };
        Some(Self { median: at(0.5)?, low: at(0.1)?, high: at(0.9)? })
    }

    /// Of the ratio `over[i] / under[i]`, round by round: drift of the machine between rounds cancels out.
    pub(crate) fn of_ratios(over: &[f64], under: &[f64]) -> Option<Self> {
        Self::of(over.iter().zip(under).map(|(over, under)| over / under))
    }

    /// The same spread in another unit; a falling `unit` exchanges low and high.
    pub(crate) fn map(self, unit: impl Fn(f64) -> f64) -> Self {
        let (low, high) = (unit(self.low), unit(self.high));
        Self { median: unit(self.median), low: low.min(high), high: low.max(high) }
    }
}
