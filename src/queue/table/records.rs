//! The records: which process has claimed which position. Senders write them in [`super::send`].

use super::Table;
use super::words::Record;
use crate::queue::Number;
use crate::sync::Ordering;

impl Table<'_> {
    /// Returns the records from `from` to before `to` that bear their own position, with the owners that they name. Parts of the stream
    /// where no chunk is ready are left out: the receiver has passed them since, or the table is nonsense.
    pub(super) fn records(
        &self,
        from: u64,
        to: u64,
        ordering: Ordering,
    ) -> impl Iterator<Item = (u64, Number)> {
        let of_part = move |number: u64| {
            let start = number * self.positions();
            let (first, end) = (start.max(from), (start + self.positions()).min(to));
            let chunk = self.ready_chunk(number).into_iter();
            chunk.flat_map(move |chunk| (first..end).map(move |position| (chunk, position)))
        };
        (self.number(from)..to.div_ceil(self.positions()))
            .flat_map(of_part)
            .map(move |(chunk, position)| {
                let word = self.view.record(chunk, self.index(position));
                (position, Record(word.load(ordering)))
            })
            .filter(|(position, record)| record.bears(*position))
            .map(|(position, record)| (position, record.owner()))
    }
}
