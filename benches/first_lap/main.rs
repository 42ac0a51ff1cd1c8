//! What the first lap through a bounded channel costs, call by call, for each way to map its memory: pages as they are touched, prefaulted
//! ones, huge ones, or both. The second lap beside it has nothing left to map. The sender is another process.
//!
//! `cargo bench --bench first_lap`; `docs/performance.md` says what is measured and how to read it.

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "the rounds of this bench are its own: it wants every sample, not their mean")]
mod harness;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use harness::{
    args::{Args, Usage},
    child::{self, Child},
    cores::{Cores, pin},
    machine, quantiles,
    rounds::Pace,
    spread::Spread,
    table::{Table, figure},
};
use shmpsc::Options;

const USAGE: Usage =
    Usage { bench: "first_lap", usual: Duration::from_secs(20), quick: Duration::from_secs(10), more: &[] };

type Value = [u64; 8];

/// Values in a lap, and in one that only shows that it works.
const CAPACITY: usize = 1 << 18;
const SMOKE: usize = 1 << 12;

/// The ways to map: how it is called, whether prefaulted, whether huge.
const WAYS: [(&str, bool, bool); 4] = [
    ("as touched", false, false),
    ("prefault", true, false),
    ("huge pages", false, true),
    ("huge pages, prefault", true, true),
];

const LAPS: [&str; 2] = ["first", "second"];

fn options(way: usize) -> Options {
    let (_, prefault, huge) = WAYS[way];
    Options::new().prefault(prefault).huge_pages(huge)
}

/// Nanoseconds of half of the calls, of 99 in 100, and of the worst one.
type Calls = [f64; 3];

/// Makes the calls of a lap. The samples have their memory before, so that it is not mapped meanwhile.
fn lap(samples: &mut [u64], mut call: impl FnMut(u64)) -> Calls {
    for (n, sample) in samples.iter_mut().enumerate() {
        let began = Instant::now();
        call(n as u64);
        *sample = began.elapsed().as_nanos() as u64;
    }
    let (shares, worst) = quantiles::of(samples);
    [shares[0], shares[quantiles::P99], worst]
}

fn room_for(count: usize) -> Vec<u64> {
    vec![u64::MAX; count]
}

/// Sends a lap each time it is told, if this is the child.
fn play_if_child() -> bool {
    let Some(words) = child::arguments() else { return false };
    let words: Vec<_> = words.map(|word| word.into_string().expect("text")).collect();
    let [path, way, core, capacity] = &words[..] else { panic!("a path, a way, a core and a capacity") };
    if let Ok(core) = core.parse() {
        pin(core);
    }
    let mut samples = room_for(capacity.parse().expect("a number"));
    let began = Instant::now();
    let sender = options(way.parse().expect("a number")).connect::<Value>(path).expect("the parent receives");
    println!("{}", began.elapsed().as_nanos());
    for _ in child::orders() {
        let [half, most, worst] = lap(&mut samples, |n| sender.try_send([n; 8]).expect("there is room"));
        println!("{half} {most} {worst}");
    }
    true
}

/// What one channel showed.
struct Seen {
    /// Nanoseconds to make it, and to join it.
    opened: [f64; 2],
    /// Of each lap, the calls of the sender and of the receiver.
    laps: [[Calls; 2]; 2],
}

fn measure(path: &Path, way: usize, cores: Option<Cores>, capacity: usize) -> Seen {
    let mut samples = room_for(capacity);
    let began = Instant::now();
    let mut receiver = options(way).capacity(capacity).bind::<Value>(path).expect("there is memory");
    let made = began.elapsed().as_nanos() as f64;
    let core = cores.map_or(String::new(), |cores| cores.there.to_string());
    let words = [path.to_str().expect("a path"), &way.to_string(), &core, &capacity.to_string()];
    let mut sender = Child::start(words);
    let joined = sender.hear().parse().expect("a number");
    let laps = LAPS.map(|_| {
        sender.say("lap");
        let told = sender.hear();
        let mut words = told.split(' ').map(|word| word.parse().expect("a number"));
        let sent = [(); 3].map(|()| words.next().expect("three numbers"));
        [sent, lap(&mut samples, |n| assert_eq!(receiver.try_recv(), Ok([n; 8])))]
    });
    Seen { opened: [made, joined], laps }
}

/// Median and spread over the rounds, in such units of nanoseconds.
fn cell(rounds: &[Seen], unit: f64, which: impl Fn(&Seen) -> f64) -> String {
    figure(Spread::of(rounds.iter().map(which)).expect("there were rounds").map(|value| value / unit))
}

fn main() {
    if play_if_child() {
        return;
    }
    let args = Args::parse(&USAGE, |_, _| ());
    let chosen: Vec<usize> = (0..WAYS.len()).filter(|way| args.wants(WAYS[*way].0)).collect();
    if args.list {
        chosen.iter().for_each(|way| println!("{}", WAYS[*way].0));
        return;
    }
    println!("{}\n", machine::describe());
    let (rounds, capacity) = match args.pace {
        Pace::Smoke => (1, SMOKE),
        Pace::Timed { rounds, .. } => (rounds, CAPACITY),
    };
    let cores = Cores::choose();
    if let Some(cores) = cores {
        pin(cores.here);
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut seen: Vec<Vec<Seen>> = chosen.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (way, seen) in chosen.iter().zip(&mut seen) {
            seen.push(measure(&directory.path().join("lap"), *way, cores, capacity));
        }
    }

    println!("{capacity} values of 64 bytes: milliseconds to make the channel, and to join it\n");
    let mut table = Table::new(["pages", "make", "join"]);
    for (way, seen) in chosen.iter().zip(&seen) {
        let cells = (0..2).map(|which| cell(seen, 1e6, |seen| seen.opened[which]));
        table.row([WAYS[*way].0.to_owned()].into_iter().chain(cells));
    }
    table.print();

    println!("\nNanoseconds of a call, the clock included; the worst in microseconds\n");
    let sides =
        ["try_send", "try_recv"].map(|side| ["p50", "p99", "worst"].map(|share| format!("{side} {share}")));
    let head = ["pages", "lap"].map(str::to_owned);
    let mut table = Table::new(head.into_iter().chain(sides.into_iter().flatten()));
    for (way, seen) in chosen.iter().zip(&seen) {
        for (lap, name) in LAPS.iter().enumerate() {
            let cells = (0..6).map(|column| {
                let unit = if column % 3 == 2 { 1e3 } else { 1.0 };
                cell(seen, unit, |seen| seen.laps[lap][column / 3][column % 3])
            });
            table.row([WAYS[*way].0, name].map(str::to_owned).into_iter().chain(cells));
        }
    }
    table.print();
}
