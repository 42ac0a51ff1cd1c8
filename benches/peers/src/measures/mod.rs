//! What is measured of a contestant: each file makes the two parts of its cells, the host's and the guests'.

pub(crate) mod idle;
pub(crate) mod memory;
pub(crate) mod one_thread;
pub(crate) mod opening;
pub(crate) mod rate;
pub(crate) mod trip;

use std::time::Instant;

use crate::{
    cell::Outcome,
    host::{Guest, Play},
};

/// The two parts of a cell.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    /// The host's, which measures.
    pub(crate) here: fn(&mut Play) -> Outcome,
    /// A guest's.
    pub(crate) there: fn(&Guest),
}

/// Returns what a call gives, and the nanoseconds that it took.
fn timed<R>(call: impl FnOnce() -> R) -> (R, u64) {
    let began = Instant::now();
    let result = call();
    (result, began.elapsed().as_nanos() as u64)
}
