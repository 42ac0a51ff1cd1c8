//! Values per second and CPU time per value, for 1 to 64 senders that block or are busy.

use super::{Part, many};
use crate::{
    cell::{Cell, Key, Way},
    contestants::{ALL, OURS, OURS_BETWEEN},
    harness::{goal::Goal, spread::Spread, table::Table},
    results::{FIRST, Results, TIMES, Unit, add_ratios, add_row, print},
    traffic::{Blocking, Busy},
};

pub(crate) const PART: Part = Part {
    name: "throughput",
    meaning: "Senders send to one receiver as fast as they can, capacity 1024; busy is a loop of try_* that yields.",
    share: 0.4,
    cells,
    report,
};

const CAPACITY: usize = 1024;
const SENDERS: [usize; 5] = [1, 2, 4, 16, 64];
const SIZES: [usize; 2] = [8, 64];
const WAYS: [Way; 2] = [Way::Blocking, Way::Busy];

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for senders in SENDERS {
        cells.extend(many::cells::<[u64; 1], Blocking>(PART.name, senders, CAPACITY));
        cells.extend(many::cells::<[u64; 1], Busy>(PART.name, senders, CAPACITY));
        cells.extend(many::cells::<[u64; 8], Blocking>(PART.name, senders, CAPACITY));
        cells.extend(many::cells::<[u64; 8], Busy>(PART.name, senders, CAPACITY));
    }
    cells
}

fn key(contestant: &'static str, way: Way, bytes: usize, senders: usize) -> Key {
    many::key(contestant, way, bytes, senders, CAPACITY)
}

fn head<'a>(title: String, more: impl IntoIterator<Item = &'a str>) -> Table {
    let senders =
        SENDERS.map(|senders| if senders == 1 { "1 sender".into() } else { format!("{senders} senders") });
    Table::new([title].into_iter().chain(senders).chain(more.into_iter().map(str::to_owned)))
}

fn report(results: &Results) {
    let units: [Unit; 2] = [
        ("million values/s", TIMES, |nanoseconds| 1e3 / nanoseconds),
        ("CPU µs per value", FIRST, |nanoseconds| nanoseconds / 1e3),
    ];
    for bytes in SIZES {
        for (title, column, unit) in units {
            let mut table = head(format!("{title}, {bytes} bytes"), []);
            for way in WAYS {
                for contestant in ALL {
                    let cell = |senders| results.cell(key(contestant, way, bytes, senders), column, unit);
                    add_row(&mut table, format!("{contestant}, {}", way.name()), SENDERS.map(cell).to_vec());
                }
            }
            print(&table);
        }
    }
    let mut table = head("values/s over another's".into(), ["goal", ""]);
    for ours in [OURS, OURS_BETWEEN] {
        for bytes in SIZES {
            let of = |way, senders| key(ours, way, bytes, senders);
            let ratio = |senders| rate(results, of(Way::Blocking, senders), of(Way::Busy, senders));
            let name = format!("{bytes} bytes, {ours}, blocking : busy");
            add_ratios(&mut table, name, SENDERS.map(ratio).to_vec(), Goal::AtLeast(0.9));
        }
    }
    for ours in [OURS, OURS_BETWEEN] {
        for other in ALL.into_iter().filter(|other| ![OURS, OURS_BETWEEN].contains(other)) {
            for bytes in SIZES {
                let name = format!("{bytes} bytes, blocking, {ours} : {other}");
                let of = |contestant, senders| key(contestant, Way::Blocking, bytes, senders);
                let ratio = |senders| rate(results, of(ours, senders), of(other, senders));
                add_ratios(&mut table, name, SENDERS.map(ratio).to_vec(), Goal::None);
            }
        }
    }
    print(&table);
}

/// Returns the ratio of two rates; samples are times, and a rate is the inverse of one.
fn rate(results: &Results, over: Key, under: Key) -> Option<Spread> {
    results.ratio(under, over, TIMES)
}
