//! A busy task beside a receiving one, in one runtime: what the receiver's spinning and yielding costs its neighbour.
//!
//! Each sample has two processes of its own. The yardstick is the same library, whose tasks sleep at once.

mod work;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    harness::{
        args::Args,
        child::Child,
        cores::Cores,
        goal::Goal,
        rounds::Pace,
        spread::Spread,
        table::{Table, figure},
    },
    results::{add_ratios, print},
};
use work::steps_in;
pub(crate) use work::{receive, send};

/// The role of the process with the busy and the receiving task.
pub(crate) const RECEIVER: &str = "neighbour-receiver";
/// The role of the process that sends at its rate.
pub(crate) const SENDER: &str = "neighbour-sender";

/// The receivers: of the library as it is, and of the one whose tasks sleep at once.
const AS_IS: &str = "as it is";
const SLEEPS: &str = "sleeps at once";
/// How long the busy task works between two yields, in µs.
const GRAINS: [u64; 2] = [1, 10];
/// Values a second.
const RATES: [u64; 6] = [0, 1_000, 10_000, 50_000, 200_000, 1_000_000];
/// The part's share of the length of a run.
const SHARE: f64 = 0.15;
/// What the busy task may lose.
const GOAL: Goal = Goal::AtMost(1.02);

/// One thing to measure.
#[derive(Clone, Copy)]
struct Cell {
    grain: u64,
    rate: u64,
    receiver: &'static str,
}

impl Cell {
    fn all() -> impl Iterator<Item = Cell> {
        GRAINS.into_iter().flat_map(|grain| {
            RATES.into_iter().flat_map(move |rate| {
                [AS_IS, SLEEPS].into_iter().map(move |receiver| Cell { grain, rate, receiver })
            })
        })
    }

    fn name(self) -> String {
        format!("{} µs of work, {} values/s", self.grain, self.rate)
    }

    fn label(self) -> String {
        format!("neighbour, {}, {}", self.name(), self.receiver)
    }
}

/// Returns the labels of all cells.
pub(crate) fn labels() -> impl Iterator<Item = String> {
    Cell::all().map(Cell::label)
}

/// Measures the chosen cells by turns and prints their table.
pub(crate) fn measure(args: &Args, directory: &Path) {
    let cells: Vec<Cell> = Cell::all().filter(|cell| args.wants(&cell.label())).collect();
    let Some(cores) = Cores::choose() else { return };
    if cells.is_empty() {
        return;
    }
    let (rounds, length) = match args.pace {
        Pace::Smoke => (1, Duration::from_millis(5)),
        Pace::Timed { rounds, length } => {
            (rounds, length.mul_f64(SHARE) / (rounds * cells.len()).try_into().expect("a small number"))
        }
    };
    // Found out once, so that all work alike.
    let steps = GRAINS.map(|grain| steps_in(Duration::from_micros(grain)));
    let steps_of = |cell: Cell| steps[GRAINS.iter().position(|grain| *grain == cell.grain).expect("a grain")];
    let mut samples: Vec<[Vec<f64>; 2]> = cells.iter().map(|_| Default::default()).collect();
    for round in 0..rounds {
        for (index, (cell, samples)) in cells.iter().zip(&mut samples).enumerate() {
            let path = directory.join(format!("neighbour-{round}-{index}"));
            for (samples, figure) in
                samples.iter_mut().zip(sample(*cell, steps_of(*cell), &path, cores, length))
            {
                samples.push(figure);
            }
        }
    }
    if let Pace::Smoke = args.pace {
        println!("{} neighbours work", cells.len());
        return;
    }
    println!(
        "\n## neighbour\n\nA busy task beside a receiving one in a current-thread runtime; another process, on another core, sends.\n\
         median (p10..p90) over {rounds} rounds\n"
    );
    report(&cells, &samples);
}

/// Returns the time of a unit of work in ns, and the values that came a second.
fn sample(cell: Cell, steps: u64, path: &Path, cores: Cores, length: Duration) -> [f64; 2] {
    let path = path.to_str().expect("a plain path");
    let (steps, rate, length) = (steps.to_string(), cell.rate.to_string(), length.as_micros().to_string());
    let (here, there) = (cores.here.to_string(), cores.there.to_string());
    let mut receiver = Child::start([RECEIVER, cell.receiver, path, &steps, &length, &here]);
    receiver.expect("bound");
    let mut sender = Child::start([SENDER, path, &rate, &there]);
    sender.expect("sends");
    let began = Instant::now();
    receiver.say("work");
    let answer = receiver.hear();
    let figures: Vec<f64> = answer.split(' ').map(|word| word.parse().expect("a number")).collect();
    assert!(began.elapsed() < Duration::from_secs(20), "{} took too long", cell.label());
    figures.try_into().expect("two figures")
}

fn report(cells: &[Cell], samples: &[[Vec<f64>; 2]]) {
    let mut times = Table::new(["ns for a unit of work", AS_IS, SLEEPS, "values/s, thousands", ""]);
    let mut ratios = Table::new(["as it is : sleeps at once", "time", "goal", ""]);
    let spread = |samples: &[f64], unit: f64| {
        Spread::of(samples.iter().copied()).map(|spread| figure(spread.map(|figure| figure / unit)))
    };
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.receiver == AS_IS) {
        let same =
            |other: &&Cell| other.receiver == SLEEPS && (other.grain, other.rate) == (cell.grain, cell.rate);
        let Some(other) = cells.iter().position(|other| same(&other)) else { continue };
        let both = [&samples[index], &samples[other]];
        let figures = (0..2).flat_map(|which| both.map(|of| (which, of)));
        let figures = figures.map(|(which, of)| spread(&of[which], [1.0, 1e3][which]).unwrap_or_default());
        times.row([cell.name()].into_iter().chain(figures));
        add_ratios(&mut ratios, cell.name(), vec![Spread::of_ratios(&both[0][0], &both[1][0])], GOAL);
    }
    print(&times);
    print(&ratios);
}
