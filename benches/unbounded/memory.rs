//! How much memory the channel has of the system, as the system counts the blocks of the file that it is in.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use shmpsc::{Options, UnboundedReceiver};

use crate::{Value, child, harness::cores::Cores};

const MEBIBYTE: u64 = 1 << 20;
/// Steps in which a burst grows and is taken.
const STEPS: u64 = 16;

fn queued(receiver: &UnboundedReceiver<Value>) -> u64 {
    receiver.len() as u64 * size_of::<Value>() as u64
}

/// How much of the memory is beyond one mebibyte, for each byte that is queued.
fn ratio(receiver: &UnboundedReceiver<Value>) -> f64 {
    receiver.memory_in_use().saturating_sub(MEBIBYTE) as f64 / queued(receiver).max(1) as f64
}

/// Queues so many values while the receiver does nothing, then takes them all.
pub(crate) fn burst(directory: &Path, cores: Option<Cores>, values: u64) {
    let path = directory.join("burst");
    let limit = 2 * values * 64 + 16 * MEBIBYTE;
    let mut receiver = Options::new().memory_limit(limit).bind_unbounded::<Value>(&path).expect("a channel");
    let mut sender = child::start("unbounded", &path, cores);
    let (mut most, mut highest) = (0.0_f64, 0);
    for _ in 0..STEPS {
        sender.say(&format!("{} {}", values / STEPS, usize::MAX));
        sender.expect("sent");
        most = most.max(ratio(&receiver));
        highest = highest.max(receiver.memory_in_use());
    }
    let whole = queued(&receiver);
    for number in 0..values {
        assert_eq!(receiver.blocking_recv(), Some([number; 8]), "in order, each once");
        // The last of it is beside the mebibyte.
        if number % (values / STEPS) == 0 {
            most = most.max(ratio(&receiver));
        }
    }
    let drained = Instant::now();
    let after = loop {
        let after = receiver.memory_in_use();
        if after < 2 * MEBIBYTE || drained.elapsed() > Duration::from_secs(1) {
            break after;
        }
        thread::sleep(Duration::from_millis(1));
    };
    println!(
        "burst: {} MiB queued in values of 64 bytes and taken, each once, in order; {} MiB of memory at most, \
         {most:.2} times the queued bytes beyond 1 MiB (goal: at most 1.5, {}); {} KiB {:.0} ms after the last was taken \
         (goal: under 2048, {})",
        whole / MEBIBYTE,
        highest / MEBIBYTE,
        met(most <= 1.5),
        after / 1024,
        drained.elapsed().as_secs_f64() * 1e3,
        met(after < 2 * MEBIBYTE),
    );
}

/// Sends so many values while fewer than a hundred are queued.
pub(crate) fn shallow(directory: &Path, cores: Option<Cores>, values: u64) {
    let path = directory.join("shallow");
    let mut receiver = Options::new().bind_unbounded::<Value>(&path).expect("a channel");
    let mut sender = child::start("unbounded", &path, cores);
    sender.say(&format!("{values} 100"));
    let mut most = 0;
    for number in 0..values {
        assert_eq!(receiver.blocking_recv(), Some([number; 8]), "in order, each once");
        if number % 65_536 == 0 {
            most = most.max(receiver.memory_in_use());
        }
    }
    most = most.max(receiver.memory_in_use());
    sender.expect("sent");
    println!(
        "shallow: {:.0} million values of 64 bytes, fewer than 100 queued, each once, in order; {} KiB of memory at most \
         (goal: under 2048, {})",
        values as f64 / 1e6,
        most / 1024,
        met(most < 2 * MEBIBYTE),
    );
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}
