//! tokio's mpsc channel, between processes.
#![deny(unsafe_code)]
#![allow(dead_code, unused_imports)]

#[cfg(not(shmpsc_loom))]
mod control;
#[cfg(not(shmpsc_loom))]
pub mod error;
mod layout;
mod queue;
#[cfg(not(shmpsc_loom))]
mod segment;
mod sync;
#[cfg(not(shmpsc_loom))]
mod sys;
mod wait;
