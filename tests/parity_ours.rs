//! The parity suite on this crate: the bodies that `parity_tokio.rs` runs on tokio's channel, unchanged.

use shmpsc as mpsc;

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
mod parity;
mod parity_both;
mod parity_both_within;
mod parity_within;
#[path = "adapter/one_process.rs"]
mod place;
