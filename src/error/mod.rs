//! Errors: one type for each kind of call, with the value given back.
//!
//! Those of calls that tokio has are tokio's, with its names, texts and traits. [`SendManyError`] and
//! [`RecvTimeoutError`] are for calls beyond tokio; [`OpenError`] is for what only a channel between processes has:
//! meeting.

mod open;
mod receive;
mod send;

pub use open::{OpenError, ValueType};
pub use receive::{RecvTimeoutError, TryRecvError};
pub use send::{SendError, SendManyError, SendTimeoutError, TrySendError};
