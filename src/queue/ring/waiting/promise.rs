//! Semaphore hand-off at the close: what the waiters of the receiver's process keep when the channel closes.
//!
//! tokio's semaphore hands freed capacity to its oldest waiters before they notice it, and the receiver of a closed channel waits for
//! these as for permits. Here capacity is free until a sender takes it. So the process that closes works out what tokio would have handed
//! to its own waiters by then. It reserves that for each of them until the waiter leaves the line.
//!
//! Waiters of other processes keep nothing: one that is stopped must not hold up the end of the stream.
//!
//! Close and reservation are two exchanges of the claim word. No process can see the end of the stream between them: only the receiver
//! tells the end, and it is the receiver that closes. So the close itself needs one exchange, whatever other processes do meanwhile.

use super::Place;
use crate::queue::ring::account::Operation;
use crate::queue::ring::send::Producer;

impl<'a> Producer<'a> {
    /// Shares the free capacity of a closed channel out to the waiters, oldest first. Returns what each waiter of this process gets, and
    /// what is left behind the line. The last one may get a part of its need.
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
