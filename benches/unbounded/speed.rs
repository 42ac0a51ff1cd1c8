//! Values of 64 bytes per second from one sender: shallow, beside the bounded channel; deep, with a million queued all the time, beside
//! tokio's unbounded channel between two threads.

use std::{
    cell::RefCell,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Instant,
};

use shmpsc::Options;

use crate::{
    USAGE, Value,
    child::{self, LOOK},
    harness::{
        cores::{Cores, pin},
        goal::Goal,
        rounds::{self, Entry, Pace, Timing},
        spread::Spread,
        table::{Table, figure},
    },
};

/// Values queued at most where the queue is shallow: the capacity of the bounded channel.
const SHALLOW: usize = 1024;
/// Values queued all the time where it is deep.
const DEEP: u64 = 1_000_000;
const FIRST: u64 = 4096;

/// Plays what was chosen, in rounds, and prints the rates and ratios.
pub(crate) fn measure(directory: &Path, cores: Option<Cores>, pace: Pace, shallow: bool, deep: bool) {
    let bounded = directory.join("bounded");
    let unbounded = directory.join("unbounded");
    let deep_path = directory.join("deep");
    let mut entries: Vec<Entry<'_>> = Vec::new();
    if shallow {
        let mut receiver = Options::new().capacity(SHALLOW).bind::<Value>(&bounded).expect("a channel");
        let mut sender = child::start("bounded", &bounded, cores);
        entries.push(entry("bounded, between processes", move |count| {
            sender.say(&format!("{count} {SHALLOW}"));
            take(count, || receiver.blocking_recv(), || sender.expect("sent"))
        }));
        let mut receiver = Options::new().bind_unbounded::<Value>(&unbounded).expect("a channel");
        let mut sender = child::start("unbounded", &unbounded, cores);
        entries.push(entry("unbounded, shallow, between processes", move |count| {
            sender.say(&format!("{count} {SHALLOW}"));
            take(count, || receiver.blocking_recv(), || sender.expect("sent"))
        }));
    }
    let depth = if let Pace::Smoke = pace { 10_000 } else { DEEP };
    if deep {
        let mut receiver = Options::new().bind_unbounded::<Value>(&deep_path).expect("a channel");
        let mut sender = child::start("unbounded", &deep_path, cores);
        sender.say(&format!("{depth} {}", usize::MAX));
        sender.expect("sent");
        entries.push(entry("unbounded, deep, between processes", move |count| {
            sender.say(&format!("{count} {}", depth + LOOK));
            take(count, || receiver.blocking_recv(), || sender.expect("sent"))
        }));
        let tokio = RefCell::new(Tokio::start(cores, depth));
        entries.push(entry("tokio unbounded, deep, between threads", move |count| {
            tokio.borrow_mut().pass(count)
        }));
    }
    let rows = rounds::play(&mut entries, pace);
    if let Pace::Smoke = pace {
        println!("{} entries work; for figures: cargo bench --bench {}", rows.len(), USAGE.bench);
        return;
    }
    let mut table = Table::new(["64-byte values from one sender", "million/s"]);
    for (entry, row) in entries.iter().zip(&rows) {
        if let Some(spread) = Spread::of(row.iter().copied()) {
            table.row([entry.label.clone(), figure(spread.map(|nanoseconds| 1e3 / nanoseconds))]);
        }
    }
    table.print();
    let mut ratios = Table::new(["ratio of rates", "median (10..90 %)", "goal", "verdict"]);
    let mut ratio = |name: &str, ours: usize, theirs: usize, goal: Goal| {
        // Nanoseconds: the other way round.
        if let Some(spread) = Spread::of_ratios(&rows[theirs], &rows[ours]) {
            ratios.row([name.into(), figure(spread), goal.text(), goal.verdict(spread.median).into()]);
        }
    };
    if shallow {
        ratio("unbounded, shallow : bounded", 1, 0, Goal::AtLeast(0.9));
    }
    if deep {
        let at = if shallow { 2 } else { 0 };
        ratio("unbounded, deep : tokio", at, at + 1, Goal::AtLeast(1.0));
    }
    println!();
    ratios.print();
}

fn entry<'a>(label: &str, run: impl FnMut(u64) -> Timing + 'a) -> Entry<'a> {
    Entry { label: label.into(), first: FIRST, run: Box::new(run) }
}

/// Takes so many values, and tells how long that took and how long the sender took to send as many.
fn take(count: u64, mut receive: impl FnMut() -> Option<Value>, has_sent: impl FnOnce()) -> Timing {
    let start = Instant::now();
    let first = receive().expect("the sender lives");
    for at in 1..count {
        assert_eq!(receive(), Some([first[0] + at; 8]), "in order, each once");
    }
    has_sent();
    Timing { items: count, elapsed: start.elapsed() }
}

/// tokio's unbounded channel, with a thread that sends.
struct Tokio {
    receiver: tokio::sync::mpsc::UnboundedReceiver<Value>,
    orders: mpsc::Sender<u64>,
    sent: mpsc::Receiver<()>,
    /// How many values were taken, for the sender.
    taken: Arc<AtomicU64>,
    total: u64,
}

impl Tokio {
    /// Queues `depth` values.
    fn start(cores: Option<Cores>, depth: u64) -> Tokio {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Value>();
        let (orders, ordered) = mpsc::channel();
        let (has_sent, sent) = mpsc::channel();
        let taken = Arc::new(AtomicU64::new(0));
        let seen = taken.clone();
        thread::spawn(move || {
            if let Some(cores) = cores {
                pin(cores.there);
            }
            let mut number = 0;
            for count in ordered {
                for at in 0..count {
                    if at % LOOK == 0 {
                        while number - seen.load(Relaxed) > depth {
                            child::pause();
                        }
                    }
                    sender.send([number; 8]).expect("the receiver lives");
                    number += 1;
                }
                has_sent.send(()).expect("the receiver lives");
            }
        });
        let tokio = Tokio { receiver, orders, sent, taken, total: 0 };
        tokio.orders.send(depth).expect("the sender lives");
        tokio.sent.recv().expect("the sender lives");
        tokio
    }

    /// Has so many more sent, and takes as many.
    fn pass(&mut self, count: u64) -> Timing {
        let Tokio { receiver, orders, sent, taken, total } = self;
        let first = *total;
        orders.send(count).expect("the sender lives");
        let receive = || {
            let value = receiver.blocking_recv();
            *total += 1;
            if total.is_multiple_of(LOOK) {
                taken.store(*total, Relaxed);
            }
            value
        };
        take(count, receive, || {
            taken.store(first + count, Relaxed);
            sent.recv().expect("the sender lives");
        })
    }
}
