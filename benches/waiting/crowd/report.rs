//! The tables of the crowds.

use std::time::Duration;

use super::{
    cells::{Cell, FEWEST, Kind, TASKS, THREADS},
    progress::Reached,
};
use crate::{
    contestants::ALL,
    harness::{
        spread::Spread,
        table::{Table, figure},
    },
    results::{add_row, print as print_table},
};

/// Prints the time per value, and how much it grows from the smallest crowd to the largest.
pub(super) fn print(rows: &[(&Cell, Vec<Reached>)], limit: Duration) {
    let rounds = rows.iter().map(|(_, samples)| samples.len()).max().unwrap_or(0);
    println!(
        "\n## crowd\n\nµs per value when so many wait to send one value each, capacity 16; goal: it grows no more than tokio's."
    );
    println!(
        "median (p10..p90) over up to {rounds} rounds; `!`: given up after {} s, behind it how far it came\n",
        limit.as_secs()
    );
    for (kind, sizes) in [(Kind::Tasks, &TASKS[..]), (Kind::Threads, &THREADS[..])] {
        let head = sizes.iter().map(|waiters| format!("{waiters} {}", kind.name()));
        let mut table =
            Table::new([kind.name().to_owned()].into_iter().chain(head).chain(["growth".to_owned()]));
        for contestant in ALL {
            let samples = |waiters| {
                let wanted =
                    |cell: &Cell| (cell.contestant, cell.kind, cell.waiters) == (contestant, kind, waiters);
                rows.iter().find(|(cell, _)| wanted(cell)).map_or(&[][..], |(_, samples)| samples)
            };
            let mut cells: Vec<String> =
                sizes.iter().map(|&waiters| cell(samples(waiters), waiters)).collect();
            cells.push(growth(samples(FEWEST), samples(sizes[sizes.len() - 1])));
            add_row(&mut table, contestant.to_owned(), cells);
        }
        print_table(&table);
    }
}

fn cell(samples: &[Reached], waiters: usize) -> String {
    match samples.iter().find(|sample| sample.is_given_up()) {
        Some(Reached::Draining(got, each)) => format!("! {:.2} ({got} of {waiters})", each / 1e3),
        Some(_) => format!("! (0 of {waiters}: not all waited)"),
        None => spread(samples).map_or(String::new(), |spread| figure(spread.map(|ns| ns / 1e3))),
    }
}

fn growth(fewest: &[Reached], most: &[Reached]) -> String {
    let given_up = most.iter().any(Reached::is_given_up);
    match (spread(fewest), spread(most)) {
        (Some(fewest), Some(most)) => {
            format!("{}{:.2}", if given_up { "! " } else { "" }, most.median / fewest.median)
        }
        _ if given_up => "!".to_owned(),
        _ => String::new(),
    }
}

/// Returns the spread of the time per value, as far as values came.
fn spread(samples: &[Reached]) -> Option<Spread> {
    Spread::of(samples.iter().filter_map(|sample| match *sample {
        Reached::Done(each) => Some(each),
        Reached::Draining(got, each) => (got > 0).then_some(each),
        Reached::Queueing => None,
    }))
}
