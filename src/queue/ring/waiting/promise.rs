//! What the waiters of the receiver's process were promised when the channel closed.
//!
//! tokio's semaphore gives freed capacity to its oldest waiters before they notice it, and the receiver of a closed channel
//! waits for these as for permits. In this line capacity is free until it is taken. So the process that closes works out what
//! tokio would have given its own waiters by then, and reserves that for each of them until it leaves the line.
//!
//! Waiters of other processes keep nothing: one that is stopped must not hold up the end of the stream.
//!
//! Close and reservation are two exchanges of the claim word. No process can see the end between them, for the receiver alone tells
//! it, and it is the receiver that closes. So the close itself needs one exchange, whatever other processes do meanwhile.

use super::Place;
use crate::queue::ring::account::Operation;
use crate::queue::ring::send::Producer;

impl<'a> Producer<'a> {
    /// Shares the free capacity of a closed channel out to the waiters, oldest first, and returns what each one of this process
    /// has of it; and what is left behind the line. The last one may have a part of its need.
    ///
    /// A waiter that leaves the line meanwhile may be among them, unless it has left before the channel was closed.
    pub fn promised(&self) -> (Vec<(Place, u32)>, i64) {
        let queue = &self.queue;
        let (_, mut left) = queue.closed_and_free();
        let line = queue.read_line();
        let mut waiting: Vec<_> = queue.records_in_use().filter(|(_, waiter)| waiter.waits()).collect();
        waiting.sort_by_key(|(record, waiter)| (-line.age_of(waiter.ticket()), *record));
        let mut mine = Vec::new();
        for (record, waiter) in waiting {
            let has = i64::from(waiter.need()).min(left);
            if has <= 0 {
                break;
            }
            left -= has;
            if waiter.owner() == self.me {
                mine.push((Place { record, ticket: waiter.ticket() }, has as u32));
            }
        }
        (mine, left)
    }

    /// Reserves so much of a closed channel. The caller ends the operation once it holds no lock, for that can wake.
    pub fn reserve_promised(&self, count: u32) -> Operation<'a> {
        let mut operation = Operation::begin(self.queue, self.me);
        loop {
            let claim = operation.claim();
            // More than the word can hold is nonsense of a peer.
            let reserved = claim.reserved().saturating_add(count).min(self.queue.view.geometry.capacity);
            if self.change_reserved(claim, reserved) {
                return operation;
            }
        }
    }
}
