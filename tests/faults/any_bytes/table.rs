//! An unbounded channel in an image, and what the input does there: moves as the library makes them, writes of others, holes that
//! others punch, and a system that refuses memory.
//!
//! What is private is kept as the library keeps it: a claimed position is published once at most, and only by the sender that claimed
//! it. Everything else may be anything at any time.

use bytemuck::Pod;

use crate::bound::{self, Call};
use crate::bytes::Bytes;
use crate::common;
use crate::image::{Image, Wrong};
use crate::layout::{Geometry, TableGeometry, TableView, View};
use crate::memory::Chunks;
use crate::queue::table::send::Span;
use crate::queue::table::words::{Claim, Entry, Record, Stamp};
use crate::queue::table::{ChunkCache, ChunkMemory, Consumer, Producer, Refused, Table};
use crate::queue::{Consume, Effort, Number, Taken};
use crate::sync::{self, Intrusion, Ordering};
use crate::world::World;

/// Most processes that move; their numbers begin at 1.
const SENDERS: usize = 4;
/// Most moves of one input.
const MOVES: usize = 256;

pub(crate) fn run(bytes: &mut Bytes<'_>) {
    match bytes.byte() % 8 {
        0 => channel::<[u8; 0]>(bytes),
        1 => channel::<[u8; 12]>(bytes),
        2 => channel::<[u64; 8]>(bytes),
        _ => channel::<u64>(bytes),
    }
}

fn channel<T: Pod>(bytes: &mut Bytes<'_>) {
    let mut geometry = TableGeometry {
        payload: size_of::<T>() as u32,
        members: 1 + bytes.below(SENDERS) as u32,
        chunks: bytes.one_of(&[2, 3, 4, 5, 8, 33]),
        positions: bytes.one_of(&[1, 2, 4, 8, 32]),
        chunk_size: 0,
    };
    let each = 8 + geometry.stride_words() as u32 * 8;
    geometry.chunk_size = (geometry.positions * each).next_multiple_of(128);
    let image = Image::new(geometry.size().expect("it is small"));
    let caches: [ChunkCache; SENDERS + 1] = std::array::from_fn(|_| ChunkCache::new());
    let private = caches.as_ptr_range();
    sync::watch(image.addresses(), private.start as usize..private.end as usize);
    let Some(View::Table(view)) = image.view(Geometry::Table(geometry)) else { panic!("it fits") };
    let head = bytes.byte();
    if head & 1 == 1 {
        begin_late(&view, head >> 1);
    }
    let chunks = Chunks::of(&view);
    let table = Table::new(&view, &chunks);
    let mut channel = Channel {
        bytes,
        table,
        chunks: &chunks,
        base: image.addresses().start,
        caches: &caches,
        world: World::default(),
        consumer: Consumer::new(&table),
        is_gone: false,
        claimed: std::array::from_fn(|_| Vec::new()),
        intrusions: Vec::new(),
        value: core::marker::PhantomData::<T>,
    };
    for _ in 0..MOVES {
        if channel.bytes.is_empty() {
            break;
        }
        channel.step();
    }
}

/// The channel is where numbers come round: a few positions before the last that there can be, or the parts of the stream before
/// 2^32, or before 2^40, or the laps of the table before 2^38.
fn begin_late(view: &TableView<'_>, which: u8) {
    let (chunks, positions) = (u64::from(view.geometry.chunks), u64::from(view.geometry.positions));
    let head = match which % 4 {
        0 => Claim::LAST - 16,
        1 => (1 << 32) * positions - 3,
        2 => (1 << 40) * positions - 3,
        _ => ((1_u64 << 38) * chunks).saturating_mul(positions) - 3,
    };
    let head = head.min(Claim::LAST - 3);
    view.words.head.store(head, Ordering::Relaxed);
    view.words.claim.store(Claim(0).with_tail(head).0, Ordering::Relaxed);
    let clean = (head - 1) / positions;
    for (number, chunk) in (clean..clean + chunks).zip(0..) {
        let (index, lap) = ((number % chunks) as usize, number / chunks);
        view.entries[index].store(Entry::offered(index, lap, chunk).0, Ordering::Relaxed);
    }
}

struct Channel<'a, 'b, T> {
    bytes: &'a mut Bytes<'b>,
    table: Table<'a>,
    chunks: &'a Chunks,
    base: usize,
    caches: &'a [ChunkCache],
    world: World,
    consumer: Consumer,
    /// The receiver is dropped.
    is_gone: bool,
    /// Of each process, what it has claimed and not published.
    claimed: [Vec<Span>; SENDERS],
    /// For the next call.
    intrusions: Vec<Intrusion>,
    value: core::marker::PhantomData<T>,
}

