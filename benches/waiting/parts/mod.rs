//! The parts whose cells are measured by turns: what their cells are, and what their tables show.

mod many;
mod round_trip;
mod small_queue;
mod throughput;

use crate::{cell::Cell, results::Results};

/// One part of the bench.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// What its cells do, in one line.
    pub(crate) meaning: &'static str,
    /// Its share of the length of a run.
    pub(crate) share: f64,
    pub(crate) cells: fn() -> Vec<Cell>,
    /// Prints its tables.
    pub(crate) report: fn(&Results),
}

/// The parts, in the order in which they are measured. What is left of the length is the crowd's.
pub(crate) const PARTS: [&Part; 3] = [&round_trip::PART, &throughput::PART, &small_queue::PART];

/// Returns the cells of all parts.
pub(crate) fn all() -> Vec<Cell> {
    PARTS.iter().flat_map(|part| (part.cells)()).collect()
}
