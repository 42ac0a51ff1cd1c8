//! The parity suite on this crate: the bodies that `parity_tokio.rs` runs on tokio's channel and on the wrappers beside it, unchanged.

use shmpsc as mpsc;
use shmpsc::{sink, stream};

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
mod parity;
mod parity_both;
#[path = "adapter/one_process.rs"]
mod place;
mod within;
mod within_both;
mod wrappers;
mod wrappers_both;
