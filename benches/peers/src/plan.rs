//! Which cells a run has: for each contestant what it can do, those that are compared with each other close together.

use crate::{
    cell::{Cell, Measure, Placement, Way},
    contestants::{self, Entry},
    harness::cores::Cores,
};

/// The numbers of senders.
pub(crate) const SENDERS: [usize; 5] = [1, 2, 4, 16, 64];
/// The sizes of messages.
pub(crate) const SIZES: [usize; 5] = [8, 64, 256, 1024, 4096];
/// The size where size makes no difference to what is shown.
pub(crate) const SIZE: usize = 64;
/// Where the two ends of a round trip are.
pub(crate) const PLACEMENTS: [Placement; 3] = [Placement::Apart, Placement::OneCore, Placement::Free];

/// Returns the cells of a run.
pub(crate) fn cells(quick: bool) -> Vec<Cell> {
    let entries = contestants::all();
    let has_two_cores = Cores::choose().is_some();
    let mut cells = Vec::new();
    for measure in
        [Measure::OneThread, Measure::Rate, Measure::Trip, Measure::Opening, Measure::Memory, Measure::Idle]
    {
        for (placement, senders, bytes) in loads(measure, quick) {
            for entry in &entries {
                cells.extend(ways(entry, measure).map(|way| Cell {
                    measure,
                    contestant: entry.name.to_owned(),
                    way,
                    placement,
                    senders,
                    bytes,
                }));
            }
        }
    }
    // Two ends that spin on one core would measure the time slice of the scheduler.
    cells.retain(|cell| has_two_cores || cell.placement != Placement::Apart);
    cells.retain(|cell| contestants::part(cell).is_some());
    cells
}

/// Returns placements, numbers of senders and sizes of a measure.
fn loads(measure: Measure, quick: bool) -> Vec<(Placement, usize, usize)> {
    match measure {
        Measure::OneThread => vec![(Placement::OneCore, 1, 8), (Placement::OneCore, 1, 64)],
        Measure::Rate => {
            let all = SENDERS.iter().flat_map(|&senders| SIZES.map(|bytes| (senders, bytes)));
            let of_quick = |&(senders, bytes): &(usize, usize)| match senders {
                1 => true,
                4 | 64 => bytes <= SIZE,
                _ => false,
            };
            let some = all.filter(|load| !quick || of_quick(load));
            // With more senders than other cores there is nothing to pin them to.
            let placed = |senders| if senders == 1 { Placement::Apart } else { Placement::Free };
            some.map(|(senders, bytes)| (placed(senders), senders, bytes)).collect()
        }
        Measure::Trip => PLACEMENTS.map(|placement| (placement, 1, SIZE)).to_vec(),
        Measure::Opening | Measure::Memory | Measure::Idle => vec![(Placement::Free, 1, SIZE)],
    }
}

/// Returns the ways of a contestant that a measure tells apart.
fn ways(entry: &Entry, measure: Measure) -> impl Iterator<Item = Way> {
    let first = entry.ways().next();
    entry.ways().filter(move |&way| match measure {
        Measure::Opening | Measure::Memory => Some(way) == first,
        _ => true,
    })
}
