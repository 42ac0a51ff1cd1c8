//! The channels under test, one file each, and what of each is measured.
//!
//! All processes of the bench find the parts of a cell here, by its contestant, its measure and its way.

mod bare_futex;
mod bare_mpsc;
mod bare_spsc;
mod crossbeam;
mod flume;
mod iceoryx2;
mod ipc_channel;
mod ipmpsc;
mod kanal;
mod made_by;
mod pipe;
mod rtrb;
mod shmpsc;
mod shmpsc_unbounded;
mod std_channel;
mod thingbuf;
mod tokio_mpsc;
mod unix_stream;
mod unless_it_waits;

use crate::{
    cell::{Cell, Measure, Way},
    contestant::{Awaits, Blocks, BlocksMany, Contestant, Reach, Tries, TriesMany},
    measures::{Part, idle, memory, one_thread, opening, rate, trip},
    traffic::waits::{Blocking, Busy},
};

/// What a contestant is to the reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    /// The channel of this project.
    Ours,
    /// A channel of another library within a process.
    Within,
    /// What other libraries or the system have between processes.
    Between,
    /// Not a channel: the least that moves a message.
    Bare,
}

/// Finds the parts of a cell, if the contestant has them.
type Find = fn(&Cell) -> Option<Part>;

/// A contestant and what is measured of it.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) reach: Reach,
    pub(crate) senders: usize,
    finds: Vec<(Way, Find)>,
}

impl Entry {
    fn of<C: Contestant>(group: Group) -> Self {
        Self { name: C::NAME, group, reach: C::REACH, senders: C::SENDERS, finds: Vec::new() }
    }

    fn with(mut self, way: Way, find: Find) -> Self {
        self.finds.push((way, find));
        self
    }

    /// Returns the ways in which its ends wait.
    pub(crate) fn ways(&self) -> impl Iterator<Item = Way> {
        self.finds.iter().map(|(way, _)| *way)
    }
}

/// Returns the contestants, in the order of the tables.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::of::<shmpsc::Shmpsc>(Group::Ours)
            .with(Way::Busy, busy::<shmpsc::Shmpsc>)
            .with(Way::Blocking, blocking::<shmpsc::Shmpsc>)
            .with(Way::Async, awaited::<shmpsc::Shmpsc>)
            .with(Way::BusyBatch, busy_batch::<shmpsc::Shmpsc>)
            .with(Way::BlockingBatch, blocking_batch::<shmpsc::Shmpsc>),
        Entry::of::<shmpsc_unbounded::Unbounded>(Group::Ours)
            .with(Way::Busy, busy::<shmpsc_unbounded::Unbounded>)
            .with(Way::Blocking, blocking::<shmpsc_unbounded::Unbounded>)
            .with(Way::Async, awaited::<shmpsc_unbounded::Unbounded>)
            .with(Way::BusyBatch, busy_batch::<shmpsc_unbounded::Unbounded>),
        Entry::of::<std_channel::Std>(Group::Within)
            .with(Way::Busy, busy::<std_channel::Std>)
            .with(Way::Blocking, blocking::<std_channel::Std>),
        Entry::of::<crossbeam::Crossbeam>(Group::Within)
            .with(Way::Busy, busy::<crossbeam::Crossbeam>)
            .with(Way::Blocking, blocking::<crossbeam::Crossbeam>),
        Entry::of::<kanal::Kanal>(Group::Within)
            .with(Way::Busy, busy::<kanal::Kanal>)
            .with(Way::Blocking, blocking::<kanal::Kanal>)
            .with(Way::Async, awaited::<kanal::Kanal>),
        Entry::of::<flume::Flume>(Group::Within)
            .with(Way::Busy, busy::<flume::Flume>)
            .with(Way::Blocking, blocking::<flume::Flume>)
            .with(Way::Async, awaited::<flume::Flume>),
        Entry::of::<thingbuf::Thingbuf>(Group::Within)
            .with(Way::Busy, busy::<thingbuf::Thingbuf>)
            .with(Way::Blocking, blocking::<thingbuf::Thingbuf>)
            .with(Way::Async, awaited::<thingbuf::AsyncThingbuf>),
        Entry::of::<tokio_mpsc::Tokio>(Group::Within)
            .with(Way::Busy, busy::<tokio_mpsc::Tokio>)
            .with(Way::Blocking, blocking::<tokio_mpsc::Tokio>)
            .with(Way::Async, awaited::<tokio_mpsc::Tokio>)
            .with(Way::BlockingBatch, blocking_batch::<tokio_mpsc::Tokio>),
        Entry::of::<iceoryx2::Iceoryx2>(Group::Between).with(Way::Busy, busy::<iceoryx2::Iceoryx2>),
        Entry::of::<ipc_channel::IpcChannel>(Group::Between)
            .with(Way::Blocking, blocking::<ipc_channel::IpcChannel>),
        Entry::of::<ipmpsc::Ipmpsc>(Group::Between)
            .with(Way::Busy, busy::<ipmpsc::Ipmpsc>)
            .with(Way::Blocking, blocking::<ipmpsc::Ipmpsc>),
        Entry::of::<unix_stream::Stream<true>>(Group::Between)
            .with(Way::Busy, busy::<unix_stream::Stream<false>>)
            .with(Way::Blocking, blocking::<unix_stream::Stream<true>>)
            .with(Way::Async, awaited::<unix_stream::AsyncStream>)
            .with(Way::BusyBatch, busy_batch::<unix_stream::Stream<false>>)
            .with(Way::BlockingBatch, blocking_batch::<unix_stream::Stream<true>>),
        Entry::of::<pipe::Pipe<true>>(Group::Between)
            .with(Way::Busy, busy::<pipe::Pipe<false>>)
            .with(Way::Blocking, blocking::<pipe::Pipe<true>>)
            .with(Way::BusyBatch, busy_batch::<pipe::Pipe<false>>)
            .with(Way::BlockingBatch, blocking_batch::<pipe::Pipe<true>>),
        Entry::of::<rtrb::Rtrb>(Group::Bare)
            .with(Way::Busy, busy::<rtrb::Rtrb>)
            .with(Way::BusyBatch, busy_batch::<rtrb::Rtrb>),
        Entry::of::<bare_spsc::BareSpsc>(Group::Bare).with(Way::Busy, bare::<bare_spsc::BareSpsc>),
        Entry::of::<bare_mpsc::BareMpsc>(Group::Bare).with(Way::Busy, bare::<bare_mpsc::BareMpsc>),
        Entry::of::<bare_futex::BareFutex>(Group::Bare)
            .with(Way::Blocking, trips_only::<bare_futex::BareFutex>),
    ]
}

