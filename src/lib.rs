//! tokio's mpsc channel, between processes.
#![deny(unsafe_code)]
#![allow(dead_code, unused_imports)]

mod layout;
mod queue;
mod wait;
mod sync;
#[cfg(not(shmpsc_loom))]
mod sys;
