//! How a process makes a channel, or joins one, and how the receiver's process lets it in.

pub(in crate::control) mod admission;
pub(in crate::control) mod attempt;
pub(in crate::control) mod call;
pub(in crate::control) mod carrier;
pub(in crate::control) mod identity;
pub(in crate::control) mod join;
pub(in crate::control) mod terms;
