//! A receiver of either kind. It adds nothing to what both do.

use shmpsc::bytemuck::Pod;
use shmpsc::{Receiver, UnboundedReceiver};

/// The receiver of a bounded or of an unbounded channel.
#[derive(Debug)]
pub enum AnyReceiver<T> {
    /// Of a channel with a capacity.
    Bounded(Receiver<T>),
    /// Of a channel that grows.
    Unbounded(UnboundedReceiver<T>),
}

impl<T: Pod> AnyReceiver<T> {
    /// Receives at least one value and up to `limit`; 0 only at the end of the stream.
    ///
    /// Cancel safety: no value is lost if the future is dropped.
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        each!(self, receiver => receiver.recv_many(buffer, limit).await)
    }

    /// As [`AnyReceiver::recv_many`], and the thread sleeps meanwhile.
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        each!(self, receiver => receiver.blocking_recv_many(buffer, limit))
    }
}

impl<T> AnyReceiver<T> {
    /// Closes the channel for sending; what is queued can still be received.
    pub fn close(&mut self) {
        each!(self, receiver => receiver.close());
    }

    /// Returns how many values are queued.
    pub fn len(&self) -> usize {
        each!(self, receiver => receiver.len())
    }

    /// Returns whether no value is queued.
    pub fn is_empty(&self) -> bool {
        each!(self, receiver => receiver.is_empty())
    }

    /// Returns how many senders there are in all processes.
    pub fn sender_strong_count(&self) -> usize {
        each!(self, receiver => receiver.sender_strong_count())
    }

    /// Returns the bytes of memory that the channel has now, if it is unbounded.
    pub fn memory_in_use(&self) -> Option<u64> {
        match self {
            Self::Bounded(_) => None,
            Self::Unbounded(receiver) => Some(receiver.memory_in_use()),
        }
    }
}
