//! What the models share: a segment with its chunks, what senders do there, and around it what the kernel and the porter know. What
//! the receiver does is in [`crate::queue::models::receiving`].

use crate::layout::{CommonView, TableGeometry, TypedTable};
use crate::queue::models::book::{Value, value};
use crate::queue::models::explore::tell;
use crate::queue::models::outside::{LIGHT, Outside};
use crate::queue::models::receiving::Receiving;
use crate::queue::table::double::MemoryDouble;
use crate::queue::table::send::Span;
use crate::queue::table::take::Found;
use crate::queue::table::{ChunkCache, Consumer, Producer, Refused, Table};
use crate::queue::{Consume, Fences, Kind, Number, Peers, Sleeper, Taken, Wake};
use crate::sync::{AtomicU32, Ordering};
use loom::cell::UnsafeCell;
use std::sync::{Arc, Mutex};

/// One channel and everything outside of it.
pub(super) struct World {
    segment: TypedTable<MemoryDouble>,
    caches: [ChunkCache; 5],
    /// One for each slot. They notice if a slot is written and read, or written twice, without one happening before
    /// the other. The mutex only lets threads share them; the checker does not see it.
    guards: Mutex<Vec<UnsafeCell<()>>>,
    outside: Outside,
    fences: Fences,
    /// Those that sleep look late.
    looks_late: bool,
    /// How many acts began, see [`World::begins`].
    begun: AtomicU32,
}

impl Wake for World {
    fn wake(&self, sleeper: Sleeper, kind: Kind) {
        tell("wake the receiver", 0u16, 0u16);
        assert_eq!(sleeper, Sleeper::Receiver);
        self.outside.futexes.wake(sleeper, kind);
    }
}

impl Peers for World {
    fn is_dead(&self, number: Number) -> bool {
        self.outside.is_dead(number)
    }

    fn bears(&self, number: Number, more: bool) {
        self.outside.bears(number, more);
    }
}

impl Receiving for World {
    type Consumer = Consumer;

    fn queue(&self) -> Table<'_> {
        World::queue(self)
    }

    fn common_view(&self) -> CommonView<'_> {
        self.segment.view().common
    }

    fn outside(&self) -> &Outside {
        &self.outside
    }

    fn begin(&self) {
        self.begins();
    }

    fn looks_late(&self) -> bool {
        self.looks_late
    }

    fn note_read(&self, found: Found) {
        let (chunk, index) = found.place_in_memory();
        self.guards.lock().unwrap()[self.guard(chunk, index)].with(|_| ());
    }
}

impl World {
    /// An empty channel with so many chunks, of so many positions each.
    pub fn new(chunks: u32, positions: u32) -> Arc<World> {
        Arc::new(Self::made(chunks, positions))
    }

    fn made(chunks: u32, positions: u32) -> World {
        let geometry = TableGeometry { payload: 16, members: 4, chunks, positions, chunk_size: 128 };
        World {
            segment: TypedTable::new(geometry, |words| MemoryDouble::new(geometry, words)),
            caches: std::array::from_fn(|_| ChunkCache::new()),
            guards: Mutex::new((0..chunks * positions).map(|_| UnsafeCell::new(())).collect()),
            outside: Outside::new(0),
            fences: Fences::FULL,
            looks_late: false,
            begun: AtomicU32::new(0),
        }
    }

    /// An empty channel of a process whose light side passes no full fence.
    pub fn with_light_fences(chunks: u32, positions: u32) -> Arc<World> {
        Arc::new(World { fences: LIGHT, ..Self::made(chunks, positions) })
    }

    /// Makes the same, in which the receiver looks late, if `looks_late`.
    pub fn with_late_looks(chunks: u32, positions: u32, looks_late: bool) -> Arc<World> {
        Arc::new(World { fences: LIGHT, looks_late, ..Self::made(chunks, positions) })
    }

    /// Makes a world in which numbers that own nothing in the queue can be [given again](World::give_again_if_it_owns_nothing).
    pub fn with_numbers(chunks: u32, positions: u32) -> Arc<World> {
        let mut world = Self::made(chunks, positions);
        world.outside.count_borne();
        // The look for unpublished positions may come late to a stamp, in a chunk that was given back.
        world.memory().be_lenient();
        Arc::new(world)
    }

