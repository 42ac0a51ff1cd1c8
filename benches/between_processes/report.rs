//! The tables: messages per second, round trips, and the ratios that the goals are about.
//!
//! It judges nothing but whether a goal is met; what a ratio means stands in `docs/performance.md`.

use crate::{
    goals::{OURS, RATIOS, Ratio},
    harness::{
        spread::Spread,
        table::{Table, figure},
    },
    lanes::{Figure, Lane, Way},
    traffic::{BATCH, CAPACITY},
};

const SIZES: [usize; 3] = [8, 64, 1024];

/// Prints everything that the lanes' samples (nanoseconds per message, one row per lane) tell.
pub(crate) fn print(lanes: &[&Lane], samples: &[Vec<f64>]) {
    let results = Results { lanes, samples };
    let rounds = samples.first().map_or(0, Vec::len);
    println!(
        "capacity {CAPACITY} (the socket: the kernel's buffer), batches of {BATCH}, {rounds} rounds in turn"
    );
    println!("median (p10..p90) over the rounds\n");
    results.figures(Figure::OneWay, "million messages/s", |nanoseconds| 1e3 / nanoseconds);
    results.figures(Figure::RoundTrip, "round trip, µs", |nanoseconds| nanoseconds / 1e3);
    results.ratios();
}

struct Results<'a> {
    lanes: &'a [&'a Lane],
    samples: &'a [Vec<f64>],
}

impl Results<'_> {
    fn figures(&self, wanted: Figure, title: &str, unit: impl Fn(f64) -> f64) {
        let mut names: Vec<(&str, Way)> = Vec::new();
        for lane in self.lanes.iter().filter(|lane| lane.figure == wanted) {
            if !names.contains(&(lane.contestant, lane.way)) {
                names.push((lane.contestant, lane.way));
            }
        }
        let mut table =
            Table::new([title.into()].into_iter().chain(SIZES.map(|bytes| format!("{bytes} bytes"))));
        for (contestant, way) in names {
            let cell = |bytes| {
                let spread = Spread::of(self.samples(wanted, bytes, contestant, way)?.iter().copied());
                Some(figure(spread?.map(&unit)))
            };
            let cells = SIZES.map(|bytes| cell(bytes).unwrap_or_default());
            table.row([format!("{contestant}, {}", way.name())].into_iter().chain(cells));
        }
        if !table.is_empty() {
            table.print();
            println!();
        }
    }

    fn ratios(&self) {
        let head = ["shmpsc over the other", "8 bytes", "64 bytes", "1024 bytes", "goal", ""];
        let mut table = Table::new(head);
        for ratio in RATIOS {
            let spreads = SIZES.map(|bytes| self.ratio(ratio, bytes));
            if spreads.iter().all(Option::is_none) {
                continue;
            }
            let cells = spreads.map(|spread| spread.map(figure).unwrap_or_default());
            let verdict = spreads[1].map_or("", |spread| ratio.goal.verdict(spread.median));
            table.row([ratio.name()].into_iter().chain(cells).chain([ratio.goal.text(), verdict.into()]));
        }
        if !table.is_empty() {
            table.print();
        }
    }

    fn ratio(&self, ratio: &Ratio, bytes: usize) -> Option<Spread> {
        let ours = self.samples(ratio.figure, bytes, OURS, ratio.way)?;
        let other = self.samples(ratio.figure, bytes, ratio.other.0, ratio.other.1)?;
        match ratio.figure {
            // Samples are times, and a rate is the inverse of one.
            Figure::OneWay => Spread::of_ratios(other, ours),
            Figure::RoundTrip => Spread::of_ratios(ours, other),
        }
    }

    fn samples(&self, figure: Figure, bytes: usize, contestant: &str, way: Way) -> Option<&[f64]> {
        let wanted = |lane: &&Lane| {
            (lane.figure, lane.bytes, lane.contestant, lane.way) == (figure, bytes, contestant, way)
        };
        Some(&self.samples[self.lanes.iter().position(wanted)?])
    }
}
