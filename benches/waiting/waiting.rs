//! What it costs to wait for room or for a value: round trips, throughput, small queues, crowds, busy neighbours and idle ends.
//!
//! `cargo bench --manifest-path benches/waiting/Cargo.toml`; `docs/performance/notes.md` says what is measured and how to read it.

#[path = "../harness/mod.rs"]
mod harness;

mod cell;
mod channel;
mod contestants;
mod cpu;
mod crowd;
mod host;
mod idle;
mod neighbour;
mod parts;
mod results;
mod traffic;

use std::{cell::RefCell, time::Duration};

use harness::{
    args::{Args, Usage},
    child, machine,
    rounds::{self, Entry, Pace},
};
use host::Hosts;
use parts::PARTS;
use results::Results;

const USAGE: Usage = Usage {
    bench: "waiting --manifest-path benches/waiting/Cargo.toml",
    usual: Duration::from_secs(420),
    quick: Duration::from_secs(45),
    more: &[],
};

/// Items of a cell's first sample.
const FIRST: u64 = 64;

fn main() {
    if let Some(words) = child::arguments() {
        let words: Vec<String> =
            words.map(|word| word.into_string().expect("arguments that are text")).collect();
        return serve(&words[0], &words[1..]);
    }
    let args = Args::parse(&USAGE, |_, _| ());
    if args.list {
        let cells = parts::all()
            .into_iter()
            .map(|cell| cell.label())
            .chain(crowd::labels())
            .chain(neighbour::labels());
        cells
            .chain([idle::LABEL.to_owned()])
            .filter(|label| args.wants(label))
            .for_each(|label| println!("{label}"));
        return;
    }
    println!("{}", machine::describe());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let hosts = RefCell::new(Hosts::new(directory.path()));
    for part in PARTS {
        measure(part, &args, &hosts);
    }
    drop(hosts);
    crowd::measure(&args, directory.path());
    neighbour::measure(&args, directory.path());
    if args.wants(idle::LABEL) {
        idle::measure(args.pace, directory.path());
    }
}

/// Does the part of a child process in its role.
fn serve(role: &str, words: &[String]) {
    match role {
        host::HOST => host::serve_as_host(words),
        host::GUEST => host::serve_as_guest(words),
        crowd::RECEIVER => crowd::receive(words),
        crowd::SENDERS => crowd::send(words),
        idle::END => idle::serve(words),
        neighbour::RECEIVER => neighbour::receive(words),
        neighbour::SENDER => neighbour::send(words),
        other => panic!("no role is called {other}"),
    }
}

/// Measures the chosen cells of one part by turns and prints its tables.
fn measure(part: &parts::Part, args: &Args, hosts: &RefCell<Hosts>) {
    let cells = parts::all();
    let chosen = (0..cells.len()).filter(|&index| cells[index].part == part.name);
    let chosen: Vec<usize> = chosen.filter(|&index| args.wants(&cells[index].label())).collect();
    if chosen.is_empty() {
        return;
    }
    let pace = match args.pace {
        Pace::Smoke => Pace::Smoke,
        Pace::Timed { rounds, length } => Pace::Timed { rounds, length: length.mul_f64(part.share) },
    };
    let outcomes: Vec<RefCell<Vec<[f64; 2]>>> = chosen.iter().map(|_| RefCell::default()).collect();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (&index, outcomes) in chosen.iter().zip(&outcomes) {
        let cell = &cells[index];
        let run = move |items| {
            let outcome = hosts.borrow_mut().play(index, cell, items);
            outcomes.borrow_mut().push(outcome.figures);
            outcome.timing
        };
        entries.push(Entry { label: cell.label(), first: FIRST, run: Box::new(run) });
    }
    let times = rounds::play(&mut entries, pace);
    drop(entries);
    if let Pace::Smoke = args.pace {
        println!("{} cells of {} work", times.len(), part.name);
        return;
    }
    let rounds = times[0].len();
    println!("\n## {}\n\n{}", part.name, part.meaning);
    println!("median (p10..p90) over {rounds} rounds\n");
    let mut results = Results::default();
    for ((index, times), outcomes) in chosen.into_iter().zip(times).zip(outcomes) {
        // The first samples only told how fast the cell is.
        let outcomes = outcomes.into_inner();
        results.add(cells[index].key, times, &outcomes[outcomes.len() - rounds..]);
    }
    (part.report)(&results);
}
