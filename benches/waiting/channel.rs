//! A channel under test: how it is made, and how one value goes in and out.
//!
//! A contestant has no loops of its own and fails the bench where its channel ends.

use std::path::Path;

/// A kind of bounded channel for values of type `T`.
pub(crate) trait Channel<T>: 'static {
    type Sender: Sending<T>;
    type Receiver: Receiving<T>;
}

/// A channel whose ends are in one process.
pub(crate) trait Within<T>: Channel<T> {
    /// Makes one.
    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
}

/// A channel whose ends are in several processes.
pub(crate) trait Between<T>: Channel<T> {
    /// Makes one at a path that no other channel uses.
    fn bind(path: &Path, capacity: usize) -> Self::Receiver;

    /// Joins one that another process has made.
    fn connect(path: &Path) -> Self::Sender;
}

/// A sender of any channel.
pub(crate) trait Sending<T>: Clone + Send + 'static {
    /// Sends, and blocks until there is room.
    fn send(&self, value: T);

    /// Returns whether there was room.
    fn try_send(&self, value: T) -> bool;
}

/// A receiver of any channel.
pub(crate) trait Receiving<T>: Send + 'static {
    /// Receives, and blocks until there is a value.
    fn receive(&mut self) -> T;

    /// Receives if there is a value.
    fn try_receive(&mut self) -> Option<T>;
}

/// A sender that can be awaited.
pub(crate) trait AsyncSending<T>: Sending<T> {
    /// Sends when there is room.
    fn send_async(&self, value: T) -> impl Future<Output = ()> + Send;
}

/// A receiver that can be awaited.
pub(crate) trait AsyncReceiving<T>: Receiving<T> {
    /// Receives when there is a value.
    fn receive_async(&mut self) -> impl Future<Output = T> + Send;
}
