//! The chunks of an unbounded channel with a limit below 3 GiB, as `docs/limits.md` has them.

/// Parts of the stream behind the one where senders are that have memory before a sender comes there.
pub const AHEAD: u64 = 2;

/// A record, a stamp and a value.
const fn each<T>() -> u64 {
    16 + size_of::<T>().next_multiple_of(8) as u64
}

/// Positions of a chunk for values of this type: the most, as a power of two, that fit 80 KiB.
pub const fn positions<T>() -> u64 {
    1 << ((80 << 10) / each::<T>()).ilog2()
}

/// Bytes of such a chunk, in whole pages.
pub fn chunk<T>() -> u64 {
    (positions::<T>() * each::<T>()).next_multiple_of(rustix::param::page_size() as u64)
}
