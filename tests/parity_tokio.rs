//! The parity suite on tokio's own channel, the referee: a body that fails here is a wrong test.
//!
//! The bodies name the channel only as `crate::mpsc`. Those of `tests/parity/` and `tests/parity_both/` run on this crate too, by
//! `parity_ours.rs`, and with senders in other processes, by `parity_across.rs`; those of `tests/parity_within/` and
//! `tests/parity_both_within/` in one process only. So a body is written once, and compiles for all as a user's program would.

use tokio::sync::mpsc;

mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
mod parity;
mod parity_both;
mod parity_both_within;
mod parity_differs;
mod parity_within;
#[path = "adapter/one_process.rs"]
mod place;
