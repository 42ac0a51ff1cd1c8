//! Growth of the queue: a sender looks at the table, and has the system make the chunk memory that is on offer there.
//!
//! Growth is helped along, as in lock-free algorithms: an entry says *growing* before its chunk is memory, and any sender that finds it so
//! goes on with it. So a kill leaves nothing before the first exchange, and behind it a growing entry for the next sender.
//!
//! A stop leaves the same. A thread that goes on when the part of the stream is long over may make a chunk memory that is on offer
//! elsewhere; it does nothing to a chunk in use. So each thread that was stopped there can cost one chunk, until that is used and given
//! back.

use super::{Refused, Table};

/// Returns the chunk of the part of the stream with this number, which is memory then. If it is refused, the caller looks at the claim
/// word again.
///
/// If the system refuses memory, the entry stays *growing*. The receiver leaves it alone, so the next sender finds it.
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
