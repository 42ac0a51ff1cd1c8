//! The unbounded channel between two processes: how much memory it has while a burst is queued, and after it; and how fast it is,
//! shallow beside the bounded channel, deep beside tokio's unbounded channel in one process.
//!
//! `cargo bench --bench unbounded`; `docs/performance/notes.md` says what is measured and how to read it.

#[path = "../harness/mod.rs"]
mod harness;

mod child;
mod memory;
mod speed;

use std::time::Duration;

use harness::{
    args::{Args, Usage},
    cores::{Cores, pin},
    machine,
    rounds::Pace,
};

const USAGE: Usage =
    Usage { bench: "unbounded", usual: Duration::from_secs(60), quick: Duration::from_secs(15), more: &[] };

const PARTS: [&str; 4] = ["memory burst", "memory shallow", "speed shallow", "speed deep"];

/// What is sent: 64 bytes, of which the first word is the number.
type Value = [u64; 8];

fn main() {
    if child::play_if_child() {
        return;
    }
    let args = Args::parse(&USAGE, |_, _| ());
    let chosen = PARTS.map(|part| args.wants(part));
    if args.list {
        PARTS.iter().zip(chosen).filter(|(_, is)| *is).for_each(|(part, _)| println!("{part}"));
        return;
    }
    println!("{}\n", machine::describe());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let is_smoke = matches!(args.pace, Pace::Smoke);
    let cores = Cores::choose();
    if let Some(cores) = cores {
        pin(cores.here);
    }
    let path = directory.path();
    if chosen[0] {
        memory::burst(path, cores, if is_smoke { 1 << 16 } else { 1 << 24 });
    }
    if chosen[1] {
        memory::shallow(path, cores, if is_smoke { 100_000 } else { 100_000_000 });
    }
    if chosen[2] || chosen[3] {
        speed::measure(path, cores, args.pace, chosen[2], chosen[3]);
    }
}
