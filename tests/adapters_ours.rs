//! The suite of the adapters on this crate: the bodies that `adapters_tokio.rs` runs on the referees, unchanged.

use shmpsc as mpsc;
use shmpsc::{sink, stream};

#[allow(dead_code, unused_imports, reason = "the parity suite uses all of it")]
mod adapter;
mod adapters;
