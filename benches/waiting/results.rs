//! What a part has measured, found by key, and the cells of its tables.

use crate::{
    cell::Key,
    harness::{
        goal::Goal,
        spread::Spread,
        table::{Table, figure},
    },
};

/// The samples of a cell, one per round.
pub(crate) struct Samples {
    /// Nanoseconds per item.
    pub(crate) times: Vec<f64>,
    /// The further figures of the part.
    pub(crate) figures: [Vec<f64>; 2],
}

/// What a table shows of a cell's samples.
pub(crate) type Column = fn(&Samples) -> &[f64];

/// A title, what stands below it, and its unit.
pub(crate) type Unit = (&'static str, Column, fn(f64) -> f64);

/// Nanoseconds per item.
pub(crate) const TIMES: Column = |samples| &samples.times;
/// The first further figure.
pub(crate) const FIRST: Column = |samples| &samples.figures[0];
/// The second further figure.
pub(crate) const SECOND: Column = |samples| &samples.figures[1];

/// The samples of all cells of a part.
#[derive(Default)]
pub(crate) struct Results(Vec<(Key, Samples)>);

impl Results {
    /// Adds the samples of a cell.
    pub(crate) fn add(&mut self, key: Key, times: Vec<f64>, figures: &[[f64; 2]]) {
        let figures = [0, 1].map(|which| figures.iter().map(|figures| figures[which]).collect());
        self.0.push((key, Samples { times, figures }));
    }

    /// Returns the samples of a cell, if it was measured.
    pub(crate) fn get(&self, key: Key) -> Option<&Samples> {
        self.0.iter().find(|(at, _)| *at == key).map(|(_, samples)| samples)
    }

    /// Returns a column of a cell in another unit, as text.
    pub(crate) fn cell(&self, key: Key, column: Column, unit: fn(f64) -> f64) -> String {
        let spread = self.get(key).and_then(|samples| Spread::of(column(samples).iter().copied()));
        spread.map_or(String::new(), |spread| figure(spread.map(unit)))
    }

    /// Returns the ratio of a column of two cells, round by round.
    pub(crate) fn ratio(&self, over: Key, under: Key, column: Column) -> Option<Spread> {
        Spread::of_ratios(column(self.get(over)?), column(self.get(under)?))
    }
}

/// Adds a row if any of its cells says something.
pub(crate) fn add_row(table: &mut Table, name: String, cells: Vec<String>) {
    if cells.iter().any(|cell| !cell.is_empty()) {
        table.row([name].into_iter().chain(cells));
    }
}

/// Adds a row of ratios with its goal, and whether all of them meet it.
pub(crate) fn add_ratios(table: &mut Table, name: String, ratios: Vec<Option<Spread>>, goal: Goal) {
    let measured: Vec<Spread> = ratios.iter().flatten().copied().collect();
    if measured.is_empty() {
        return;
    }
    let missed = measured.iter().any(|ratio| goal.verdict(ratio.median) == "missed");
    let verdict = if missed { "missed" } else { goal.verdict(measured[0].median) };
    let cells = ratios.into_iter().map(|ratio| ratio.map(figure).unwrap_or_default());
    table.row([name].into_iter().chain(cells).chain([goal.text(), verdict.to_owned()]));
}

/// Prints a table if it has rows.
pub(crate) fn print(table: &Table) {
    if !table.is_empty() {
        table.print();
        println!();
    }
}
