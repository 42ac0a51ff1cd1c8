//! The messages: so many plain words that bear a number.
//!
//! They carry no checksum; the number in the first and the last word shows loss, doubling, disorder and half-copied values.

use std::hint::black_box;

use bytemuck::Pod;

/// A numbered message.
pub(crate) trait Value: Pod + Send + Sync + Unpin {
    /// Its number, or none where the first and the last word differ.
    fn number(&self) -> Option<u64>;

    /// Gives it a number.
    fn set_number(&mut self, number: u64);
}

impl<const WORDS: usize> Value for [u64; WORDS]
where
    [u64; WORDS]: Pod,
{
    fn number(&self) -> Option<u64> {
        (self[0] == self[WORDS - 1]).then_some(self[0])
    }

    fn set_number(&mut self, number: u64) {
        self[0] = number;
        self[WORDS - 1] = number;
    }
}

/// The next message of a sender: `template`, all of whose bytes the compiler must believe in, with its number.
pub(crate) fn numbered<T: Value>(template: &mut T, number: u64) -> T {
    template.set_number(number);
    *black_box(template)
}

/// Looks at a received message: all its bytes must really have come, and its number must be the next one.
pub(crate) fn check<T: Value>(value: &T, number: u64) {
    let value = black_box(value);
    assert_eq!(value.number(), Some(number), "lost, doubled, out of order or damaged");
}
