//! Messages per second and round trips between two processes, beside the channels people use today, in one run.
//!
//! `cargo bench --bench between_processes`; `docs/performance.md` says what is measured and how to read it.

#[path = "../harness/mod.rs"]
mod harness;

mod contestants;
mod goals;
mod lanes;
mod partner;
mod report;
mod traffic;

use std::{cell::RefCell, time::Duration};

use harness::{
    args::{Args, Usage},
    cores::{Cores, pin},
    machine,
    rounds::{self, Entry, Pace},
};
use lanes::{Run, Way};
use partner::Partner;

const USAGE: Usage = Usage {
    bench: "between_processes",
    usual: Duration::from_secs(90),
    quick: Duration::from_secs(15),
    more: &[],
};

/// Items of an entry's first sample.
const FIRST: u64 = 64;

fn main() {
    let lanes = lanes::all();
    if partner::serve_if_child(&lanes) {
        return;
    }
    let args = Args::parse(&USAGE, |_, _| ());
    let cores = Cores::choose();
    // Two that spin on one core would measure the scheduler's time slice.
    let chosen = |lane: &lanes::Lane| args.wants(&lane.label()) && (cores.is_some() || lane.way != Way::Busy);
    let chosen: Vec<usize> = (0..lanes.len()).filter(|&index| chosen(&lanes[index])).collect();
    if args.list {
        chosen.iter().for_each(|&index| println!("{}", lanes[index].label()));
        return;
    }

    println!("{}", machine::describe());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let partner = RefCell::new(Partner::start(directory.path(), cores));
    match cores {
        Some(cores) => {
            pin(cores.here);
            println!(
                "parent (receives, measures) on core {}, child (sends) on core {}",
                cores.here, cores.there
            );
        }
        None => println!("one core only: nothing is pinned, busy waiting is left out"),
    }
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for &index in &chosen {
        let (lane, partner) = (&lanes[index], &partner);
        entries.push(Entry {
            label: lane.label(),
            first: FIRST,
            run: Box::new(move |count| match lane.run {
                Run::Processes { here, .. } => partner.borrow_mut().play(index, here, lane.load(count)),
                Run::Threads(run) => run(cores, lane.load(count)),
            }),
        });
    }
    let rows = rounds::play(&mut entries, args.pace);
    if let Pace::Smoke = args.pace {
        println!("{} entries work; for figures: cargo bench --bench {}", rows.len(), USAGE.bench);
        return;
    }
    let lanes: Vec<&lanes::Lane> = chosen.iter().map(|&index| &lanes[index]).collect();
    report::print(&lanes, &rows);
}
