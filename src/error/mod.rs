//! Errors: one type for each kind of call, with the value given back.
//!
//! Those of calls that tokio has are tokio's, with its names, texts and traits. [`SendManyError`], [`TrySendUnboundedError`] and
//! [`RecvTimeoutError`] are for calls beyond tokio; [`OpenError`] is for what only a channel between processes has:
//! meeting; [`Corruption`] says why such a channel ended that a process has written over.

mod corruption;
mod open;
mod receive;
mod send;
mod sentence;

pub use corruption::Corruption;
pub use open::{OpenError, ValueType};
#[expect(deprecated, reason = "tokio has it still")]
pub use receive::RecvError;
pub use receive::{RecvTimeoutError, TryRecvError};
pub use send::{SendError, SendManyError, SendTimeoutError, TrySendError, TrySendUnboundedError};

#[cfg(test)]
mod tests;
