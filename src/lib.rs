//! tokio's mpsc channel, between processes.
#![deny(unsafe_code)]
#![allow(dead_code, unused_imports)]

#[cfg(not(shmpsc_loom))]
pub mod error;
mod layout;
mod queue;
mod sync;
#[cfg(not(shmpsc_loom))]
mod sys;
mod wait;
