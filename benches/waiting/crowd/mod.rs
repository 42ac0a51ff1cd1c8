//! Crowds: how long each value takes when many tasks or threads wait to send it.
//!
//! Each sample has processes of its own, so that one that takes too long can be ended in the middle.

mod cells;
mod progress;
mod report;
mod work;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use cells::{Cell, Run};
use progress::{Progress, Reached};

use crate::harness::{
    args::Args,
    child::{self, Child},
    rounds::Pace,
};

/// The role of a process that receives from a crowd, which may be in it.
pub(crate) const RECEIVER: &str = "crowd-receiver";
/// The role of a process that holds a crowd.
pub(crate) const SENDERS: &str = "crowd-senders";

/// Room of the queue.
const CAPACITY: usize = 16;
/// A sample that takes longer is given up.
const LIMIT: Duration = Duration::from_secs(20);
/// The crowd's share of the length of a run.
const SHARE: f64 = 0.25;

/// Returns the labels of all cells.
pub(crate) fn labels() -> impl Iterator<Item = String> {
    cells::all().into_iter().map(|cell| cell.label())
}

/// Measures the chosen cells by turns and prints their table.
pub(crate) fn measure(args: &Args, directory: &Path) {
    let cells = cells::all();
    let chosen = (0..cells.len()).filter(|&index| args.wants(&cells[index].label()));
    let (rounds, budget, limit) = match args.pace {
        Pace::Smoke => (1, Duration::ZERO, LIMIT),
        Pace::Timed { rounds, length } => {
            (rounds, length.mul_f64(SHARE), (length / 20).clamp(Duration::from_secs(1), LIMIT))
        }
    };
    let few = |&index: &usize| !matches!(args.pace, Pace::Smoke) || cells[index].waiters == cells::FEWEST;
    let mut rows: Vec<(usize, Vec<Reached>)> = chosen.filter(few).map(|index| (index, Vec::new())).collect();
    if rows.is_empty() {
        return;
    }
    let began = Instant::now();
    for round in 0..rounds {
        if round > 0 && began.elapsed() > budget {
            break;
        }
        for (index, samples) in &mut rows {
            // What was given up once will be again, and takes the longest of all.
            if !samples.iter().any(Reached::is_given_up) {
                samples.push(sample(*index, round, limit, directory));
            }
        }
    }
    if let Pace::Smoke = args.pace {
        println!("{} crowds work", rows.len());
        return;
    }
    let rows: Vec<(&Cell, Vec<Reached>)> =
        rows.into_iter().map(|(index, samples)| (&cells[index], samples)).collect();
    report::print(&rows, limit);
}

fn sample(index: usize, round: usize, limit: Duration, directory: &Path) -> Reached {
    let path = directory.join(format!("crowd-{index}-{round}"));
    let path = path.to_str().expect("a plain path");
    let words = [RECEIVER, &index.to_string(), path, &limit.as_millis().to_string()];
    Reached::read(&Child::start(words).hear())
}

/// Receives from the crowd of one cell, and says how far it came.
pub(crate) fn receive(words: &[String]) {
    let [index, path, limit] = words else { panic!("a cell, a path and a limit") };
    let cell = &cells::all()[index.parse::<usize>().expect("a place")];
    let progress = Progress::start(cell.waiters, Duration::from_millis(limit.parse().expect("a time")));
    match cell.run {
        Run::Within(run) => run(progress),
        Run::Between { here, .. } => here(progress, Path::new(path), &mut || {
            let mut crowd = Child::start([SENDERS, index, path]);
            crowd.expect("waits");
            crowd
        }),
    }
}

/// Waits to send, with the crowd of one cell.
pub(crate) fn send(words: &[String]) {
    let [index, path] = words else { panic!("a cell and a path") };
    let cell = &cells::all()[index.parse::<usize>().expect("a place")];
    let Run::Between { there, .. } = cell.run else { panic!("{} is in one process", cell.label()) };
    there(Path::new(path), cell.waiters);
    child::orders().for_each(drop);
}
