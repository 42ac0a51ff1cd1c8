//! The parity suite on tokio's own channel, the referee: a body that fails here is a wrong test.
//!
//! The bodies stand in `tests/parity/` and `tests/parity_within/` and name the channel only as `crate::mpsc`;
//! `parity_ours.rs` runs the same files on this crate, and `parity_across.rs` those of `parity/` with senders in other
//! processes. So a body is written once, and compiles for all as a user's program would.

use tokio::sync::mpsc;

mod adapter;
mod parity;
mod parity_differs;
mod parity_within;
#[path = "adapter/one_process.rs"]
mod place;