/// Returns where the contestant of a cell has its ends, and the parts of the cell.
pub(crate) fn part(cell: &Cell) -> Option<(Reach, Part)> {
    let entry = all().into_iter().find(|entry| entry.name == cell.contestant)?;
    if cell.senders > entry.senders {
        return None;
    }
    let (_, find) = entry.finds.iter().find(|(way, _)| *way == cell.way)?;
    Some((entry.reach, find(cell)?))
}

/// Makes the parts for messages of this size, if it is one of those that follow.
macro_rules! sized {
    ($bytes:expr, $($size:literal)*, |$value:ident| $make:expr) => {
        match $bytes {
            $($size => {
                type $value = [u64; $size / 8];
                Some($make)
            })*
            _ => None,
        }
    };
}

fn busy<C: Tries>(cell: &Cell) -> Option<Part> {
    match cell.measure {
        Measure::OneThread => sized!(cell.bytes, 8 64, |T| one_thread::tried::<C, T>()),
        Measure::Rate => sized!(cell.bytes, 8 64 256 1024 4096, |T| rate::single::<C, T, Busy>()),
        Measure::Trip => sized!(cell.bytes, 64, |T| trip::waited::<C, T, Busy>()),
        Measure::Opening => sized!(cell.bytes, 64, |T| opening::timed_opening::<C, T>()),
        Measure::Memory => sized!(cell.bytes, 64, |T| memory::counted::<C, T>()),
        Measure::Idle => None,
    }
}

fn blocking<C: Blocks>(cell: &Cell) -> Option<Part> {
    match cell.measure {
        Measure::Rate => sized!(cell.bytes, 8 64 256 1024 4096, |T| rate::single::<C, T, Blocking>()),
        Measure::Trip => sized!(cell.bytes, 64, |T| trip::waited::<C, T, Blocking>()),
        Measure::Opening => sized!(cell.bytes, 64, |T| opening::timed_opening::<C, T>()),
        Measure::Idle => sized!(cell.bytes, 64, |T| idle::blocked::<C, T>()),
        Measure::OneThread | Measure::Memory => None,
    }
}

fn awaited<C: Awaits>(cell: &Cell) -> Option<Part> {
    match cell.measure {
        Measure::Rate => sized!(cell.bytes, 8 64 256 1024 4096, |T| rate::awaited::<C, T>()),
        Measure::Trip => sized!(cell.bytes, 64, |T| trip::awaited::<C, T>()),
        Measure::Idle => sized!(cell.bytes, 64, |T| idle::awaited::<C, T>()),
        _ => None,
    }
}

fn busy_batch<C: TriesMany>(cell: &Cell) -> Option<Part> {
    match cell.measure {
        Measure::Rate => sized!(cell.bytes, 8 64 256 1024 4096, |T| rate::batched::<C, T, Busy>()),
        _ => None,
    }
}

fn blocking_batch<C: BlocksMany>(cell: &Cell) -> Option<Part> {
    match cell.measure {
        Measure::Rate => sized!(cell.bytes, 8 64 256 1024 4096, |T| rate::batched::<C, T, Blocking>()),
        _ => None,
    }
}

/// A ring lies in memory that is there already: it is not opened, and needs two processes.
fn bare<C: Tries>(cell: &Cell) -> Option<Part> {
    matches!(cell.measure, Measure::Rate | Measure::Trip).then(|| busy::<C>(cell))?
}

/// A contestant that has no queue.
fn trips_only<C: Blocks>(cell: &Cell) -> Option<Part> {
    (cell.measure == Measure::Trip).then(|| blocking::<C>(cell))?
}
