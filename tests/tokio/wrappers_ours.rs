//! The suite of the wrappers on this crate: the bodies that `wrappers_tokio.rs` runs on the referees, unchanged.

use shmpsc as mpsc;
use shmpsc::{sink, stream};

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
#[path = "adapter/one_process.rs"]
mod place;
mod wrappers;
mod wrappers_both;
