//! Numbered messages, each made before it is wanted.
//!
//! A number that was just written, and is then read as part of a wider word, stops a core for some ten nanoseconds.

use std::hint::black_box;

use crate::harness::value::Value;

/// Messages with the numbers from some first one on.
pub(crate) struct Ahead<T> {
    /// The message with an even number, and that with an odd one.
    made: [T; 2],
    next: u64,
}

impl<T: Value> Ahead<T> {
    pub(crate) fn from(first: u64) -> Self {
        let mut made = [T::zeroed(); 2];
        made[first as usize % 2].set_number(first);
        Self { made, next: first }
    }

    /// Returns the next one, all of whose bytes the compiler must believe in.
    #[inline]
    pub(crate) fn next(&mut self) -> T {
        let [now, after] = [self.next as usize % 2, (self.next as usize + 1) % 2];
        self.next += 1;
        self.made[after].set_number(self.next);
        *black_box(&self.made[now])
    }

    /// Returns the number of the next one.
    pub(crate) fn number(&self) -> u64 {
        self.next
    }
}