impl<T: Pod> Channel<'_, '_, T> {
    fn step(&mut self) {
        let what = self.bytes.byte();
        let who = self.bytes.byte() as usize;
        let me = (who % SENDERS.min(self.table.view.geometry.members as usize) + 1) as Number;
        let some = (who >> 2) as u32 + 1;
        match what % 24 {
            0..=2 => self.send(me, 1),
            3 | 4 => self.send(me, some),
            5 => self.claim(me, some),
            6 => self.publish_oldest(me),
            7 | 8 => self.receive(),
            9 => self.receive_many(who),
            10 => self.peek(),
            11 => self.take(),
            12 => self.effort(who),
            13 => self.end(who, what / 24),
            14 => self.die(me),
            15 => self.world.declare(me, false),
            16 => self.counted(Call::Life, |it| {
                common::handles(it.table.common(), me, what / 24, &it.world);
            }),
            17 => self.numbers(),
            18 => self.counted(Call::Life, |it| common::bells(&it.table.view.common, who)),
            19 => self.chunks.refuse(self.bytes.u64()),
            20 => self.chunks.give_back(who as u32 % self.table.view.geometry.chunks),
            21 => {
                let (word, wrong) = self.scribble();
                let now = vec![Intrusion { before: 1, word, wrong }];
                // Any access lets it in.
                sync::counted(u64::MAX, now, || self.table.head());
            }
            22 => {
                let before = u64::from(self.bytes.byte()) + 1;
                let (word, wrong) = self.scribble();
                self.intrusions.push(Intrusion { before, word, wrong });
            }
            _ => {
                let (word, wrong) = self.scribble();
                self.intrusions.extend(Intrusion::again_and_again(self.bytes, word, wrong));
            }
        }
    }

    fn counted<R>(&mut self, call: Call, act: impl FnOnce(&mut Self) -> R) -> R {
        let intrusions = core::mem::take(&mut self.intrusions);
        let stalled = self.world.borne.get().unsigned_abs();
        let most = call.most_of_table(self.table.view.geometry, stalled);
        let (result, made, allowed) = sync::counted(most, intrusions, || act(self));
        bound::saw(call, made, allowed);
        result
    }

