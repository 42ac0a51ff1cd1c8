//! What a handle of the sending end does in an unbounded channel. It never waits.

use super::Sending;
use crate::control;
use crate::queue::table::Refused;
use bytemuck::Pod;
use std::slice;

/// Most positions claimed at once. Other senders get their turn between the parts of a long batch. A sender that is stopped in the
/// middle of one leaves no more positions behind for the receiver to look at.
const BATCH: usize = 32;

/// Why nothing was sent in an unbounded channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unsendable {
    Closed,
    /// All memory that the channel may have is in use.
    Limit,
    /// The system has none.
    NoMemory,
}

impl Sending {
    /// Sends one value on the fast path of [`Producer::send_fast`](crate::queue::table::Producer::send_fast). Returns whether it did.
    #[inline(always)]
    pub fn send_unbounded_fast<T: Pod>(&self, value: &T) -> bool {
        self.endpoint.is_open() && self.endpoint.table_producer().send_fast(value, &*self.endpoint)
    }

    /// Sends one value after the fast path has failed.
    #[inline(never)]
    pub fn send_unbounded_slow<T: Pod>(&self, value: &T) -> Result<(), Unsendable> {
        self.send_unbounded(slice::from_ref(value)).map(|_| ())
    }

    /// Sends a first part of `values`, at least one, and returns how many.
    #[inline]
    pub fn send_unbounded<T: Pod>(&self, values: &[T]) -> Result<usize, Unsendable> {
        if self.endpoint.is_forked() || self.endpoint.is_over() {
            return Err(Unsendable::Closed);
        }
        let producer = self.endpoint.table_producer();
        match producer.claim(values.len().min(BATCH) as u32) {
            Ok(span) => {
                let sent = span.count as usize;
                producer.publish(span, &values[..sent], &*self.endpoint);
                Ok(sent)
            }
            Err(refused) => Err(self.unsendable(refused)),
        }
    }

    #[cold]
    fn unsendable(&self, refused: Refused) -> Unsendable {
        // What looks like a limit may be nonsense in the segment. Then the receiver is told, and closes the channel.
        control::was_refused(&self.endpoint);
        match refused {
            Refused::Closed => Unsendable::Closed,
            Refused::Limit if self.endpoint.nonsense().is_some() => Unsendable::Closed,
            Refused::Limit => Unsendable::Limit,
            Refused::NoMemory => Unsendable::NoMemory,
        }
    }
}
