#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
// The checker builds what the models need, which is not all.
#![cfg_attr(shmpsc_loom, allow(dead_code, unused_imports))]

extern crate alloc;

#[cfg(not(shmpsc_loom))]
mod blocking;
#[cfg(not(shmpsc_loom))]
mod bounded;
#[cfg(not(shmpsc_loom))]
mod channel;
#[cfg(not(shmpsc_loom))]
mod control;
#[cfg(not(shmpsc_loom))]
mod ends;
#[cfg(not(shmpsc_loom))]
pub mod error;
mod layout;
#[cfg(not(shmpsc_loom))]
mod options;
mod queue;
#[cfg(not(shmpsc_loom))]
mod segment;
#[cfg(all(feature = "sink", not(shmpsc_loom)))]
pub mod sink;
#[cfg(all(feature = "stream", not(shmpsc_loom)))]
pub mod stream;
mod sync;
#[cfg(not(shmpsc_loom))]
mod sys;
#[cfg(not(shmpsc_loom))]
mod unbounded;
mod wait;

#[cfg(not(shmpsc_loom))]
pub use {
    bounded::{OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender, channel},
    options::{Connecting, Options, connect, connect_async, connect_unbounded, connect_unbounded_async},
    unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel},
};
