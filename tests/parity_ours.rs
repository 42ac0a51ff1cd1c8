//! The parity suite on this crate: the bodies that `parity_tokio.rs` runs on tokio's channel, unchanged.

use shmpsc as mpsc;

mod adapter;
mod parity;
mod parity_within;
#[path = "adapter/one_process.rs"]
mod place;
