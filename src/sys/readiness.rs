//! Waiting for a descriptor inside a tokio runtime: one unsafe call made safe by owning the descriptor.
//!
//! # Safety
//!
//! tokio asks that the descriptor stays open and the same until it is deregistered. Here it is an [`OwnedFd`] inside
//! the registration, which gives it up only by being dropped.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches `descriptor` for reading in the current runtime.
///
/// # Panics
///
/// Outside a tokio runtime, or in one without its I/O driver.
#[track_caller]
pub(crate) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the registration owns the descriptor, so no other code can close it; see above.
    unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }.map_err(io::Error::from)
}
