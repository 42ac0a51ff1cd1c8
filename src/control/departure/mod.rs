//! How a process leaves a channel, or dies, and what it leaves behind is put right.

pub(in crate::control) mod departed;
