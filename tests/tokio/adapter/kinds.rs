//! The two kinds of channel under the same names, for bodies that say the same of both. Such a body stands once in a file, which is a
//! module of each kind.

use std::future::Future;

use bytemuck::Pod;

use crate::mpsc::error::{SendError, TrySendError};

/// The names of the bounded kind.
pub mod bounded {
    pub use super::Sends;
    pub use crate::mpsc::{Receiver, Sender, channel};
}

/// The names of the unbounded kind.
pub mod unbounded {
    use bytemuck::Pod;

    pub use super::Sends;
    pub use crate::mpsc::{UnboundedReceiver as Receiver, UnboundedSender as Sender};

    /// A channel, whatever capacity the body needs at least.
    pub fn channel<T: Pod>(_capacity: usize) -> (Sender<T>, Receiver<T>) {
        crate::mpsc::unbounded_channel()
    }
}

/// Sending, as both kinds can. A body that sends more than its channel has room for does so in a task or a thread.
pub trait Sends<T> {
    /// Sends from wherever it is called. A full channel gives the value back, as a closed one does.
    fn send_now(&self, value: T) -> Result<(), SendError<T>>;

    /// Sends as a task does.
    fn send_in_task(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> + Send;

    /// Sends as a thread does that may sleep.
    #[allow(dead_code, reason = "not every program has a body that does so")]
    fn send_in_thread(&self, value: T) -> Result<(), SendError<T>>;
}

impl<T: Pod + Send + Sync> Sends<T> for bounded::Sender<T> {
    fn send_now(&self, value: T) -> Result<(), SendError<T>> {
        self.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) | TrySendError::Closed(value) => SendError(value),
        })
    }

    fn send_in_task(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> + Send {
        self.send(value)
    }

    fn send_in_thread(&self, value: T) -> Result<(), SendError<T>> {
        self.blocking_send(value)
    }
}

impl<T: Pod + Send + Sync> Sends<T> for unbounded::Sender<T> {
    fn send_now(&self, value: T) -> Result<(), SendError<T>> {
        self.send(value)
    }

    async fn send_in_task(&self, value: T) -> Result<(), SendError<T>> {
        self.send(value)
    }

    fn send_in_thread(&self, value: T) -> Result<(), SendError<T>> {
        self.send(value)
    }
}
