//! Many senders, one receiver: each value has the number of its sender, and its own number among that sender's.
//!
//! All senders send until the receiver has measured enough. So their number is the same during the whole measurement, and
//! each says at the end how many values it sent.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use super::LONGEST;
use crate::{
    cell::{Load, Outcome},
    cpu::Clocks,
    harness::{
        rounds::Timing,
        value::{Value, numbered},
    },
};

/// The bits below hold the number of a value among its sender's, the bits above that of the sender.
const SENDER: u32 = 48;
/// Marks the last value of a sender.
const LAST: u64 = 1 << (SENDER - 1);

/// The receiver looks at the time after so many values.
const CHUNK: u64 = 1024;

/// Sends until it is told to stop.
pub(crate) fn pump<T: Value>(sender: usize, stop: &AtomicU64, mut send: impl FnMut(T)) {
    let mut template = T::zeroed();
    let mut number = (sender as u64) << SENDER;
    // ORDERING: a flag alone; what a sender still sends after it is counted.
    while stop.load(Ordering::Relaxed) == 0 {
        send(numbered(&mut template, number));
        number += 1;
    }
    send(numbered(&mut template, number | LAST));
}

/// Readies the word that stops the senders; they must not have started.
pub(crate) fn arm(stop: &AtomicU64) {
    // ORDERING: a thread's start and a line on a pipe make it seen.
    stop.store(0, Ordering::Relaxed);
}

/// Receives from all senders, measures the middle, and checks that nothing is lost, doubled or out of order.
pub(crate) fn drain<T: Value>(
    load: Load,
    stop: &AtomicU64,
    clocks: &Clocks,
    mut receive: impl FnMut() -> T,
) -> Outcome {
    let mut arrivals = Arrivals::of(load.senders);
    // Fewer would show how one time slice fills a queue, or what one sender does.
    let items = load.items.max(4 * load.capacity as u64).max(16 * load.senders as u64);
    let mut some = |count: u64| (0..count).for_each(|_| arrivals.take(&receive()));
    // The queue fills, pages are faulted in, and every sender starts.
    some(2 * load.capacity as u64 + (items / 8).min(16 * CHUNK));
    let (began, used) = (Instant::now(), clocks.total());
    let mut measured = 0;
    while measured < items && began.elapsed() < LONGEST {
        let chunk = CHUNK.min(items - measured);
        some(chunk);
        measured += chunk;
    }
    let (elapsed, used) = (began.elapsed(), clocks.total() - used);
    // ORDERING: see `pump`.
    stop.store(1, Ordering::Relaxed);
    while arrivals.senders > 0 {
        arrivals.take(&receive());
    }
    let cpu = used.as_nanos() as f64 / measured as f64;
    Outcome { timing: Timing { items: measured, elapsed }, figures: [cpu, 0.0] }
}

/// What has come so far.
struct Arrivals {
    next: Vec<u64>,
    /// Senders that have not sent their last value.
    senders: usize,
}

impl Arrivals {
    fn of(senders: usize) -> Self {
        Self { next: (0..senders as u64).map(|sender| sender << SENDER).collect(), senders }
    }

    fn take<T: Value>(&mut self, value: &T) {
        let number = std::hint::black_box(value).number().expect("a value that is not damaged");
        let next = &mut self.next[(number >> SENDER) as usize];
        assert_eq!(number & !LAST, *next, "lost, doubled or out of order");
        *next += 1;
        if number & LAST != 0 {
            self.senders -= 1;
            // No value of this sender may follow.
            *next = u64::MAX;
        }
    }
}
