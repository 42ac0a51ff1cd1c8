//! A sender of either kind. Where the channel does not wait for room or memory, the program does, here.

use std::thread;

use shmpsc::bytemuck::Pod;
use shmpsc::{Sender, UnboundedSender};

use super::retry::{Refused, Retry};

/// A sender of a bounded or of an unbounded channel.
#[derive(Debug)]
pub enum AnySender<T> {
    /// The channel makes a sender wait for room.
    Bounded(Sender<T>),
    /// The channel refuses values for which it has no memory.
    Unbounded(UnboundedSender<T>),
}

impl<T: Pod> AnySender<T> {
    /// Sends all of `values`, in order. `on_wait` is told the reason before each pause, if there is no memory for the next.
    ///
    /// Cancel safety: none. If the future is dropped, a first part of the values may have been sent.
    pub async fn send_many(&self, values: &[T], mut on_wait: impl FnMut(Refused)) -> Result<(), Refused> {
        match self {
            Self::Bounded(sender) => sender.send_many(values).await.map_err(|_| Refused::Closed(())),
            Self::Unbounded(sender) => {
                let mut rest = Retry::new(values);
                while let Some((pause, why)) = rest.send(sender)? {
                    on_wait(why);
                    tokio::time::sleep(pause).await;
                }
                Ok(())
            }
        }
    }

    /// As [`AnySender::send_many`], and the thread sleeps meanwhile.
    pub fn blocking_send_many(&self, values: &[T], mut on_wait: impl FnMut(Refused)) -> Result<(), Refused> {
        match self {
            Self::Bounded(sender) => sender.blocking_send_many(values).map_err(|_| Refused::Closed(())),
            Self::Unbounded(sender) => {
                let mut rest = Retry::new(values);
                while let Some((pause, why)) = rest.send(sender)? {
                    on_wait(why);
                    thread::sleep(pause);
                }
                Ok(())
            }
        }
    }

    /// Sends a value if that needs no waiting; returns whether it was sent.
    pub fn offer(&self, value: &T) -> bool {
        each!(self, sender => sender.try_send_ref(value).is_ok())
    }

    /// Waits until the receiver has closed the channel, or is gone.
    pub async fn closed(&self) {
        each!(self, sender => sender.closed().await);
    }

    /// Returns the bytes of memory that the channel has now, if it is unbounded.
    pub fn memory_in_use(&self) -> Option<u64> {
        match self {
            Self::Bounded(_) => None,
            Self::Unbounded(sender) => Some(sender.memory_in_use()),
        }
    }
}
