//! How a process leaves a channel, or dies; what it leaves behind is put right, and the sleepers that wait for that are woken.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`departed`] | a guest is gone: the script of what its host does |
//! | [`host_lost`] | the host is gone, as a guest sees it |
//! | [`close`] | the channel ends in the receiver's process |
//! | [`goodbye`] | the last words of a guest |
//! | [`last_sender`] | whether the stream ends with the last sender |
//! | [`wake`] | how the queue wakes sleepers, of which recovery is one |

pub(in crate::control) mod close;
pub(in crate::control) mod departed;
pub(in crate::control) mod goodbye;
pub(in crate::control) mod host_lost;
pub(in crate::control) mod last_sender;
pub(in crate::control) mod wake;
