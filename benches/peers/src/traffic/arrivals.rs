//! What a receiver has received from each sender, and what of it is measured.
//!
//! Each message has the number of its sender, and its own number among that sender's. All senders send until the receiver has
//! measured enough. So their number is the same during the whole measurement, and each says at the end that it was the last.

use std::time::Instant;

use super::{LONGEST, LONGEST_LEAD, ahead::Ahead};
use crate::{
    cell::{CAPACITY, Order, Outcome},
    harness::value::{Value, numbered},
    site::Site,
};

/// The bits below hold the number of a message among its sender's, the bits above that of the sender.
const SENDER: u32 = 48;
/// Marks the last message of a sender.
const LAST: u64 = 1 << (SENDER - 1);

/// The receiver looks at the time after so many messages.
const CHUNK: u64 = 1024;

/// The messages of one sender.
pub(crate) struct Messages<T>(Ahead<T>);

impl<T: Value> Messages<T> {
    pub(crate) fn of(sender: usize) -> Self {
        Self(Ahead::from((sender as u64) << SENDER))
    }

    /// Returns the next one.
    #[inline]
    pub(crate) fn next(&mut self) -> T {
        self.0.next()
    }

    /// Returns the last one.
    pub(crate) fn last(&self) -> T {
        numbered(&mut T::zeroed(), self.0.number() | LAST)
    }
}

/// What has come so far, and the clock.
pub(crate) struct Arrivals<'a> {
    site: &'a Site,
    next: Vec<u64>,
    /// Senders that have not sent their last message.
    senders: usize,
    /// Messages until something changes.
    left: u64,
    phase: Phase,
}

enum Phase {
    /// The queue fills, pages are faulted in, and every sender starts.
    Lead {
        began: Instant,
        /// Messages of this phase that are still to come, beside those that are counted already.
        more: u64,
    },
    Measured {
        began: Instant,
        so_far: u64,
        of: u64,
    },
    Over(Outcome),
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        let Order { cell, .. } = &site.order;
        let next = (0..cell.senders as u64).map(|sender| sender << SENDER).collect();
        let phase = Phase::Lead { began: Instant::now(), more: site.order.items / 8 };
        Self { site, next, senders: cell.senders, left: 2 * CAPACITY as u64, phase }
    }

    /// Returns whether every sender has sent its last message.
    pub(crate) fn are_complete(&self) -> bool {
        self.senders == 0
    }

    /// Checks a message that was received.
    #[inline]
    pub(crate) fn take<T: Value>(&mut self, value: &T) {
        let number = std::hint::black_box(value).number().expect("a message that is not damaged");
        let next = &mut self.next[(number >> SENDER) as usize];
        if number == *next {
            *next += 1;
        } else {
            assert_eq!(number, *next | LAST, "lost, doubled or out of order");
            self.senders -= 1;
            // No message of this sender may follow.
            *next = u64::MAX;
        }
        self.left -= 1;
        if self.left == 0 {
            self.turn();
        }
    }

    #[cold]
    fn turn(&mut self) {
        let Order { cell, items, .. } = &self.site.order;
        match &mut self.phase {
            Phase::Lead { began, more } if *more > 0 && began.elapsed() < LONGEST_LEAD => {
                self.left = CHUNK.min(*more);
                *more -= self.left;
            }
            Phase::Lead { .. } => {
                // Fewer would show how one time slice fills a queue, or what one sender does.
                let of = (*items).max(2 * CAPACITY as u64).max(16 * cell.senders as u64);
                self.left = CHUNK.min(of);
                self.phase = Phase::Measured { began: Instant::now(), so_far: 0, of };
            }
            Phase::Measured { began, so_far, of } => {
                *so_far += CHUNK.min(*of - *so_far);
                if *so_far < *of && began.elapsed() < LONGEST {
                    self.left = CHUNK.min(*of - *so_far);
                } else {
                    let nanoseconds = began.elapsed().as_nanos() as u64;
                    self.phase = Phase::Over(Outcome { items: *so_far, nanoseconds, figures: vec![] });
                    self.site.end_sending();
                    self.left = u64::MAX;
                }
            }
            Phase::Over(_) => {}
        }
    }

    /// Returns what was measured.
    pub(crate) fn outcome(self) -> Outcome {
        let Phase::Over(outcome) = self.phase else { panic!("senders stop when they are told") };
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cell::Way, harness::shared_memory::SharedMemory, results::rate};

    type Message = [u64; 8];

    fn site(senders: usize) -> Site {
        let order =
            Order { cell: rate("any", Way::Busy, senders, size_of::<Message>()), sample: 0, items: 1 };
        Site::new("/nowhere".into(), SharedMemory::create(), order)
    }

    #[test]
    fn a_sample_ends_with_the_last_message_of_each_sender() {
        let site = site(2);
        site.begin();
        let mut arrivals = Arrivals::new(&site);
        let mut senders = [0, 1].map(Messages::<Message>::of);
        while site.is_sending() {
            senders.iter_mut().for_each(|messages| arrivals.take(&messages.next()));
        }
        for messages in senders {
            assert!(!arrivals.are_complete());
            arrivals.take(&messages.last());
        }
        assert!(arrivals.are_complete());
        assert_eq!(arrivals.outcome().items, 2 * CAPACITY as u64);
    }

    #[test]
    #[should_panic(expected = "lost, doubled or out of order")]
    fn a_lost_message_is_found_out() {
        let site = site(1);
        let mut messages = Messages::<Message>::of(0);
        messages.next();
        Arrivals::new(&site).take(&messages.next());
    }

    #[test]
    #[should_panic(expected = "lost, doubled or out of order")]
    fn a_doubled_message_is_found_out() {
        let site = site(1);
        let message = Messages::<Message>::of(0).next();
        let mut arrivals = Arrivals::new(&site);
        arrivals.take(&message);
        arrivals.take(&message);
    }

    #[test]
    #[should_panic(expected = "lost, doubled or out of order")]
    fn a_message_after_the_last_one_is_found_out() {
        let site = site(1);
        let mut messages = Messages::<Message>::of(0);
        let mut arrivals = Arrivals::new(&site);
        arrivals.take(&messages.last());
        arrivals.take(&messages.next());
    }

    #[test]
    #[should_panic(expected = "a message that is not damaged")]
    fn a_message_that_came_in_part_is_found_out() {
        let site = site(1);
        let mut messages = Messages::<Message>::of(0);
        let mut arrivals = Arrivals::new(&site);
        arrivals.take(&messages.next());
        let mut message = messages.next();
        message[7] = 0;
        arrivals.take(&message);
    }
}
