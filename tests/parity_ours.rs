//! The parity suite on this crate: the bodies that `parity_tokio.rs` runs on tokio's channel, unchanged.

// Off until the crate has its public API: delete this line to run the suite.
#![cfg(false)]

use shmpsc as mpsc;

mod adapter;
mod parity;
