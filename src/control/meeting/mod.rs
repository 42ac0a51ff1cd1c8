//! How a process makes a channel, or joins one, and how the receiver's process lets it in and hears what it says.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`terms`], [`create`] | what an end is opened with; a new channel |
//! | [`attempt`], [`call`] | joining by name, as a task waits for it, and in a thread that waits |
//! | [`join`], [`talk`] | joining by a connection, and what is said on it |
//! | [`refusal`] | what a joining process makes of a refusal |
//! | [`carrier`], [`invite`] | the descriptor by which an end travels; a sender in one |
//! | [`door`], [`admission`] | the host's side: callers come in, and become members |
//! | [`identity`] | which process a peer is, by the word of the kernel |
//! | [`lifeline`] | what members say |

pub(in crate::control) mod admission;
pub(in crate::control) mod attempt;
pub(in crate::control) mod call;
pub(in crate::control) mod carrier;
pub(in crate::control) mod create;
pub(in crate::control) mod door;
pub(in crate::control) mod identity;
pub(in crate::control) mod invite;
pub(in crate::control) mod join;
pub(in crate::control) mod lifeline;
pub(in crate::control) mod refusal;
pub(in crate::control) mod talk;
pub(in crate::control) mod terms;
