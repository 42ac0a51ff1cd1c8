//! The parity suite on tokio's own channel, the referee: a body that fails here is a wrong test.
//!
//! The bodies stand in `tests/parity/` and name the channel only as `crate::mpsc`; `parity_ours.rs` runs the same
//! files on this crate. So a body is written once, and compiles for both as a user's program would.

use tokio::sync::mpsc;

mod adapter;
mod parity;
mod parity_differs;
