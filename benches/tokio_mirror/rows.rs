//! The fifteen rows by tokio's names, each in two series: a channel per iteration, as tokio does it, and one for all.
//!
//! tokio's channel allocates as it fills, ours has its room from the start: the second series leaves that part out.

use std::{hint::black_box, time::Instant};

use tokio::runtime::Runtime;

use crate::{
    channels::{Channels, Receiving, Sending, Value},
    harness::rounds::Timing,
    work::{Taking, alone, contention, send_one},
};

/// One benchmark of one channel.
pub(crate) struct Row<'a> {
    /// Its place among the fifteen.
    pub(crate) place: usize,
    /// tokio's name of it.
    pub(crate) name: &'static str,
    /// Which series.
    pub(crate) series: Series,
    /// Whose channel.
    pub(crate) channel: &'static str,
    /// So many iterations.
    pub(crate) run: Box<dyn FnMut(u64) -> Timing + 'a>,
}

impl Row<'_> {
    /// Its full name.
    pub(crate) fn label(&self) -> String {
        format!("{}, {}, {}", self.name, self.series.title(), self.channel)
    }
}

/// Whether the channel's own making is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Series {
    /// Each iteration makes and drops its channel.
    AsIs,
    /// One channel serves all iterations of a sample.
    MadeOnce,
}

impl Series {
    /// Its name in labels and tables.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::AsIs => "as is",
            Self::MadeOnce => "channel made once",
        }
    }
}

/// How many benchmarks tokio has.
pub(crate) const COUNT: usize = NAMES.len();

const NAMES: [&str; 15] = [
    "create_medium/1",
    "create_medium/100",
    "create_medium/100000",
    "send/medium_1000",
    "send/large_1000",
    "contention/bounded",
    "contention/bounded_recv_many",
    "contention/bounded_full",
    "contention/bounded_full_recv_many",
    "contention/unbounded",
    "contention/unbounded_recv_many",
    "uncontented/bounded",
    "uncontented/bounded_recv_many",
    "uncontented/unbounded",
    "uncontented/unbounded_recv_many",
];

/// 512 bytes.
type Medium = [usize; 64];
/// 32,768 bytes.
type Large = [Medium; 64];

/// A bound that 5000 messages never reach.
const WIDE: usize = 1_000_000;
/// A bound that they reach all the time.
const NARROW: usize = 100;

/// The eleven rows of a bounded channel.
pub(crate) fn bounded<C: Channels>(runtime: &'static Runtime, channel: &'static str) -> Vec<Row<'static>> {
    let mut rows = Rows { channel, rows: Vec::new() };
    for (place, bound) in [(0, 1), (1, 100), (2, 100_000)] {
        rows.add(place, Series::AsIs, move |count| {
            repeat(count, || drop(black_box(C::bounded::<Medium>(black_box(bound)))))
        });
    }
    rows.both(3, || C::bounded::<Medium>(1000), |tx, rx| send_one(runtime, tx, rx));
    rows.both(4, || C::bounded::<Large>(1000), |tx, rx| send_one(runtime, tx, rx));
    for (place, bound, taking) in [
        (5, WIDE, Taking::Single),
        (6, WIDE, Taking::Many),
        (7, NARROW, Taking::Single),
        (8, NARROW, Taking::Many),
    ] {
        let work = move |tx: &_, rx: &mut _| runtime.block_on(contention(tx, rx, taking));
        rows.both(place, move || C::bounded(bound), work);
    }
    for (place, taking) in [(11, Taking::Single), (12, Taking::Many)] {
        rows.both(place, || C::bounded(WIDE), move |tx, rx| runtime.block_on(alone(tx, rx, taking)));
    }
    rows.rows
}

/// The four rows of an unbounded channel.
pub(crate) fn unbounded<C: Channels>(runtime: &'static Runtime, channel: &'static str) -> Vec<Row<'static>> {
    let mut rows = Rows { channel, rows: Vec::new() };
    for (place, taking) in [(9, Taking::Single), (10, Taking::Many)] {
        rows.both(place, C::unbounded, move |tx, rx| runtime.block_on(contention(tx, rx, taking)));
    }
    for (place, taking) in [(13, Taking::Single), (14, Taking::Many)] {
        rows.both(place, C::unbounded, move |tx, rx| runtime.block_on(alone(tx, rx, taking)));
    }
    rows.rows
}

struct Rows {
    channel: &'static str,
    rows: Vec<Row<'static>>,
}

impl Rows {
    fn add(&mut self, place: usize, series: Series, run: impl FnMut(u64) -> Timing + 'static) {
        let (name, channel) = (NAMES[place], self.channel);
        self.rows.push(Row { place, name, series, channel, run: Box::new(run) });
    }

    /// The same work with a channel per iteration, and with one for all.
    fn both<T: Value, S: Sending<T>, R: Receiving<T>>(
        &mut self,
        place: usize,
        make: impl Fn() -> (S, R) + Copy + 'static,
        work: impl Fn(&S, &mut R) + Copy + 'static,
    ) {
        self.add(place, Series::AsIs, move |count| {
            repeat(count, || {
                let (tx, mut rx) = make();
                work(&tx, &mut rx);
            })
        });
        self.add(place, Series::MadeOnce, move |count| {
            let (tx, mut rx) = make();
            work(&tx, &mut rx);
            repeat(count, || work(&tx, &mut rx))
        });
    }
}

fn repeat(count: u64, mut iteration: impl FnMut()) -> Timing {
    let began = Instant::now();
    for _ in 0..count {
        iteration();
    }
    Timing { items: count, elapsed: began.elapsed() }
}
