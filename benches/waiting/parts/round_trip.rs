//! Round trips over two channels of capacity 1, on two cores and on one, beside two bare rings.

use std::{path::Path, thread};

use super::Part;
use crate::{
    cell::{Cell, Key, Placement, Run, Way},
    channel::{AsyncReceiving, AsyncSending, Between, Within},
    contestants::{ALL, CROSSBEAM, Crossbeam, KANAL, Kanal, OURS, OURS_BETWEEN, RING, Shmpsc, TOKIO, Tokio},
    harness::{
        goal::Goal,
        ring::{Consumer, Producer, reset},
        table::Table,
    },
    host::Guest,
    results::{Column, FIRST, Results, SECOND, add_ratios, add_row, print},
    traffic::{
        Blocking, Waits,
        tasks::{self, BlockOn, Drives, Spawn},
        trips::{echo, trips},
    },
};

pub(crate) const PART: Part = Part {
    name: "round-trip",
    meaning: "One side sends 8 bytes and waits until the other has sent them back, over two channels of capacity 1; ns.",
    share: 0.15,
    cells,
    report,
};

type Value = [u64; 1];

const CAPACITY: usize = 1;
/// The channel to the host, and the channel to the guest.
const UP: &str = "up";
const DOWN: &str = "down";

const PLACEMENTS: [Placement; 3] = [Placement::Apart, Placement::Free, Placement::OneCore];
const WAYS: [Way; 3] = [Way::Blocking, Way::Async, Way::Spawned];

fn cells() -> Vec<Cell> {
    let mut cells = vec![cell(RING, Way::Busy, Placement::Apart, rings())];
    for placement in PLACEMENTS {
        cells.extend([
            cell(OURS, Way::Blocking, placement, within::<Shmpsc>()),
            cell(OURS_BETWEEN, Way::Blocking, placement, between::<Shmpsc>()),
            cell(TOKIO, Way::Blocking, placement, within::<Tokio>()),
            cell(CROSSBEAM, Way::Blocking, placement, within::<Crossbeam>()),
            cell(KANAL, Way::Blocking, placement, within::<Kanal>()),
        ]);
        cells.extend(driven::<BlockOn>(placement));
        cells.extend(driven::<Spawn>(placement));
    }
    cells
}

/// Returns the cells of one way to drive a task.
fn driven<D: Drives>(placement: Placement) -> [Cell; 4] {
    [
        cell(OURS, D::WAY, placement, within_async::<Shmpsc, D>()),
        cell(OURS_BETWEEN, D::WAY, placement, between_async::<Shmpsc, D>()),
        cell(TOKIO, D::WAY, placement, within_async::<Tokio, D>()),
        cell(KANAL, D::WAY, placement, within_async::<Kanal, D>()),
    ]
}

fn key(contestant: &'static str, way: Way, placement: Placement) -> Key {
    Key { contestant, way, placement, bytes: size_of::<Value>(), senders: 1, capacity: CAPACITY }
}

fn cell(contestant: &'static str, way: Way, placement: Placement, run: Run) -> Cell {
    Cell { part: PART.name, key: key(contestant, way, placement), run }
}

fn within<C: Within<Value>>() -> Run {
    Run::Within(|host, load| {
        let (sender, mut there_receiver) = C::bounded(CAPACITY);
        let (there_sender, mut receiver) = C::bounded(CAPACITY);
        thread::scope(|scope| {
            scope.spawn(move || {
                host.pin_other_side();
                let receive = || Blocking::receive(&mut there_receiver);
                echo::<Value>(receive, |value| Blocking::send(&there_sender, value));
            });
            let send = |value: Value| Blocking::send(&sender, value);
            trips(load, send, || Blocking::receive(&mut receiver))
        })
    })
}

fn within_async<C, D: Drives>() -> Run
where
    C: Within<Value, Sender: AsyncSending<Value>, Receiver: AsyncReceiving<Value>>,
{
    Run::Within(|host, load| {
        let (sender, there_receiver) = C::bounded(CAPACITY);
        let (there_sender, receiver) = C::bounded(CAPACITY);
        thread::scope(|scope| {
            scope.spawn(|| {
                host.pin_other_side();
                D::drive(|| tasks::echo(there_receiver, there_sender))
            });
            D::drive(|| tasks::trips(load, sender, receiver))
        })
    })
}

