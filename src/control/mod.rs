//! How the processes of a channel meet, talk and part. What a value is and how it is sent is not known here. What they say to each
//! other is the page [`protocol`](crate::docs::protocol).
//!
//! # The rooms
//!
//! Each uses only rooms below it.
//!
//! | room | what it is about |
//! | --- | --- |
//! | [`transfer`] | a sender, or the receiver, as one descriptor |
//! | [`meeting`] | a channel is made; a process joins it, and is let in |
//! | [`departure`] | a process leaves, or dies |
//! | [`waking`] | how sleepers are woken, wherever they are |
//! | [`membership`] | what a process knows of a channel: state and its locks |
//! | [`porter`] | the one background thread |
//! | [`wire`] | the messages |

mod departure;
mod meeting;
mod membership;
mod porter;
mod transfer;
mod waking;
mod wire;

pub(crate) use crate::layout::ChannelKind;
pub(crate) use departure::{
    close::{close, fail_with, was_refused},
    wake::{CatchPanics, go_on_with_recovery, look_late},
};
pub(crate) use meeting::{attempt::Attempt, call::connect, create::host, join::sender_from_fd, terms::Terms};
pub(crate) use membership::endpoint::Endpoint;
pub(crate) use transfer::{
    receiver::{receiver_from_fd, receiver_into_fd},
    sender::sender_into_fd,
};
pub(crate) use waking::hearing::porter_hears_for_a_while;

#[cfg(test)]
mod tests;
