//! A run: the chosen cells by turns, round after round. Memory is measured once, and all idle ends once, at the same time.

use std::{cell::RefCell, path::Path, time::Duration};

use crate::{
    cell::{Cell, Measure, Order, Outcome, Placement},
    harness::rounds::{self, Entry, Pace, Timing},
    host::Host,
    options::Options,
    results::{Results, Samples},
    way,
};

/// Returns the items of a cell's first sample.
fn first(cell: &Cell) -> u64 {
    // Some channels take tens of milliseconds to open.
    if cell.measure == Measure::Opening { 2 } else { 64 }
}

/// Returns the least number of items of a sample. Fewer have no quantiles.
fn fewest(cell: &Cell) -> u64 {
    if cell.measure == Measure::Trip { 100 } else { 1 }
}

/// Milliseconds for which idle ends are watched.
const IDLE: u64 = 10_000;
/// The same in a quick run.
const QUICK_IDLE: u64 = 2_000;

/// Measures the cells.
pub(crate) fn measure(options: &Options, cells: &[Cell], directory: &Path) -> Results {
    let mut results = Results::new(options.quick);
    println!("{}", results.machine);
    let of = |measures: &[Measure]| -> Vec<&Cell> {
        cells.iter().filter(|cell| measures.contains(&cell.measure)).collect()
    };
    let stage = RefCell::new(Stage { directory, hosts: Vec::new(), sample: 0 });
    let turns = of(&[Measure::OneThread, Measure::Rate, Measure::Trip, Measure::Opening]);
    by_turns(options, &turns, &stage, &mut results);
    // What else there is must be asleep.
    let mut stage = stage.into_inner();
    stage.hosts.clear();
    for cell in of(&[Measure::Memory]) {
        results.samples.extend(stage.play_fresh(&[cell], 1));
    }
    let items = if options.quick { QUICK_IDLE } else { IDLE };
    results.samples.extend(stage.play_fresh(&of(&[Measure::Idle]), items));
    results
}

/// Measures cells by turns.
fn by_turns(options: &Options, cells: &[&Cell], stage: &RefCell<Stage<'_>>, results: &mut Results) {
    if cells.is_empty() {
        return;
    }
    let rounds = options.rounds();
    let outcomes: Vec<RefCell<Vec<Outcome>>> = cells.iter().map(|_| RefCell::default()).collect();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (&cell, outcomes) in cells.iter().zip(&outcomes) {
        let run = move |items: u64| {
            let outcome = stage.borrow_mut().play(cell, items.max(fewest(cell)));
            let timing = Timing { items: outcome.items, elapsed: Duration::from_nanos(outcome.nanoseconds) };
            outcomes.borrow_mut().push(outcome);
            timing
        };
        entries.push(Entry { label: cell.to_string(), first: first(cell), run: Box::new(run) });
    }
    rounds::play_after(&mut entries, Pace::Timed { rounds, length: options.length(cells.len()) }, |round| {
        let Some(way) = way::nanoseconds() else { return };
        println!("round {} of {rounds}: a cache line takes {way:.1} ns between the cores", round + 1);
        results.way.push(way);
    });
    drop(entries);
    for (&cell, outcomes) in cells.iter().zip(outcomes) {
        // The first samples only told how fast the cell is.
        let mut outcomes = outcomes.into_inner();
        let rounds = outcomes.split_off(outcomes.len() - rounds);
        results.samples.push(Samples { cell: cell.clone(), rounds });
    }
}

/// The hosts of a run, one for each placement that was asked for.
struct Stage<'a> {
    directory: &'a Path,
    hosts: Vec<(Placement, Host)>,
    sample: u64,
}

impl Stage<'_> {
    fn order(&mut self, cell: &Cell, items: u64) -> Order {
        self.sample += 1;
        Order { cell: cell.clone(), sample: self.sample, items }
    }

    /// Plays one sample.
    fn play(&mut self, cell: &Cell, items: u64) -> Outcome {
        let order = self.order(cell, items);
        let at = self.hosts.iter().position(|(placement, _)| *placement == cell.placement);
        let at = at.unwrap_or_else(|| {
            self.hosts.push((cell.placement, Host::start(self.directory, cell.placement)));
            self.hosts.len() - 1
        });
        let (_, host) = &mut self.hosts[at];
        host.begin(&order);
        host.end()
    }

    /// Plays one sample of each cell, all at the same time, each in processes of its own.
    fn play_fresh(&mut self, cells: &[&Cell], items: u64) -> Vec<Samples> {
        let mut hosts = Vec::new();
        for cell in cells {
            let order = self.order(cell, items);
            let mut host = Host::start(self.directory, cell.placement);
            host.begin(&order);
            hosts.push(host);
        }
        let both = cells.iter().zip(&mut hosts);
        both.map(|(&cell, host)| Samples { cell: cell.clone(), rounds: vec![host.end()] }).collect()
    }
}
