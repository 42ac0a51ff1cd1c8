//! The suite of the wrappers on tokio-stream's and tokio-util's own, the referees: a body that fails here is a wrong
//! test.
//!
//! The bodies stand in `tests/tokio/wrappers/` and name the wrappers only as `crate::stream` and `crate::sink`;
//! `wrappers_ours.rs` runs the same files on this crate.

use tokio::sync::mpsc;
use tokio_stream::wrappers as stream;
use tokio_util::sync as sink;

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
#[path = "adapter/one_process.rs"]
mod place;
mod wrappers;
mod wrappers_both;
mod wrappers_differs;
