//! What a process knows of a channel: state with its locks. Nothing here moves another process, except by a ring.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`endpoint`] | one process's end of one channel |
//! | [`host`], [`guest`] | what it keeps as the one or the other |
//! | [`member`] | a guest as the host knows it |
//! | [`roster`] | which process holds which number |
//! | [`name`], [`name_as_sender`] | socket and lock file; how they count as a sender |
//! | [`rules`] | which users may join |
//! | [`bell_set`] | by which descriptor an endpoint is told to look |
//! | [`chunks`] | the queue of a segment, and how the chunks of an unbounded one become memory |
//! | [`fencing`] | which kind of fences a channel has |
//! | [`late`] | when a late look is due, which asymmetric fences need |

pub(in crate::control) mod bell_set;
pub(in crate::control) mod chunks;
pub(in crate::control) mod endpoint;
pub(in crate::control) mod fencing;
pub(in crate::control) mod guest;
pub(in crate::control) mod host;
pub(in crate::control) mod late;
pub(in crate::control) mod member;
pub(in crate::control) mod name;
pub(in crate::control) mod name_as_sender;
pub(in crate::control) mod roster;
pub(in crate::control) mod rules;
