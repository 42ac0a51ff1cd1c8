//! The parity suite on tokio's own channel and on tokio-stream's and tokio-util's wrappers, the referees: a body that fails here is a
//! wrong test.
//!
//! The bodies name the channel only as `crate::mpsc`, and the wrappers only as `crate::stream` and `crate::sink`. Those of
//! `tests/tokio/parity/` and `tests/tokio/parity_both/` run on this crate too, by `parity_ours.rs`, and with senders in other processes,
//! by `parity_across.rs`; the others in one process only. So a body is written once, and compiles for all as a user's program would.

use tokio::sync::mpsc;
use tokio_stream::wrappers as stream;
use tokio_util::sync as sink;

mod adapter;
mod differs;
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
