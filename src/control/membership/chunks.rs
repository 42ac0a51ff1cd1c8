//! The queue of a segment, of either kind; and how the chunks of an unbounded one become memory.

use crate::{
    layout::View,
    queue::{
        Queue,
        ring::Ring,
        table::{self, NoMemory, Table},
    },
    segment::Segment,
};

/// Returns the queue in a segment.
#[inline(always)]
pub(in crate::control) fn queue_of(segment: &Segment) -> Queue<'_> {
    match segment.view() {
        View::Ring(view) => Queue::Ring(Ring::new(view)),
        View::Table(view) => Queue::Table(Table::new(view, segment)),
    }
}

/// The system is asked for memory here, and nowhere in the queue.
impl table::ChunkMemory for Segment {
    fn make_real(&self, chunk: u32) -> Result<(), NoMemory> {
        Segment::make_real(self, chunk).map_err(|_| NoMemory)
    }

    fn prepare(&self, chunk: u32) {
        Segment::prepare(self, chunk);
    }

    fn give_back(&self, chunk: u32) {
        Segment::give_back(self, chunk);
    }
}
