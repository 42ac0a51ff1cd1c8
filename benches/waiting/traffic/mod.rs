//! The work of a sample, the same for every contestant; nothing here knows a channel.

pub(crate) mod many;
pub(crate) mod tasks;
pub(crate) mod trips;
mod waits;

use std::time::Duration;

pub(crate) use waits::{Blocking, Busy, Waits};

/// A sample ends after this time even if a part of its items is still to come.
///
/// How many items it has was learned from an earlier sample, which may have been a thousand times as fast.
const LONGEST: Duration = Duration::from_secs(1);
