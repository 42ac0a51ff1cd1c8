#![doc = include_str!("docs/links.md")]
// The blocks of README are parts of one example, which the tests run with real processes; alone they do not compile.
#![cfg_attr(not(doctest), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(shmpsc_loom))))]
#![deny(unsafe_code)]
// The checker builds what the models need, which is not all.
#![cfg_attr(shmpsc_loom, allow(dead_code, unused_imports))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "shmpsc needs Linux: it is built on memfd, futex, pidfd and eventfd, which other systems do not have"
);
#[cfg(not(target_pointer_width = "64"))]
compile_error!("shmpsc needs a 64-bit system: processes of 32 bits cannot take part in a channel");
#[cfg(not(target_endian = "little"))]
compile_error!("shmpsc needs a little-endian system: the words of the shared memory are little-endian");

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
pub mod docs;
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

/// The crate that says what a message can be: [`Pod`](bytemuck::Pod) types, which are plain data of one size.
///
/// A type of your own needs one `use`, the feature `derive` of this crate, and an attribute that tells the derive macros where
/// `bytemuck` is. A program that has `bytemuck` among its own dependencies needs no attribute.
///
/// ```
/// use shmpsc::bytemuck::{Pod, Zeroable};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
/// #[bytemuck(crate = "shmpsc::bytemuck")]
/// #[repr(C)]
/// struct Reading {
///     sensor: u64,
///     value: f64,
/// }
///
/// let (sender, mut receiver) = shmpsc::channel::<Reading>(4);
/// sender.try_send(Reading { sensor: 1, value: 20.5 })?;
/// assert_eq!(receiver.blocking_recv(), Some(Reading { sensor: 1, value: 20.5 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(not(shmpsc_loom))]
#[doc(no_inline)]
pub use bytemuck;
#[cfg(not(shmpsc_loom))]
pub use {
    bounded::{OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender, channel},
    options::{Connecting, Options, connect, connect_async, connect_unbounded, connect_unbounded_async},
    unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel},
};
