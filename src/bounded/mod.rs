//! The bounded channel under tokio's names. Nothing of bytes or descriptors is known here.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`sender`], [`receiver`], [`weak`] | the handles |
//! | [`send`], [`batch`] | sending one value, and many at once |
//! | [`reserve`], [`permit`] | asking for room, and room in hand |
//! | [`large`] | values too large for the stack |
//!
//! What both kinds of channel have stands in [`crate::ends`].

mod batch;
mod large;
mod permit;
mod receiver;
mod reserve;
mod send;
mod sender;
mod weak;

pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::Receiver;
#[cfg(feature = "sink")]
pub(crate) use reserve::Reserving;
pub use sender::Sender;
pub use weak::WeakSender;

use crate::Options;
use bytemuck::Pod;

/// Makes a channel for this process, which can be handed to others later.
///
/// `capacity` values can be sent before a sender must wait, 1 to 1,048,575, exactly as many as asked for. The queue
/// is memory shared between processes from the start: about `capacity` times the size of a value, rounded up to cache
/// lines, and 88 KiB. [`Sender::into_fd`] and [`Receiver::into_fd`] hand an end to another process;
/// [`Options::bind`] makes a channel with a name instead.
///
/// # Panics
///
/// If `capacity` is 0 or more than 1,048,575, if a value is larger than 64 MiB, or if the system refuses memory or a
/// descriptor. [`Options::channel`] gives an error instead.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (sender, mut receiver) = shmpsc::channel::<u64>(4);
/// sender.send(7).await?;
/// drop(sender);
/// assert_eq!(receiver.recv().await, Some(7));
/// assert_eq!(receiver.recv().await, None);
/// # Ok::<(), shmpsc::error::SendError<u64>>(()) }).unwrap();
/// ```
#[track_caller]
pub fn channel<T: Pod>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "mpsc bounded channel requires buffer > 0");
    match Options::new().capacity(capacity).channel() {
        Ok(ends) => ends,
        // With the reason that the system gave.
        Err(error) => panic!("{error:?}"),
    }
}
