//! What a ratio should be, and whether it is.

/// What a ratio should be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// Told for the reader.
    None,
    /// Of a rate.
    AtLeast(f64),
    /// Of a time.
    AtMost(f64),
    /// Of a time, beside an earlier version's in its own run; no run can tell alone.
    NotWorse,
}

impl Goal {
    /// The goal in words.
    pub(crate) fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::AtLeast(bound) => format!("at least {bound}"),
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::NotWorse => "no worse than before".to_owned(),
        }
    }

    /// Whether this median meets it.
    pub(crate) fn verdict(self, median: f64) -> &'static str {
        let met = match self {
            Self::None | Self::NotWorse => return "",
            Self::AtLeast(bound) => median >= bound,
            Self::AtMost(bound) => median <= bound,
        };
        if met { "met" } else { "missed" }
    }
}
