//! A channel in an image, and what the input does there: moves as the library makes them, and writes of others.
//!
//! What is private is kept as the library keeps it: a claimed position is published once at most, a permit is used or
//! given back once, and only by who took it. Everything else may be anything at any time.

use bytemuck::Pod;

use crate::bound::{self, Call};
use crate::bytes::Bytes;
use crate::image::{Image, Wrong, scribble};
use crate::layout::{Geometry, View};
use crate::queue::{
    Claimed, Consumer, Kind, Number, Permits, Place, Positions, Producer, Queue, Recovery, Span, Stand, Took,
    Turn, ViewCell, Want,
};
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
    let geometry = Geometry {
        capacity: bytes.one_of(&[1, 2, 3, 4, 5, 8, 17, 500]),
        payload: size_of::<T>() as u32,
        line: bytes.one_of(&[1, 2, 4, 8]),
        members: 1 + bytes.below(SENDERS) as u32,
        entries: bytes.one_of(&[1, 2, 3, 8]),
    };
    let image = Image::new(geometry.size().expect("it is small"));
    let views: [ViewCell; SENDERS + 1] = std::array::from_fn(|_| ViewCell::new());
    let private = views.as_ptr_range();
    sync::watch(image.addresses(), private.start as usize..private.end as usize);
    let view = image.view(geometry).expect("it fits");
    Queue::new(&view).format();
    let head = bytes.byte();
    if head & 1 == 1 {
        begin_late(&view, head);
    }
    let mut channel = Channel {
        bytes,
        queue: Queue::new(&view),
        view: &view,
        base: image.addresses().start,
        views: &views,
        world: World::default(),
        consumer: Consumer::new(&Queue::new(&view)),
        recovery: Recovery::default(),
        senders: std::array::from_fn(|_| Sender::default()),
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

/// The channel is where positions come round: a few before the end of 32 bits or of 64, or of 2^29.
fn begin_late(view: &View<'_>, which: u8) {
    let head: u64 = match which >> 1 & 3 {
        0 => (1 << 32) - 64,
        1 => 0_u64.wrapping_sub(64),
        2 => (1 << 31) - 64,
        _ => (1 << 29) - 64,
    };
    view.header.taken.head.store(head, Ordering::Relaxed);
    view.header.claim.store(head << 32, Ordering::Relaxed);
}

/// What one process keeps for itself.
#[derive(Default)]
struct Sender {
    stand: Stand,
    /// Whether what it waits for is permits, and how many.
    permits: Option<u32>,
    held: u32,
    claimed: Vec<Span>,
}

struct Channel<'a, 'b, T> {
    bytes: &'a mut Bytes<'b>,
    queue: Queue<'a>,
    view: &'a View<'a>,
    base: usize,
    views: &'a [ViewCell],
    world: World,
    consumer: Consumer,
    recovery: Recovery,
    senders: [Sender; SENDERS],
    /// For the next call.
    intrusions: Vec<Intrusion>,
    value: core::marker::PhantomData<T>,
}

impl<T: Pod> Channel<'_, '_, T> {
    fn step(&mut self) {
        let what = self.bytes.byte();
        let who = self.bytes.byte() as usize;
        let me = (who % SENDERS.min(self.view.geometry.members as usize) + 1) as Number;
        let some = (who >> 2) as u32 % self.view.geometry.capacity + 1;
        match what % 28 {
            0 | 1 => self.send(me, Place::Newcomer, 1),
            2 => self.send(me, Place::Newcomer, some),
            3 => {
                let ticket = self.bytes.u32() >> 1;
                self.send(me, Place::InLine(ticket), some);
            }
            4 => self.claim(me, Place::Newcomer, some),
            5 => self.publish_oldest(me),
            6 => self.turn(me, None),
            7 => self.turn(me, Some(some)),
            8 => self.leave(me),
            9 => self.reserve(me, some),
            10 => self.redeem(me),
            11 => self.give_back(me, some),
            12 | 13 => self.receive(),
            14 => self.receive_many(who >> 2),
            15 => self.peek(),
            16 => self.take(),
            17 => self.close(who),
            18 => self.die(me),
            19 => self.world.declare(me, false),
            20 => self.recover(me),
            21 => self.handles(me, what / 28),
            22 => self.numbers(),
            23 => self.bells(who),
            24 | 25 => {
                let (word, wrong) = scribble(self.bytes, self.view, self.base);
                let now = vec![Intrusion { before: 1, word, wrong }];
                // Any access lets it in.
                sync::counted(u64::MAX, now, || self.queue.head());
            }
            26 => {
                let before = u64::from(self.bytes.byte()) + 1;
                let (word, wrong) = scribble(self.bytes, self.view, self.base);
                self.intrusions.push(Intrusion { before, word, wrong });
            }
            _ => self.hammer(),
        }
    }

    /// The next call finds one word written again and again.
    fn hammer(&mut self) {
        let (word, wrong) = scribble(self.bytes, self.view, self.base);
        let (first, every) = (u64::from(self.bytes.byte() % 32), u64::from(self.bytes.byte() % 8) + 1);
        let wrong = match wrong {
            Wrong::Is(value) => Wrong::Moved(value | 1),
            other => other,
        };
        self.intrusions.extend((0..16).map(|time| Intrusion { before: first + time * every, word, wrong }));
    }

    fn counted<R>(&mut self, call: Call, act: impl FnOnce(&mut Self) -> R) -> R {
        let intrusions = core::mem::take(&mut self.intrusions);
        let most = call.most(self.view.geometry);
        let (result, made, allowed) = sync::counted(most, intrusions, || act(self));
        bound::saw(call, made, allowed);
        result
    }

    fn producer(&self, me: Number) -> Producer<'_> {
        Producer { queue: self.queue, me, view: &self.views[usize::from(me)] }
    }

    fn sender(&mut self, me: Number) -> &mut Sender {
        &mut self.senders[usize::from(me) - 1]
    }

    fn claim(&mut self, me: Number, place: Place, want: u32) {
        let claimed = self.counted(Call::Send, |it| it.producer(me).claim(place, want, &it.world));
        if let Claimed::Granted(span) = claimed {
            self.got(me, span, want);
        }
    }

    fn got(&mut self, me: Number, span: Span, want: u32) {
        assert!((1..=want).contains(&span.count) && span.count <= self.view.geometry.capacity);
        self.sender(me).claimed.push(span);
    }

    fn send(&mut self, me: Number, place: Place, want: u32) {
        self.claim(me, place, want);
        if let Some(span) = self.sender(me).claimed.pop() {
            self.publish(me, span);
        }
    }

    fn publish_oldest(&mut self, me: Number) {
        if !self.sender(me).claimed.is_empty() {
            let span = self.sender(me).claimed.remove(0);
            self.publish(me, span);
        }
    }

    fn publish(&mut self, me: Number, span: Span) {
        let values = vec![T::zeroed(); span.count as usize];
        self.counted(Call::Publish(span.count), |it| it.producer(me).publish(span, &values, &it.world));
    }

    /// The next turn of who waits, or the first.
    fn turn(&mut self, me: Number, permits: Option<u32>) {
        let mut stand = self.sender(me).stand;
        if stand == Stand::Nowhere {
            self.sender(me).permits = permits;
        }
        match self.sender(me).permits {
            None => {
                if let Some(span) = self.turn_for(me, &mut stand, Positions(1)) {
                    self.got(me, span, 1);
                }
            }
            Some(count) => {
                if self.turn_for(me, &mut stand, Permits(count)).is_some() {
                    self.sender(me).held += count;
                }
            }
        }
        self.sender(me).stand = stand;
    }

    fn turn_for<W: Want>(&mut self, me: Number, stand: &mut Stand, want: W) -> Option<W::Grant> {
        self.counted(Call::Send, |it| {
            match it.producer(me).turn(stand, want, Kind::Task, &mut |_| {}, &it.world) {
                Turn::Granted(grant) => Some(grant),
                Turn::Sleep(bell, ticket) => {
                    let _ = bell.is_quiet(ticket);
                    None
                }
                Turn::Closed => None,
            }
        })
    }

    fn leave(&mut self, me: Number) {
        let mut stand = core::mem::take(&mut self.sender(me).stand);
        self.counted(Call::Send, |it| it.producer(me).leave(&mut stand, &it.world));
        assert_eq!(stand, Stand::Nowhere);
    }

    fn reserve(&mut self, me: Number, count: u32) {
        let want = Permits(count);
        let taken = self.counted(Call::Send, |it| want.ask(&it.producer(me), Place::Newcomer, &it.world));
        if taken == Claimed::Granted(()) {
            self.sender(me).held += count;
        }
    }

    fn redeem(&mut self, me: Number) {
        if self.sender(me).held == 0 {
            return;
        }
        self.sender(me).held -= 1;
        if let Some(span) = self.counted(Call::Send, |it| it.producer(me).redeem(&it.world)) {
            self.publish(me, span);
        }
    }

    fn give_back(&mut self, me: Number, count: u32) {
        let count = count.min(self.sender(me).held);
        if count > 0 {
            self.sender(me).held -= count;
            self.counted(Call::Send, |it| it.producer(me).give_back(count, &it.world));
        }
    }

    fn receive(&mut self) {
        let took: Took<T> = self.counted(Call::Receive, |it| it.consumer.receive(&it.queue, &it.world));
        self.is_ended_for_good(matches!(took, Took::End));
    }

    /// What ended by nonsense does not begin again.
    fn is_ended_for_good(&self, has_ended: bool) {
        assert!(has_ended || self.consumer.nonsense().is_none(), "a value, or a wait, after a corrupt end");
    }

    fn receive_many(&mut self, limit: usize) {
        let mut values = Vec::<T>::new();
        let took = self.counted(Call::ReceiveMany(limit as u32), |it| {
            it.consumer.receive_many(&it.queue, limit, |value| values.push(value), &it.world)
        });
        assert!(values.len() <= limit);
        match took {
            Took::Value(count) => assert_eq!(count, values.len()),
            Took::Empty | Took::End => assert!(values.is_empty()),
        }
    }

    fn peek(&mut self) {
        self.counted(Call::Receive, |it| {
            let found = it.consumer.peek(&it.queue, &it.world);
            found.map(|found| Consumer::copy::<T>(&it.queue, found))
        });
    }

    /// In two steps, as a receiver that is stopped between them.
    fn take(&mut self) {
        let found = self.counted(Call::Receive, |it| it.consumer.take(&it.queue, &it.world));
        if let Took::Value(found) = found {
            self.counted(Call::Receive, |it| {
                let _: T = Consumer::copy(&it.queue, found);
                it.consumer.release(&it.queue, found, &it.world);
            });
        }
    }

    /// Closes, or hands the receiver to the next process.
    fn close(&mut self, who: usize) {
        if who.is_multiple_of(2) {
            self.counted(Call::Life, |it| it.queue.close(&it.world));
        } else if !self.consumer.has_stalled() || who % 4 == 3 {
            self.counted(Call::Life, |it| it.consumer = Consumer::new(&it.queue));
            self.world.borne.set(0);
        }
    }

    /// A process is dead and its place repaired. What it held is for the recovery.
    fn die(&mut self, me: Number) {
        self.world.declare(me, true);
        *self.sender(me) = Sender::default();
        self.counted(Call::Life, |it| it.queue.repair(me, &it.world));
    }

    fn recover(&mut self, me: Number) {
        if self.world.dead.get() >> me & 1 == 1 {
            self.counted(Call::Life, |it| it.recovery.add(&it.queue, me));
        }
        self.counted(Call::Life, |it| it.recovery.go_on(&it.queue));
        self.counted(Call::Life, |it| it.queue.let_look(&it.world));
    }

    fn handles(&mut self, me: Number, which: u8) {
        self.counted(Call::Life, |it| {
            let queue = it.queue;
            match which % 6 {
                0 => drop(queue.upgrade(me)),
                1 => queue.drop_strong(me, &it.world),
                2 => queue.add_strong(me),
                3 => queue.clear_strong(me, &it.world),
                4 => queue.add_weak(me),
                _ => queue.drop_weak(me),
            }
        });
    }

    fn numbers(&mut self) {
        let capacity = self.view.geometry.capacity as usize;
        let length = self.counted(Call::Look, |it| it.queue.len());
        let free = self.counted(Call::Look, |it| it.queue.free_capacity());
        assert!(length <= capacity && free <= capacity);
        self.counted(Call::Look, |it| (it.queue.strong_count(), it.queue.tail(), it.queue.has_ended()));
        self.counted(Call::Look, |it| (it.queue.weak_count(), it.queue.head(), it.queue.is_closed()));
    }

    /// The receiver lies down, and rises or is rung.
    fn bells(&mut self, who: usize) {
        self.counted(Call::Life, |it| {
            let bell = &it.view.header.receiver_bell;
            let ticket = bell.register(if who.is_multiple_of(2) { Kind::Task } else { Kind::Thread });
            if who % 4 < 2 && bell.is_quiet(ticket) {
                bell.rise();
            }
        });
    }
}