fn between<C: Between<Value>>() -> Run {
    Run::Between {
        here: |host, load| {
            let mut receiver = C::bind(&host.site.path(UP), CAPACITY);
            host.call_in(load.senders, load.items);
            let sender = C::connect(&host.site.path(DOWN));
            let send = |value: Value| Blocking::send(&sender, value);
            trips(load, send, || Blocking::receive(&mut receiver))
        },
        there: |guest, _, _| {
            let (sender, mut receiver) = there::<C>(guest);
            let receive = || Blocking::receive(&mut receiver);
            echo::<Value>(receive, |value| Blocking::send(&sender, value));
        },
    }
}

fn between_async<C, D: Drives>() -> Run
where
    C: Between<Value, Sender: AsyncSending<Value>, Receiver: AsyncReceiving<Value>>,
{
    Run::Between {
        here: |host, load| {
            D::drive(|| {
                let receiver = C::bind(&host.site.path(UP), CAPACITY);
                host.call_in(load.senders, load.items);
                tasks::trips(load, C::connect(&host.site.path(DOWN)), receiver)
            })
        },
        there: |guest, _, _| {
            D::drive(|| {
                let (sender, receiver) = there::<C>(guest);
                tasks::echo(receiver, sender)
            });
        },
    }
}

/// Opens the guest's ends.
fn there<C: Between<Value>>(guest: &Guest) -> (C::Sender, C::Receiver) {
    let down: &Path = &guest.path(DOWN);
    let receiver = C::bind(down, CAPACITY);
    let sender = C::connect(&guest.path(UP));
    guest.ready();
    (sender, receiver)
}

/// Returns the yardstick: two rings without anything that waits other than busily.
fn rings() -> Run {
    Run::Between {
        here: |host, load| {
            let [to, from] = [0, 1].map(|index| host.site.ring(index));
            reset::<Value>(to);
            reset::<Value>(from);
            let (mut producer, mut consumer) = (Producer::<Value>::new(to), Consumer::<Value>::new(from));
            host.call_in(load.senders, load.items);
            trips(load, |value| producer.push(value), || consumer.pop())
        },
        there: |guest, _, _| {
            let mut consumer = Consumer::<Value>::new(guest.ring(0));
            let mut producer = Producer::<Value>::new(guest.ring(1));
            guest.ready();
            echo(|| consumer.pop(), |value| producer.push(value));
        },
    }
}

const QUANTILES: [(&str, Column); 2] = [("p50", FIRST), ("p99", SECOND)];

fn report(results: &Results) {
    for placement in PLACEMENTS {
        let mut table = Table::new([placement.name(), "p50", "p99"]);
        let mut row = |contestant: &'static str, way: Way| {
            let cell = |(_, column)| results.cell(key(contestant, way, placement), column, |ns| ns);
            add_row(&mut table, format!("{contestant}, {}", way.name()), QUANTILES.map(cell).to_vec());
        };
        row(RING, Way::Busy);
        WAYS.iter().for_each(|&way| ALL.iter().for_each(|&contestant| row(contestant, way)));
        print(&table);
    }
    let mut table = Table::new(["round trip over another's", "p50", "p99", "goal", ""]);
    let mut add = |placement: Placement, other: Key, goal: Goal| {
        for contestant in [OURS, OURS_BETWEEN] {
            for way in WAYS {
                // A ring waits in one way only.
                let other = if other.contestant == RING { other } else { Key { way, ..other } };
                let ours = key(contestant, way, placement);
                let ratios = QUANTILES.map(|(_, column)| results.ratio(ours, other, column)).to_vec();
                let name =
                    format!("{}, {}: {contestant} : {}", placement.name(), way.name(), other.contestant);
                add_ratios(&mut table, name, ratios, goal);
            }
        }
    };
    let ring = key(RING, Way::Busy, Placement::Apart);
    add(Placement::OneCore, key(TOKIO, Way::Blocking, Placement::OneCore), Goal::AtMost(1.5));
    add(Placement::Apart, ring, Goal::NotWorse);
    add(Placement::Free, ring, Goal::NotWorse);
    print(&table);
}
