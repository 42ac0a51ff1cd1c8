//! Which lanes are divided by which, and what the quotient should be.
//!
//! Like is compared with like: busy with busy, blocking with blocking; the goals hold at 64 bytes.

use crate::{
    harness::goal::Goal,
    lanes::{Figure, Way},
};

/// shmpsc's figure over another one's of the same size and round.
pub(crate) struct Ratio {
    /// Messages per second, or the time of a round trip.
    pub(crate) figure: Figure,
    /// How shmpsc waits.
    pub(crate) way: Way,
    /// Who the other is, and how it waits.
    pub(crate) other: (&'static str, Way),
    /// What it should be.
    pub(crate) goal: Goal,
}

impl Ratio {
    /// What is divided by what.
    pub(crate) fn name(&self) -> String {
        let figure = match self.figure {
            Figure::OneWay => "messages/s",
            Figure::RoundTrip => "round trip",
        };
        format!("{figure}, {} : {}, {}", self.way.name(), self.other.0, self.other.1.name())
    }
}

/// The contestant whose figures stand above the line.
pub(crate) const OURS: &str = "shmpsc, 2 processes";

const RING: &str = "bare ring, 2 processes";
const CROSSBEAM: &str = "crossbeam, 2 threads";
const TOKIO: &str = "tokio, 2 threads";
const SOCKET: &str = "Unix socket, 2 processes";

/// All ratios, in the order of the table.
pub(crate) const RATIOS: &[Ratio] = &[
    one_way(Way::Busy, (CROSSBEAM, Way::Busy), Goal::AtLeast(1.5)),
    one_way(Way::Blocking, (CROSSBEAM, Way::Blocking), Goal::AtLeast(1.5)),
    one_way(Way::Busy, (RING, Way::Busy), Goal::None),
    one_way(Way::Batch, (RING, Way::Busy), Goal::None),
    one_way(Way::Busy, (TOKIO, Way::Busy), Goal::None),
    one_way(Way::Blocking, (TOKIO, Way::Blocking), Goal::None),
    one_way(Way::Async, (TOKIO, Way::Async), Goal::None),
    one_way(Way::Async, (TOKIO, Way::Workers), Goal::None),
    one_way(Way::Batch, (TOKIO, Way::Batch), Goal::None),
    one_way(Way::AsyncBatch, (TOKIO, Way::AsyncBatch), Goal::None),
    one_way(Way::Blocking, (SOCKET, Way::Blocking), Goal::None),
    one_way(Way::Batch, (SOCKET, Way::Batch), Goal::None),
    round_trip(Way::Busy, (RING, Way::Busy), Goal::AtMost(1.5)),
    round_trip(Way::Busy, (CROSSBEAM, Way::Busy), Goal::None),
    round_trip(Way::Busy, (TOKIO, Way::Busy), Goal::None),
    round_trip(Way::Blocking, (CROSSBEAM, Way::Blocking), Goal::None),
    round_trip(Way::Blocking, (TOKIO, Way::Blocking), Goal::None),
    round_trip(Way::Blocking, (SOCKET, Way::Blocking), Goal::None),
    round_trip(Way::Async, (TOKIO, Way::Async), Goal::None),
    round_trip(Way::Async, (SOCKET, Way::Async), Goal::None),
];

const fn one_way(way: Way, other: (&'static str, Way), goal: Goal) -> Ratio {
    Ratio { figure: Figure::OneWay, way, other, goal }
}

const fn round_trip(way: Way, other: (&'static str, Way), goal: Goal) -> Ratio {
    Ratio { figure: Figure::RoundTrip, way, other, goal }
}
