//! Errors: one type for each kind of call, with the value given back.
//!
//! The four of sending and receiving are tokio's, with its names, texts and traits. [`OpenError`] is for what only
//! a channel between processes has: meeting.

mod open;
mod receive;
mod send;

pub use open::{OpenError, ValueType};
pub use receive::TryRecvError;
pub use send::{SendError, SendManyError, SendTimeoutError, TrySendError};
