//! The work of a sample, the same for every contestant; nothing here knows a channel.

pub(crate) mod ahead;
pub(crate) mod arrivals;
pub(crate) mod tasks;
pub(crate) mod threads;
pub(crate) mod waits;
pub(crate) mod watch;

use std::time::Duration;

/// A sample ends after this time even if a part of its items is still to come.
///
/// How many items it has was learned from an earlier sample, which may have been a thousand times as fast.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// What comes before the measured part ends after this time.
pub(crate) const LONGEST_LEAD: Duration = Duration::from_millis(200);
