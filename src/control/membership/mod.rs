//! What a process knows of a channel, and its locks: state, and no move that another process sees.

pub(in crate::control) mod chunks;
pub(in crate::control) mod endpoint;
pub(in crate::control) mod fencing;
pub(in crate::control) mod guest;
pub(in crate::control) mod host;
pub(in crate::control) mod member;
pub(in crate::control) mod name;
pub(in crate::control) mod open_name;
pub(in crate::control) mod roster;
