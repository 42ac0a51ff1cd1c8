//! The unbounded channel under tokio's names. Nothing of bytes or descriptors is known here.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`sender`], [`receiver`], [`weak`] | the handles |
//! | [`send`] | sending one value, and many at once |
//!
//! What both kinds of channel have stands in [`crate::ends`].

mod receiver;
mod send;
mod sender;
mod weak;

pub use receiver::UnboundedReceiver;
pub use sender::UnboundedSender;
pub use weak::WeakUnboundedSender;

use crate::Options;
use bytemuck::Pod;

/// Makes an unbounded channel for this process, which can be handed to others later.
///
/// A send never waits. The queue is memory shared between processes. It has as much as is queued, and what the receiver has taken goes back
/// to the system. Each process pays for the memory of what it sends: its control group is charged. Its limit is half of the memory that is
/// free when the channel is made. [`Options::memory_limit`] sets another, and [`UnboundedSender::try_send`] says when it is reached.
///
/// [`UnboundedSender::into_fd`] and [`UnboundedReceiver::into_fd`] hand an end to another process; [`Options::bind_unbounded`] makes
/// a channel with a name instead.
///
/// # Panics
///
/// If a value is larger than 64 MiB, if half of the free memory has no room for two chunks of such values, or if the system refuses
/// memory, addresses or a descriptor. [`Options::channel_unbounded`] gives an error instead.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (sender, mut receiver) = shmpsc::unbounded_channel::<u64>();
/// for value in 0..100_000 {
///     sender.send(value)?;
/// }
/// drop(sender);
/// assert_eq!(receiver.recv().await, Some(0));
/// assert_eq!(receiver.len(), 99_999);
/// # Ok::<(), shmpsc::error::SendError<u64>>(()) }).unwrap();
/// ```
#[track_caller]
pub fn unbounded_channel<T: Pod>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    match Options::new().channel_unbounded() {
        Ok(ends) => ends,
        // With the reason that the system gave.
        Err(error) => panic!("{error:?}"),
    }
}
