//! The suite of the adapters on this crate: the bodies that `adapters_tokio.rs` runs on the referees, unchanged.

use shmpsc as mpsc;
use shmpsc::{sink, stream};

mod adapter;
mod adapters;
#[path = "adapter/one_process.rs"]
mod place;
