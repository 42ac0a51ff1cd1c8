//! The fifteen benchmarks of tokio's own mpsc channel, by the same names and doing the same work, for tokio and for us.
//!
//! `cargo bench --bench tokio_mirror`; everything happens in one process, so it shows what shared memory costs there.

#[path = "../harness/mod.rs"]
mod harness;

mod channels;
mod rows;
mod work;

use std::{sync::OnceLock, time::Duration};

use channels::{Shmpsc, Tokio};
use harness::{
    args::{Args, Usage},
    machine,
    rounds::{self, Entry, Pace},
    spread::Spread,
    table::{Table, figure},
};
use rows::{Row, Series};
use tokio::runtime::{Builder, Runtime};

const USAGE: Usage = Usage {
    bench: "tokio_mirror",
    usual: Duration::from_secs(60),
    quick: Duration::from_secs(15),
    more: &[("--workers", "worker threads of the runtime (usual 6, as in tokio's own)")],
};

/// Worker threads of the mirrored benchmarks, on any machine.
const WORKERS: usize = 6;

fn main() {
    let mut workers = WORKERS;
    let args = Args::parse(&USAGE, |_, number| workers = number.max(1));
    let runtime = runtime(workers);
    let mut rows: Vec<Row<'_>> = rows::bounded::<Tokio>(runtime, "tokio");
    rows.extend(rows::unbounded::<Tokio>(runtime, "tokio"));
    rows.extend(rows::bounded::<Shmpsc>(runtime, "shmpsc"));
    rows.extend(rows::unbounded::<Shmpsc>(runtime, "shmpsc"));
    // Round for round the same benchmark of both channels comes one after the other.
    rows.sort_by_key(|row| row.place);
    rows.retain(|row| args.wants(&row.label()));
    if args.list {
        rows.iter().for_each(|row| println!("{}", row.label()));
        return;
    }

    println!("{}", machine::describe());
    let (keys, mut entries): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .map(|row| {
            let entry = Entry { label: row.label(), first: 1, run: row.run };
            ((row.place, row.name, row.series, row.channel), entry)
        })
        .unzip();
    let samples = rounds::play(&mut entries, args.pace);
    if let Pace::Smoke = args.pace {
        println!("{} entries work; for figures: cargo bench --bench {}", samples.len(), USAGE.bench);
        return;
    }

    println!("{workers} workers, {} rounds in turn", samples.first().map_or(0, Vec::len));
    println!("microseconds for one iteration, median (p10..p90) over the rounds\n");
    for series in [Series::AsIs, Series::MadeOnce] {
        let mut table = Table::new([series.title(), "tokio", "shmpsc", "shmpsc : tokio"]);
        let of = |place, channel| {
            let wanted =
                |key: &&(usize, &str, Series, &str)| (key.0, key.2, key.3) == (place, series, channel);
            Some(&samples[keys.iter().position(|key| wanted(&key))?])
        };
        for place in 0..rows::COUNT {
            let (tokio, ours) = (of(place, "tokio"), of(place, "shmpsc"));
            let Some(name) = keys.iter().find(|key| key.0 == place && key.2 == series).map(|key| key.1)
            else {
                continue;
            };
            let cell = |row: Option<&Vec<f64>>| {
                let spread = row.and_then(|row| Spread::of(row.iter().copied()));
                spread.map_or(String::new(), |spread| figure(spread.map(|nanoseconds| nanoseconds / 1e3)))
            };
            let ratio = ours.zip(tokio).and_then(|(ours, tokio)| Spread::of_ratios(ours, tokio));
            table.row([name.into(), cell(tokio), cell(ours), ratio.map(figure).unwrap_or_default()]);
        }
        if !table.is_empty() {
            table.print();
            println!();
        }
    }
}

/// The one runtime of the run, as the mirrored benchmarks make it: no io and no timers.
fn runtime(workers: usize) -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(workers).build().expect("a runtime"))
}
