//! Where a sender finds memory: it looks at the table, and has the system make the chunk memory that is on offer.
//!
//! What a kill leaves: before the first exchange nothing; behind it an entry that says *growing*, for the next sender to go on with, and a
//! chunk that may be memory. What a stop leaves is the same. A thread that goes on when the part of the stream is long over makes
//! a chunk memory that is on offer elsewhere, or does nothing to one that is in use. So each thread that was stopped there can cost one
//! chunk, until that is used and given back.

use super::{Refused, Table};

/// Returns the chunk of the part of the stream with this number, which is memory then. The caller looks at the claim word again if it is
/// refused.
///
/// An entry stays *growing* though the system has refused memory. The receiver leaves it alone, so the next sender finds it.
pub(super) fn grow(table: &Table<'_>, number: u64) -> Result<u32, Refused> {
    loop {
        let Some((entry, chunk)) = table.entry(number) else { return Err(Refused::Limit) };
        if entry.is_ready() {
            return Ok(chunk);
        }
        if entry.is_offered() {
            table.exchange_entry(number, entry, entry.growing());
            continue;
        }
        if table.memory.make_real(chunk).is_err() {
            return Err(Refused::NoMemory);
        }
        table.exchange_entry(number, entry, entry.grown());
    }
}
