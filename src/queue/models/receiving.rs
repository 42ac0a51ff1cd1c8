//! What the receiver does in the models: each act of the queue, told and written into the book.

use super::book::{Value, value};
use super::explore::tell;
use super::outside::Outside;
use crate::layout::CommonView;
use crate::queue::{Consume, Fences, Peers, Taken};
use crate::wait;

/// A channel of either kind, for its receiver.
pub(in crate::queue) trait Receiving: Peers + Sized {
    type Consumer: Consume;

    fn queue(&self) -> <Self::Consumer as Consume>::Queue<'_>;

    fn common_view(&self) -> CommonView<'_>;

    fn outside(&self) -> &Outside;

    /// An act begins.
    fn begin(&self) {}

    /// Whether the receiver looks late, once time has passed.
    fn looks_late(&self) -> bool {
        false
    }

    /// Notes for the checker that the place is read where this was found.
    fn note_read(&self, found: <Self::Consumer as Consume>::Found);

    /// Notes that a value has come out.
    fn note_received(&self) {}

    /// Values were taken many at once.
    fn note_batch(&self) {}

    /// Looks for a value once.
    fn poll(&self, consumer: &mut Self::Consumer) -> Taken<u64> {
        self.begin();
        let queue = self.queue();
        let found = match consumer.take(&queue, self) {
            Taken::Value(found) => found,
            Taken::Empty => return self.note_nothing(Taken::Empty),
            Taken::End => return self.note_nothing(Taken::End),
        };
        let copy = self.copy(found);
        tell("received", 0u16, copy[0]);
        self.enter(copy);
        consumer.release(&queue, found, self);
        Taken::Value(copy[0])
    }

    /// Looks for a value once and leaves it. Whatever looks next must find the same.
    fn peek(&self, consumer: &mut Self::Consumer) -> Taken<u64> {
        self.begin();
        let found = match consumer.peek(&self.queue(), self) {
            Taken::Value(found) => found,
            Taken::Empty => return self.note_nothing(Taken::Empty),
            Taken::End => return self.note_nothing(Taken::End),
        };
        let copy = self.copy(found);
        tell("peeked", 0u16, copy[0]);
        assert_eq!(copy, value(copy[0]), "torn");
        let before = self.outside().book.lock().unwrap().peeked.replace(copy[0]);
        assert!(before.is_none_or(|before| before == copy[0]), "peeked {before:?} before");
        Taken::Value(copy[0])
    }

    fn copy(&self, found: <Self::Consumer as Consume>::Found) -> Value {
        let copy = Self::Consumer::copy(&self.queue(), found);
        self.note_read(found);
        copy
    }

    /// Writes a value that has come out into the book.
    fn enter(&self, copy: Value) {
        self.outside().book.lock().unwrap().receive(copy);
        self.note_received();
    }

    fn note_nothing(&self, nothing: Taken<u64>) -> Taken<u64> {
        let is_end = nothing == Taken::End;
        tell(if is_end { "end" } else { "empty" }, 0u16, 0u16);
        let mut book = self.outside().book.lock().unwrap();
        book.has_ended |= is_end;
        assert_eq!(book.peeked, None, "peeked and gone");
        nothing
    }

    /// Takes all values that are there at once.
    fn poll_many(&self, consumer: &mut Self::Consumer) -> Taken<usize> {
        self.begin();
        self.note_batch();
        let mut values: Vec<Value> = Vec::new();
        let took = consumer.receive_many(&self.queue(), 9, &mut values, self);
        values.into_iter().for_each(|copy| self.enter(copy));
        took
    }

    /// Receives, asleep until a value or the end comes.
    fn receive_asleep(&self, consumer: &mut Self::Consumer) -> Option<u64> {
        let view = self.common_view();
        let parker = self.outside().futexes.parker(view, &[], 0);
        let parker = if self.looks_late() { parker.looking_late(&|| ()) } else { parker };
        let mut look = || match self.poll(consumer) {
            Taken::Empty => None,
            other => Some(other),
        };
        let found = look().or_else(|| wait::until(&view.header.receiver_bell, Fences::FULL, &parker, look));
        match found.expect("there is no deadline") {
            Taken::Value(number) => Some(number),
            _ => None,
        }
    }

    /// Receives what there is.
    fn drain(&self, consumer: &mut Self::Consumer) -> Taken<u64> {
        loop {
            match self.poll(consumer) {
                Taken::Value(_) => {}
                other => return other,
            }
        }
    }

    /// Returns what was received, in order.
    fn received(&self) -> Vec<u64> {
        self.outside().book.lock().unwrap().received.clone()
    }

    /// At rest: judges the book, see [`Book::settle`](super::book::Book::settle).
    fn settle(&self) {
        self.outside().book.lock().unwrap().settle();
    }
}
