//! What the receiver does in the models: each act of the queue, told and written into the book.

use super::book::{Value, value};
use super::explore::tell;
use super::world::World;
use crate::layout::Slot;
use crate::queue::ring::Consumer;
use crate::queue::ring::take::Found;
use crate::queue::{Consume, Number, Took, payload};
use crate::wait;

impl World {
    /// Looks for a value once.
    pub fn poll(&self, consumer: &mut Consumer) -> Took<u64> {
        let queue = self.queue();
        let found = match consumer.take(&queue, self) {
            Took::Value(found) => found,
            Took::Empty => return self.note_nothing(Took::Empty),
            Took::End => return self.note_nothing(Took::End),
        };
        let copy = self.copy(found);
        tell("received", 0u16, copy[0]);
        self.book.lock().unwrap().receive(copy);
        consumer.release(&queue, found, self);
        Took::Value(copy[0])
    }

    /// Looks for a value once and leaves it. Whatever looks next must find the same.
    pub fn peek(&self, consumer: &mut Consumer) -> Took<u64> {
        let found = match consumer.peek(&self.queue(), self) {
            Took::Value(found) => found,
            Took::Empty => return self.note_nothing(Took::Empty),
            Took::End => return self.note_nothing(Took::End),
        };
        let copy = self.copy(found);
        tell("peeked", 0u16, copy[0]);
        assert_eq!(copy, value(copy[0]), "torn");
        let before = self.book.lock().unwrap().peeked.replace(copy[0]);
        assert!(before.is_none_or(|before| before == copy[0]), "peeked {before:?} before");
        Took::Value(copy[0])
    }

    fn copy(&self, found: Found) -> Value {
        let queue = self.queue();
        let copy = Consumer::copy(&queue, found);
        self.guards.lock().unwrap()[queue.track.index(found.position())].with(|_| ());
        copy
    }

    fn note_nothing(&self, nothing: Took<u64>) -> Took<u64> {
        let is_end = nothing == Took::End;
        tell(if is_end { "end" } else { "empty" }, 0u16, 0u16);
        let mut book = self.book.lock().unwrap();
        book.has_ended |= is_end;
        assert_eq!(book.peeked, None, "peeked and gone");
        nothing
    }

    /// Takes all values that are there at once.
    pub fn poll_many(&self, consumer: &mut Consumer) -> Took<usize> {
        let put = |slot: Slot<'_>| {
            let copy: Value = payload::load(slot);
            self.book.lock().unwrap().receive(copy);
        };
        self.book.lock().unwrap().is_inexact = true;
        consumer.receive_each(&self.queue(), 9, put, self)
    }

    /// Receives, asleep until a value or the end comes.
    pub fn receive_asleep(&self, consumer: &mut Consumer) -> Option<u64> {
        let queue = self.queue();
        let parker = self.futexes.parker(queue.view, 0);
        let mut look = || match self.poll(consumer) {
            Took::Empty => None,
            other => Some(other),
        };
        let found = look().or_else(|| wait::until(&queue.view.common.header.receiver_bell, &parker, look));
        match found.expect("there is no deadline") {
            Took::Value(number) => Some(number),
            _ => None,
        }
    }

    /// Closes the channel, as its receiver does, which lives in process `me`.
    pub fn close(&self, me: Number) {
        tell("closes", me, 0u16);
        self.queue().close(self);
        self.backlog(me).keep_promises(&self.sender(me), self);
    }

    /// Receives what there is.
    pub fn drain(&self, consumer: &mut Consumer) -> Took<u64> {
        loop {
            match self.poll(consumer) {
                Took::Value(_) => {}
                other => return other,
            }
        }
    }
}
