//! The suite of the adapters on tokio-stream's and tokio-util's own, the referees: a body that fails here is a wrong
//! test.
//!
//! The bodies stand in `tests/adapters/` and name the adapters only as `crate::stream` and `crate::sink`;
//! `adapters_ours.rs` runs the same files on this crate.

use tokio::sync::mpsc;
use tokio_stream::wrappers as stream;
use tokio_util::sync as sink;

#[allow(dead_code, unused_imports, reason = "the parity suite uses all of it")]
mod adapter;
mod adapters;
mod adapters_differs;
