//! Who is here: meeting, leaving and dying of the processes of a channel.

mod admission;
mod endpoint;
mod guest;
mod handoff;
mod host;
mod identity;
mod join;
mod member;
mod name;
mod porter;
mod recovery;
mod roster;
mod terms;
mod wire;

pub(crate) use endpoint::Endpoint;
pub(crate) use handoff::{receiver_from_fd, receiver_into_fd, sender_into_fd};
pub(crate) use join::{connect, sender_from_fd};
pub(crate) use terms::{Terms, host};

#[cfg(test)]
mod tests;
