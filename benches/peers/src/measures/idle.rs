//! Wakeups per second while a receiver waits for a message and a sender has none.

use std::{
    fs,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::Part;
use crate::{
    cell::Outcome,
    contestant::{Awaits, Blocks, Contestant},
    harness::value::{Value, check, numbered},
    host::{Guest, Play},
    site::UP,
    traffic::tasks::runtime,
};

/// Both sides are left alone for so long before the count begins.
const SETTLE: Duration = Duration::from_millis(300);

/// The number of the message that ends the wait.
const NUMBER: u64 = 7;

/// A thread that blocks. An item is a millisecond of waiting; the figure is the wakeups per second.
pub(crate) fn blocked<C: Blocks, T: Value>() -> Part {
    Part {
        here: |play| {
            let site = play.site.clone();
            watch(play, move |bound| {
                let mut receiver = C::bind::<T>(&site, UP);
                bound();
                check(&C::receive(&mut receiver), NUMBER);
                site.let_go();
            })
        },
        there: |guest| {
            let mut sender = connect::<C, T>(guest);
            guest.site.wait_at_gate();
            C::send(&mut sender, numbered(&mut T::zeroed(), NUMBER));
            guest.site.linger();
        },
    }
}

/// A task that is awaited.
pub(crate) fn awaited<C: Awaits, T: Value>() -> Part {
    Part {
        here: |play| {
            let site = play.site.clone();
            watch(play, move |bound| {
                runtime().block_on(async {
                    let mut receiver = C::bind::<T>(&site, UP);
                    bound();
                    check(&C::receive(&mut receiver).await, NUMBER);
                    site.let_go();
                });
            })
        },
        there: |guest| {
            runtime().block_on(async {
                let mut sender = connect::<C, T>(guest);
                guest.site.wait_at_gate();
                C::send(&mut sender, numbered(&mut T::zeroed(), NUMBER)).await;
                guest.site.linger();
            });
        },
    }
}

fn connect<C: Contestant, T: Value>(guest: &Guest) -> C::Sender<T> {
    let sender = C::connect::<T>(&guest.site, UP);
    guest.connected(0);
    sender
}

/// Counts while a thread of its own receives. The thread calls its argument when the channel is there.
fn watch(play: &mut Play, receive: impl FnOnce(&dyn Fn()) + Send + 'static) -> Outcome {
    play.site.begin();
    let (say, bound) = mpsc::channel();
    let receiver = thread::spawn(move || receive(&|| say.send(()).expect("a host that listens")));
    bound.recv().expect("a channel");
    play.call_in();
    thread::sleep(SETTLE);
    let me = rustix::thread::gettid().as_raw_nonzero().get().to_string();
    let processes: Vec<u32> = play.guests().chain([std::process::id()]).collect();
    let count = || processes.iter().map(|&process| switches(process, &me)).sum::<u64>();
    let (before, began) = (count(), Instant::now());
    thread::sleep(Duration::from_millis(play.site.order.items));
    let (after, elapsed) = (count(), began.elapsed());
    play.site.open_gate();
    receiver.join().expect("the message that ends the wait");
    play.dismiss();
    let figures = vec![(after - before) as f64 / elapsed.as_secs_f64()];
    Outcome { items: play.site.order.items, nanoseconds: elapsed.as_nanos() as u64, figures }
}

/// Returns how often the threads of a process but one were switched to.
fn switches(process: u32, but: &str) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a process that lives");
    let of_thread = |thread: fs::DirEntry| {
        // A thread that has just ended has no file any more, and makes no wakeup.
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let counts = status.lines().filter(|line| line.contains("_ctxt_switches"));
        counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum::<u64>()
    };
    threads
        .map(|thread| thread.expect("a thread"))
        .filter(|thread| thread.file_name() != but)
        .map(of_thread)
        .sum()
}