    fn producer(&self, me: Number) -> Producer<'_> {
        Producer { table: self.table, me, cache: &self.caches[usize::from(me)] }
    }

    fn claim(&mut self, me: Number, want: u32) {
        match self.counted(Call::Send, |it| it.producer(me).claim(want)) {
            Ok(span) => {
                assert!((1..=want.min(self.table.view.geometry.positions)).contains(&span.count));
                self.claimed[usize::from(me) - 1].push(span);
            }
            Err(Refused::Closed | Refused::Limit | Refused::NoMemory) => {}
        }
    }

    fn send(&mut self, me: Number, want: u32) {
        let before = self.claimed[usize::from(me) - 1].len();
        self.claim(me, want);
        if self.claimed[usize::from(me) - 1].len() > before {
            let span = self.claimed[usize::from(me) - 1].pop().expect("it was pushed");
            self.publish(me, span);
        }
    }

    fn publish_oldest(&mut self, me: Number) {
        if !self.claimed[usize::from(me) - 1].is_empty() {
            let span = self.claimed[usize::from(me) - 1].remove(0);
            self.publish(me, span);
        }
    }

    fn publish(&mut self, me: Number, span: Span) {
        let values = vec![T::zeroed(); span.count as usize];
        self.counted(Call::Publish(span.count), |it| it.producer(me).publish(span, &values, &it.world));
    }

    fn receive(&mut self) {
        if self.is_gone {
            return;
        }
        let took: Taken<T> =
            self.counted(Call::Receive, |it| it.consumer.receive(&it.table, Consumer::copy, &it.world));
        self.is_ended_for_good(matches!(took, Taken::End));
    }

    /// What ended by nonsense does not begin again.
    fn is_ended_for_good(&self, has_ended: bool) {
        assert!(has_ended || self.consumer.nonsense().is_none(), "a value, or a wait, after a corrupt end");
    }

    fn receive_many(&mut self, limit: usize) {
        if self.is_gone {
            return;
        }
        let mut values = Vec::<T>::new();
        let took = self.counted(Call::ReceiveMany(limit as u32), |it| {
            it.consumer.receive_many(&it.table, limit, &mut values, &it.world)
        });
        assert!(values.len() <= limit);
        match took {
            Taken::Value(count) => assert_eq!(count, values.len()),
            Taken::Empty | Taken::End => assert!(values.is_empty()),
        }
    }

    fn peek(&mut self) {
        if self.is_gone {
            return;
        }
        self.counted(Call::Receive, |it| {
            let found = it.consumer.peek(&it.table, &it.world);
            found.map(|found| Consumer::copy::<T>(&it.table, found))
        });
    }

    /// In two steps, as a receiver that is stopped between them.
    fn take(&mut self) {
        if self.is_gone {
            return;
        }
        let found = self.counted(Call::Receive, |it| it.consumer.take(&it.table, &it.world));
        if let Taken::Value(found) = found {
            self.counted(Call::Receive, |it| {
                let _: T = Consumer::copy(&it.table, found);
                it.consumer.release(&it.table, found, &it.world);
            });
        }
    }

    fn effort(&mut self, who: usize) {
        let efforts = [Effort::Least, Effort::Once, Effort::Spin];
        self.consumer.set_effort(efforts[who % 3]);
    }

    /// Closes, drops the receiver, or hands it to the next process.
    fn end(&mut self, who: usize, how: u8) {
        match how % 4 {
            0 => self.counted(Call::Life, |it| {
                it.consumer.close();
                it.table.close();
            }),
            1 => self.counted(Call::Life, |it| {
                it.table.close();
                it.consumer.drop_all(&it.table, &it.world);
                it.is_gone = true;
            }),
            _ if !self.consumer.has_stalled() || who % 4 == 3 => {
                self.counted(Call::Life, |it| it.consumer = Consumer::new(&it.table));
                self.world.borne.set(0);
                self.is_gone = false;
            }
            _ => {}
        }
    }

    /// A process is dead and its place repaired.
    fn die(&mut self, me: Number) {
        self.world.declare(me, true);
        self.claimed[usize::from(me) - 1].clear();
        self.counted(Call::Life, |it| it.table.repair(me, &it.world));
    }

    fn numbers(&mut self) {
        let geometry = self.table.view.geometry;
        let length = self.counted(Call::Look, |it| it.table.len());
        assert!(length <= geometry.chunks as usize * geometry.positions as usize);
        self.counted(Call::Look, |it| (it.table.claimants(), it.table.tail()));
        self.counted(Call::Look, |it| it.table.unpublished_claimants());
        self.counted(Call::Look, |it| (it.table.nonsense(), it.table.common().strong_count()));
        self.counted(Call::Look, |it| (it.table.is_closed(), it.table.common().weak_count()));
        self.counted(Call::Life, |it| it.table.bump_all().count());
    }

    /// Which word, and what happens to it.
    fn scribble(&mut self) -> (usize, Wrong) {
        let view = self.table.view;
        let (header, geometry) = (view.common.header, view.geometry);
        let place = |word: *const u64| (word as usize - self.base) / 8;
        let index = self.bytes.byte() as usize;
        let region = self.bytes.byte() % 16;
        let (chunk, position) =
            (index as u32 % geometry.chunks, index / geometry.chunks as usize % geometry.positions as usize);
        let word = match region {
            0..=2 => place((&raw const *view.words.claim).cast()),
            3 => place((&raw const *view.words.head).cast()),
            4 => place((&raw const *header.latch).cast()),
            5 => place((&raw const header.receiver_bell.word).cast()),
            6 => {
                let member = &view.common.members[index % view.common.members.len()];
                let of_member = [&member.account, &member.strong, &member.weak, &member.relay];
                place((&raw const *of_member[index / view.common.members.len() % 4]).cast())
            }
            7..=10 => place((&raw const view.entries[index % view.entries.len()]).cast()),
            11 | 12 => place((&raw const *view.record(chunk, position)).cast()),
            13 | 14 => place((&raw const *view.slot(chunk, position as u64).stamp).cast()),
            _ => index * 7,
        };
        (word, Wrong::read(self.bytes, |bytes| likely(bytes, view, region, index)))
    }
}

/// What could stand in a word of this region, near where the stream is.
fn likely(bytes: &mut Bytes<'_>, view: &TableView<'_>, region: u8, index: usize) -> u64 {
    // Read by the scribbler, so not as part of any call.
    let claim = Claim(view.words.claim.load(Ordering::Relaxed));
    let head = view.words.head.load(Ordering::Relaxed);
    let near = |by: u8| head.wrapping_add_signed(i64::from(by as i8));
    let owner = u16::from(bytes.byte() % 6);
    match region {
        0..=2 => {
            let closed = u32::from(bytes.byte() & 1);
            claim.with_tail(near(bytes.byte())).with_owner(owner).with_closed(closed).0
        }
        3 => near(bytes.byte()),
        7..=10 => {
            let entries = view.entries.len() as u64;
            let number = (near(bytes.byte()) & ((1 << 53) - 1)) / u64::from(view.geometry.positions);
            // Of the lap in which the stream is, or any that is near.
            let lap = (number / entries).wrapping_add_signed(i64::from(bytes.byte() as i8 / 64));
            let chunk = u32::from(bytes.byte()) % (view.geometry.chunks + 1);
            let entry = Entry::offered(index % view.entries.len(), lap, chunk);
            entry.with_state(u32::from(bytes.byte() % 4)).0
        }
        11 | 12 => Record::new(near(bytes.byte()), owner).0,
        13 | 14 => Stamp::published(near(bytes.byte())).0,
        _ => u64::from(bytes.byte()),
    }
}
