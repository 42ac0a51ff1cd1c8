//! How an end of a channel moves to another process, as one descriptor.

pub(in crate::control) mod receiver;
pub(in crate::control) mod sender;
