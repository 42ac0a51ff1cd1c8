//! A hundred senders that block on a queue with room for a few values.

use super::{Part, many};
use crate::{
    cell::{Cell, Key, Way},
    contestants::{ALL, OURS, OURS_BETWEEN, TOKIO},
    harness::{goal::Goal, table::Table},
    results::{FIRST, Results, TIMES, Unit, add_ratios, add_row, print},
    traffic::Blocking,
};

pub(crate) const PART: Part = Part {
    name: "small-queue",
    meaning: "A hundred senders of 8 bytes block on a queue with room for a few values.",
    share: 0.1,
    cells,
    report,
};

const SENDERS: usize = 100;
const CAPACITIES: [usize; 3] = [5, 8, 32];

fn cells() -> Vec<Cell> {
    let of = |capacity| many::cells::<[u64; 1], Blocking>(PART.name, SENDERS, capacity);
    CAPACITIES.into_iter().flat_map(of).collect()
}

fn key(contestant: &'static str, capacity: usize) -> Key {
    many::key(contestant, Way::Blocking, 8, SENDERS, capacity)
}

fn head<'a>(title: &'a str, more: impl IntoIterator<Item = &'a str>) -> Table {
    let capacities = CAPACITIES.map(|capacity| format!("capacity {capacity}"));
    let more = more.into_iter().map(str::to_owned);
    Table::new([title.to_owned()].into_iter().chain(capacities).chain(more))
}

fn report(results: &Results) {
    let units: [Unit; 2] = [
        ("thousand values/s", TIMES, |nanoseconds| 1e6 / nanoseconds),
        ("CPU µs per value", FIRST, |nanoseconds| nanoseconds / 1e3),
    ];
    for (title, column, unit) in units {
        let mut table = head(title, []);
        for contestant in ALL {
            let cell = |capacity| results.cell(key(contestant, capacity), column, unit);
            add_row(&mut table, contestant.to_owned(), CAPACITIES.map(cell).to_vec());
        }
        print(&table);
    }
    let mut table = head("shmpsc over tokio", ["goal", ""]);
    for ours in [OURS, OURS_BETWEEN] {
        for (title, column) in [("time per value", TIMES), ("CPU time per value", FIRST)] {
            let ratio = |capacity| results.ratio(key(ours, capacity), key(TOKIO, capacity), column);
            let ratios = CAPACITIES.map(ratio).to_vec();
            add_ratios(&mut table, format!("{title}, {ours} : tokio"), ratios, Goal::AtMost(1.5));
        }
    }
    print(&table);
}
