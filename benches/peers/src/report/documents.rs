//! The documents that a run writes: the appendix of tables, the plots, and the numbers at the top of the page of performance.

use std::{error::Error, fs, path::Path};

use super::{goals::OURS, plots, tables};
use crate::{
    cell::{Measure, Placement, Way},
    plan::SIZE,
    results::{Column, FIRST, RATE, Results, cell, rate},
};

/// What stands before and behind the numbers.
const BEGIN: &str = "<!-- The numbers: written by benches/peers --write. -->";
const END: &str = "<!-- The end of the numbers. -->";

/// Writes them into a folder, which is `docs` of the repository.
pub(crate) fn write(results: &Results, docs: &Path) -> Result<(), Box<dyn Error>> {
    for folder in ["plots", "performance"] {
        fs::create_dir_all(docs.join(folder))?;
    }
    let head = "# Tables of performance\n\n\
        Written by `benches/peers`; [the page of performance][performance] says what is measured and how to read it.\n\n";
    let links = "\n\n[performance]: ../performance.md\n";
    fs::write(docs.join("performance/tables.md"), head.to_owned() + tables::all(results).trim_end() + links)?;
    plots::throughput(results, &docs.join("plots/throughput.svg"))?;
    plots::round_trips(results, &docs.join("plots/round-trips.svg"))?;
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the page has no place for the numbers")?;
    let (_, after) = rest.split_once(END).ok_or("the page's place for the numbers has no end")?;
    fs::write(page, format!("{before}{BEGIN}\n{}\n{END}{after}", numbers(results)))?;
    Ok(())
}

/// Returns the three numbers.
fn numbers(results: &Results) -> String {
    let of = |cell, column: Column| results.spread(&cell, column).map(|spread| spread.median);
    let trip = |way| of(cell(Measure::Trip, OURS, way, Placement::Apart, SIZE), FIRST);
    let idle = |way| of(cell(Measure::Idle, OURS, way, Placement::Free, SIZE), FIRST);
    let mut lines = Vec::new();
    if let Some(rate) = of(rate(OURS, Way::Busy, 1, SIZE), RATE) {
        lines.push(format!(
            "- **{rate:.1} million messages per second**, {SIZE} bytes each, from one process to another."
        ));
    }
    if let (Some(busy), Some(blocking)) = (trip(Way::Busy), trip(Way::Blocking)) {
        let [busy, blocking] = [busy, blocking].map(|nanoseconds| nanoseconds / 1e3);
        lines.push(format!(
            "- **{blocking:.2} µs for a round trip** between two processes whose calls block; {busy:.2} if they spin."
        ));
    }
    if let (Some(blocking), Some(is_async)) = (idle(Way::Blocking), idle(Way::Async)) {
        let wakeups = blocking.max(is_async);
        lines.push(format!("- **{wakeups:.0} wakeups per second** of a receiver that has nothing to do."));
    }
    format!(
        "{}\n\n{}, {}.",
        lines.join("\n"),
        results.machine.lines().next().unwrap_or_default(),
        results.day
    )
}
