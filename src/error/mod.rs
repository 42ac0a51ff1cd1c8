//! Errors: one type for each kind of call, with the value given back.
//!
//! Calls that tokio has return tokio's errors, with their names, texts and traits. [`SendManyError`], [`TrySendUnboundedError`] and
//! [`RecvTimeoutError`] are for calls beyond tokio. [`OpenError`] says why a process could not open, join or hand over an end.
//! [`Corruption`] says why a channel ended: a process has written over its shared memory.

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
