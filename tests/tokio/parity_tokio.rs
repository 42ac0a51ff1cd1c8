//! The parity suite on tokio's own channel, the referee: a body that fails here is a wrong test.
//!
//! The bodies name the channel only as `crate::mpsc`. Those of `tests/tokio/parity/` and `tests/tokio/parity_both/` run on this crate too, by
//! `parity_ours.rs`, and with senders in other processes, by `parity_across.rs`; those of `tests/tokio/within/` and
//! `tests/tokio/within_both/` in one process only. So a body is written once, and compiles for all as a user's program would.

use tokio::sync::mpsc;

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
mod parity;
mod parity_both;
mod parity_differs;
#[path = "adapter/one_process.rs"]
mod place;
mod within;
mod within_both;
