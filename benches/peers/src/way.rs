//! How long a cache line takes from one core to another: on some machines that changes from minute to minute.

use std::{
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use crate::harness::cores::{Cores, pin};

/// So often the line goes there and back in a burst.
const TRIPS: usize = 1000;
/// As many bursts; one in which a side was interrupted is longer than the others.
const BURSTS: usize = 20;

/// The line.
#[repr(align(128))]
struct Line(AtomicUsize);

/// Returns the nanoseconds of one way, or none where there is one core: the shortest burst's.
pub(crate) fn nanoseconds() -> Option<f64> {
    let cores = Cores::choose()?;
    let Line(word) = &Line(AtomicUsize::new(0));
    // Each side waits for its number and writes the next.
    let trip = |trip: usize, first: usize| {
        let number = 2 * trip + first;
        // ORDERING: the word is all that the sides share.
        while word.load(Ordering::Relaxed) != number {
            spin_loop();
        }
        word.store(number + 1, Ordering::Relaxed);
    };
    let burst = |burst: usize| {
        let began = Instant::now();
        (burst * TRIPS..(burst + 1) * TRIPS).for_each(|number| trip(number, 0));
        began.elapsed()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            pin(cores.there);
            (0..(BURSTS + 1) * TRIPS).for_each(|number| trip(number, 1));
        });
        let here = scope.spawn(|| {
            pin(cores.here);
            // The first one waits until the other side has started.
            burst(0);
            (1..=BURSTS).map(burst).min().expect("there are bursts")
        });
        let shortest = here.join().expect("no panic");
        Some(shortest.as_nanos() as f64 / (2 * TRIPS) as f64)
    })
}
