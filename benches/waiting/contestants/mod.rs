//! The channels under test, one file each.

mod crossbeam;
mod kanal;
mod like_tokio;
mod made_by;
mod shmpsc;
mod tokio_mpsc;

pub(crate) use self::{crossbeam::Crossbeam, kanal::Kanal, shmpsc::Shmpsc, tokio_mpsc::Tokio};

// How the tables call them; ours twice, for its ends are in one process or in several.
pub(crate) const OURS: &str = "shmpsc, 1 process";
pub(crate) const OURS_BETWEEN: &str = "shmpsc, processes";
pub(crate) const TOKIO: &str = "tokio";
pub(crate) const CROSSBEAM: &str = "crossbeam";
pub(crate) const KANAL: &str = "kanal";
pub(crate) const RING: &str = "bare ring, processes";

/// Every contestant that blocks threads, in the order of the tables.
pub(crate) const ALL: [&str; 5] = [OURS, OURS_BETWEEN, TOKIO, CROSSBEAM, KANAL];
