//! How a process of the show ended: by itself, or by what stopped it. It does not say what that means for the records.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a process ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It did what it was told to, and told what came of it.
    Done,
    /// A signal killed it, which the stage did not send.
    Killed {
        /// The signal.
        signal: i32,
    },
    /// It could not go on.
    Failed {
        /// Why.
        reason: String,
    },
    /// It did not end when it was told to, and the stage killed it.
    Stuck {
        /// Whether a signal had stopped it.
        stopped: bool,
    },
}

impl Ending {
    /// Judges an exit status, with the last word of the process if that was of its failure.
    pub fn of(status: ExitStatus, failure: Option<String>) -> Self {
        match (status.signal(), failure) {
            (Some(signal), _) => Self::Killed { signal },
            (None, Some(reason)) => Self::Failed { reason },
            (None, None) if status.success() => Self::Done,
            (None, None) => Self::Failed { reason: status.to_string() },
        }
    }

    /// Returns one word for the table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Killed { .. } => "killed",
            Self::Failed { .. } => "failed",
            Self::Stuck { .. } => "stuck",
        }
    }

    /// Says what the process did, as the end of a sentence; nothing if it did what it was told to.
    pub fn clause(&self) -> Option<String> {
        match self {
            Self::Done => None,
            Self::Killed { signal } => Some(format!("was killed by signal {signal}")),
            Self::Failed { reason } => Some(format!("failed ({reason})")),
            Self::Stuck { stopped: true } => {
                Some("was stopped by a signal, and killed when it did not end in time".into())
            }
            Self::Stuck { stopped: false } => Some("did not end in time, and was killed".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_counts_more_than_a_last_word() {
        let of = |raw: i32, failure: Option<&str>| {
            Ending::of(ExitStatus::from_raw(raw), failure.map(str::to_owned))
        };
        assert_eq!(of(0, None), Ending::Done);
        assert_eq!(of(9, None), Ending::Killed { signal: 9 });
        assert_eq!(of(9, Some("no room")), Ending::Killed { signal: 9 });
        assert_eq!(of(1 << 8, Some("no room")), Ending::Failed { reason: "no room".into() });
        assert_eq!(of(101 << 8, None), Ending::Failed { reason: "exit status: 101".into() });
    }
}