    pub fn queue(&self) -> Table<'_> {
        Table { fences: self.fences, ..Table::new(self.segment.view(), self.segment.memory()) }
    }

    /// Returns what the system knows of the chunks.
    pub fn memory(&self) -> &MemoryDouble {
        self.segment.memory()
    }

    fn sender(&self, me: Number) -> Producer<'_> {
        Producer { table: self.queue(), me, cache: &self.caches[usize::from(me)] }
    }

    /// An act begins. It orders nothing, and has the checker try each order in which acts can begin.
    ///
    /// The checker switches only before an access that can matter to another thread, and of a word it remembers the last access alone. A
    /// sender loads the claim word and the entry before it exchanges them, so its own load hides that the receiver has looked there.
    fn begins(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    fn guard(&self, chunk: u32, index: usize) -> usize {
        chunk as usize * self.queue().positions() as usize + index
    }

    /// Does the first half of a send: claims up to `want` positions.
    pub fn claim(&self, me: Number, want: u32) -> Result<Span, Refused> {
        self.begins();
        let claimed = self.sender(me).claim(want);
        match claimed {
            Ok(span) => tell("claimed", me, span.first),
            Err(Refused::Closed) => tell("closed", me, 0u16),
            Err(Refused::Limit) => tell("limit", me, 0u16),
            Err(Refused::NoMemory) => tell("no memory", me, 0u16),
        }
        claimed
    }

    /// Claims, which cannot fail.
    pub fn claim_one(&self, me: Number) -> Span {
        self.claim(me, 1).expect("there is memory")
    }

    /// Does the second half of a send, after which the values are the channel's.
    pub fn publish(&self, me: Number, span: Span, first: u64) {
        self.begins();
        let queue = self.queue();
        for index in (queue.index(span.first)..).take(span.count as usize) {
            self.guards.lock().unwrap()[self.guard(span.chunk, index)].with_mut(|_| ());
        }
        let values: Vec<Value> = (first..).take(span.count as usize).map(value).collect();
        self.sender(me).publish(span, &values, self);
        tell("sent", me, first);
        let mut book = self.outside.book.lock().unwrap();
        book.acknowledged.extend((first..).take(span.count as usize));
    }

    /// Sends if it is not refused.
    pub fn try_send(&self, me: Number, number: u64) -> Result<(), Refused> {
        let span = self.claim(me, 1)?;
        self.publish(me, span, number);
        Ok(())
    }

    /// Sends where nothing can be refused.
    pub fn send(&self, me: Number, number: u64) {
        let span = self.claim_one(me);
        self.publish(me, span, number);
    }

    /// Sends `count` values with as few claims as they need, as far as nothing is refused.
    pub fn send_many(&self, me: Number, first: u64, count: u32) -> Result<(), Refused> {
        let mut done = 0;
        while done < count {
            let span = self.claim(me, count - done)?;
            self.publish(me, span, first + u64::from(done));
            done += span.count;
        }
        Ok(())
    }

    /// From now on the kernel says that this process is dead.
    pub fn kill(&self, number: Number) {
        tell("is dead", number, 0u16);
        self.outside.kill(number);
    }

    /// This process may be killed in the middle of its moves, wherever that is.
    pub fn expect_kill(&self, number: Number) {
        self.outside.expect_kill(number);
    }

    /// Does what the porter does: the kernel says that this process is dead, and what it left is repaired. Its positions are the receiver's.
    pub fn bury(&self, number: Number) {
        self.kill(number);
        self.queue().repair(number, self);
    }

    /// Gives the number of a dead process again if it owns nothing in the queue, as the host does, and returns whether it did. What is
    /// private to the process is new then.
    pub fn give_again_if_it_owns_nothing(&self, number: Number) -> bool {
        // As the host does: the stalled sends after the queue.
        let is_over =
            !self.queue().unpublished_claimants().contains(&number) && self.outside.bears_none(number);
        if is_over {
            self.outside.give_again(number);
        }
        is_over
    }

    /// At rest: values go through every chunk as at the beginning, and no more is memory than is needed.
    pub fn settle_whole(&self, consumer: &mut Consumer) {
        let rest = self.drain(consumer);
        assert_eq!((rest, consumer.nonsense()), (Taken::Empty, None));
        assert!(!consumer.has_stalled(), "a send is stalled for ever");
        let geometry = self.segment.view().geometry;
        for number in 0..u64::from(geometry.positions) * u64::from(geometry.chunks + 1) {
            self.send(4, 900 + number);
            assert_eq!(self.poll(consumer), Taken::Value(900 + number));
        }
        assert_eq!(consumer.nonsense(), None);
        self.settle();
    }
}
