//! Who is here: how processes meet, talk and part. What a value is and how one is sent is not known here.
//! What they say to each other is the page [`protocol`](crate::docs::protocol).
//!
//! # The files
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`endpoint`] | one process's end of one channel; in its folder, how it hears what other processes say |
//! | [`host`](mod@host), [`guest`] | what it keeps as the one or the other |
//! | [`member`] | a guest as the host knows it |
//! | [`roster`] | which process holds which number |
//! | [`recovery`] | what happens when a process has left |
//! | [`admission`], [`join`] | the two sides of joining |
//! | [`call`], [`attempt`] | joining by name, in a thread that waits, and as a task waits for it |
//! | [`handoff`], [`handover`] | a sender, and the receiver, as one descriptor |
//! | [`carrier`] | that descriptor, which works once |
//! | [`chunks`] | the queue of a segment, and how the chunks of an unbounded one become memory |
//! | [`wakes`] | how sleepers are woken, wherever they are |
//! | [`identity`] | which process and user a peer is, by the word of the kernel |
//! | [`name`] | socket and lock file |
//! | [`open_name`] | how a name counts as a sender to come |
//! | [`fencing`] | which kind of fences a channel has |
//! | [`porter`] | the one background thread |
//! | [`terms`] | what an end is opened with |
//! | [`wire`] | the messages |

mod admission;
mod attempt;
mod call;
mod carrier;
mod chunks;
mod endpoint;
mod fencing;
mod guest;
mod handoff;
mod handover;
mod host;
mod identity;
mod join;
mod member;
mod name;
mod open_name;
mod porter;
mod recovery;
mod roster;
mod terms;
mod wakes;
mod wire;

pub(crate) use crate::layout::ChannelKind;
pub(crate) use attempt::Attempt;
pub(crate) use call::connect;
pub(crate) use endpoint::Endpoint;
pub(crate) use handoff::sender_into_fd;
pub(crate) use handover::{receiver_from_fd, receiver_into_fd};
pub(crate) use join::sender_from_fd;
pub(crate) use terms::{Terms, host};
pub(crate) use wakes::Calmly;

#[cfg(test)]
mod tests;
