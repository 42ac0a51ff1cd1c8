//! All tables, as Markdown: one for each measure and load, and the goals.

use std::fmt::Write;

use super::goals;
use crate::{
    cell::{BATCH, CAPACITY, Cell, Measure, Placement, SMALL, Way},
    contestant::Reach,
    contestants,
    harness::{
        spread::Spread,
        table::{Table, figure},
    },
    plan::{PLACEMENTS, SENDERS, SIZE, SIZES},
    results::{Column, FIRST, RATE, Results, SECOND, THIRD, cell, rate},
};

/// A column of a table: its title, and how a figure comes to it.
type Titled<'a> = (&'a str, Column, fn(f64) -> f64);

const AS_IT_IS: fn(f64) -> f64 = |figure| figure;
const IN_MICROSECONDS: fn(f64) -> f64 = |nanoseconds| nanoseconds / 1e3;
const IN_KIB: fn(f64) -> f64 = |bytes| bytes / 1024.0;

/// Returns everything that a run tells, with headings.
pub(crate) fn all(results: &Results) -> String {
    let mut text = head(results);
    section(&mut text, "Goals", &goals::table(results));
    let sizes: [&[Titled<'_>]; 2] = [
        &[("8 bytes, send, ns", FIRST, AS_IT_IS), ("receive, ns", SECOND, AS_IT_IS)],
        &[("64 bytes, send, ns", FIRST, AS_IT_IS), ("receive, ns", SECOND, AS_IT_IS)],
    ];
    section(&mut text, "One thread, everything in its own cache", &one_thread(results, sizes));
    for bytes in SIZES {
        section(&mut text, &format!("Million messages per second, {bytes} bytes"), &rates(results, bytes));
    }
    for placement in PLACEMENTS {
        let title = format!("Round trips, {}, µs, {SIZE} bytes", placement.name());
        section(&mut text, &title, &trips(results, placement));
    }
    let columns: [Titled<'_>; 3] = [
        ("make, µs", FIRST, IN_MICROSECONDS),
        ("connect, µs", SECOND, IN_MICROSECONDS),
        ("drop, µs", THIRD, IN_MICROSECONDS),
    ];
    section(&mut text, "Creation", &others(results, Measure::Opening, &columns));
    let columns: [Titled<'_>; 2] = [("new, KiB", FIRST, IN_KIB), ("full, KiB", SECOND, IN_KIB)];
    section(&mut text, "Memory of a channel", &others(results, Measure::Memory, &columns));
    let columns: [Titled<'_>; 1] = [("wakeups/s", FIRST, AS_IT_IS)];
    section(&mut text, "Idle", &others(results, Measure::Idle, &columns));
    text
}

/// Returns what is to be known before any table is read.
fn head(results: &Results) -> String {
    let versions: Vec<String> =
        results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut text = format!("{}.\n\n{}.\n\n{}.\n\n", results.machine, results.day, versions.join(", "));
    if results.is_quick {
        text += "A quick run: rough.\n\n";
    }
    if let Some(way) = Spread::of(results.way.iter().copied()) {
        let way = figure(way);
        let _ = writeln!(text, "A cache line takes {way} ns from one core to the other.\n");
    }
    let _ = writeln!(
        text,
        "Medians over {} rounds in turn, with the tenth and the ninetieth percentile. Capacity {CAPACITY}, batches of up to \
         {BATCH}; in one thread, capacity {SMALL}.\n",
        results.rounds()
    );
    text
}

fn section(text: &mut String, title: &str, table: &Table) {
    if !table.is_empty() {
        let _ = write!(text, "## {title}\n\n{table}\n");
    }
}

/// Returns each contestant in each way, as the tables call it.
fn rows() -> impl Iterator<Item = (String, &'static str, Way)> {
    contestants::all().into_iter().flat_map(|entry| {
        let place = match entry.reach {
            Reach::Threads => ", in process",
            Reach::Processes => "",
        };
        let ways: Vec<Way> = entry.ways().collect();
        ways.into_iter().map(move |way| (format!("{}{place}, {}", entry.name, way.name()), entry.name, way))
    })
}

fn text_of(results: &Results, cell: &Cell, column: Column, unit: fn(f64) -> f64) -> String {
    results.spread(cell, column).map_or(String::new(), |spread| figure(spread.map(unit)))
}

fn add(table: &mut Table, name: String, cells: Vec<String>) {
    if cells.iter().any(|cell| !cell.is_empty()) {
        table.row([name].into_iter().chain(cells));
    }
}

fn one_thread(results: &Results, sizes: [&[Titled<'_>]; 2]) -> Table {
    let titles = sizes.iter().flat_map(|columns| columns.iter().map(|(title, ..)| *title));
    let mut table = Table::new([""].into_iter().chain(titles));
    for (name, contestant, way) in rows() {
        let cells = [8, SIZE].into_iter().zip(sizes).flat_map(|(bytes, columns)| {
            let cell = cell(Measure::OneThread, contestant, way, Placement::OneCore, bytes);
            columns.iter().map(move |&(_, column, unit)| text_of(results, &cell, column, unit))
        });
        add(&mut table, name, cells.collect());
    }
    table
}

fn rates(results: &Results, bytes: usize) -> Table {
    let titles =
        SENDERS.map(|senders| if senders == 1 { "1 sender".into() } else { format!("{senders} senders") });
    let mut table = Table::new([String::new()].into_iter().chain(titles));
    for (name, contestant, way) in rows() {
        let text = |senders| text_of(results, &rate(contestant, way, senders, bytes), RATE, AS_IT_IS);
        add(&mut table, name, SENDERS.map(text).to_vec());
    }
    table
}

fn trips(results: &Results, placement: Placement) -> Table {
    let mut table = Table::new(["", "p50", "p99", "p99.9"]);
    for (name, contestant, way) in rows() {
        let cell = cell(Measure::Trip, contestant, way, placement, SIZE);
        let text = |column| text_of(results, &cell, column, IN_MICROSECONDS);
        add(&mut table, name, [FIRST, SECOND, THIRD].map(text).to_vec());
    }
    table
}

fn others(results: &Results, measure: Measure, columns: &[Titled<'_>]) -> Table {
    let mut table = Table::new([""].into_iter().chain(columns.iter().map(|(title, ..)| *title)));
    for (name, contestant, way) in rows() {
        let cell = cell(measure, contestant, way, Placement::Free, SIZE);
        let text = |&(_, column, unit): &Titled<'_>| text_of(results, &cell, column, unit);
        add(&mut table, name, columns.iter().map(text).collect());
    }
    table
}
