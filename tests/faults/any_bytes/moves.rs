//! A bounded channel in an image, and what the input does there: moves as the library makes them, and writes of others.
//!
//! What is private is kept as the library keeps it: a claimed position is published once at most, a permit is used or
//! given back once, and only by who took it. Everything else may be anything at any time.

use bytemuck::Pod;

use crate::bound::{self, Call};
use crate::bytes::Bytes;
use crate::common;
use crate::image::{Image, scribble};
use crate::layout::{Geometry, RingGeometry, RingView, View};
use crate::queue::ring::words::Line;
use crate::queue::ring::{
    Claimed, Consumer, Permits, Place, Positions, Producer, Rank, Ranking, Recovery, Request, Ring,
    SenderCache, Span, Turn,
};
use crate::queue::{Consume, Kind, Number, Taken};
use crate::sync::{self, Intrusion, Ordering};
use crate::world::World;

/// Most processes that move; their numbers begin at 1.
const SENDERS: usize = 4;
/// Most senders of one process that wait in the line.
const WAITERS: usize = 80;
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
    let geometry = RingGeometry {
        capacity: bytes.one_of(&[1, 2, 3, 4, 5, 8, 17, 500]),
        payload: size_of::<T>() as u32,
        line: bytes.one_of(&[1, 2, 4, 8, 3, 33, 64, 130]),
        members: 1 + bytes.below(SENDERS) as u32,
        entries: bytes.one_of(&[1, 2, 3, 8]),
    };
    let image = Image::new(geometry.size().expect("it is small"));
    let caches: [SenderCache; SENDERS + 1] = std::array::from_fn(|_| SenderCache::new());
    let rankings: [Ranking; SENDERS + 1] = std::array::from_fn(|_| Ranking::default());
    let private = caches.as_ptr_range();
    sync::watch(image.addresses(), private.start as usize..private.end as usize);
    let Some(View::Ring(view)) = image.view(Geometry::Ring(geometry)) else { panic!("it fits") };
    Ring::new(&view).format();
    let head = bytes.byte();
    if head & 1 == 1 {
        begin_late(&view, head);
    }
    let remembers = head >> 3 & 1 == 1;
    let mut channel = Channel {
        bytes,
        queue: Ring { ranking: remembers.then_some(&rankings[0]), ..Ring::new(&view) },
        rankings: remembers.then_some(&rankings),
        view: &view,
        base: image.addresses().start,
        caches: &caches,
        world: World::default(),
        consumer: Consumer::new(&Ring::new(&view)),
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

/// The channel is where positions come round: a few before the end of 32 bits or of 64, or of 2^29. The tickets of the line can
/// be there too: a few before the end of 32 bits or of 62.
fn begin_late(view: &RingView<'_>, which: u8) {
    let head: u64 = match which >> 1 & 3 {
        0 => (1 << 32) - 64,
        1 => 0_u64.wrapping_sub(64),
        2 => (1 << 31) - 64,
        _ => (1 << 29) - 64,
    };
    view.words.receiver.head.store(head, Ordering::Relaxed);
    view.words.claim.store(head << 32, Ordering::Relaxed);
    let drawn: u64 = match which >> 4 & 3 {
        0 => 0,
        1 => (1 << 32) - 8,
        2 => (1 << 62) - 8,
        _ => (1 << 30) - 8,
    };
    view.words.read_mostly.line.store(Line(0).with_drawn(drawn).0, Ordering::Relaxed);
}

/// What one process keeps for itself.
#[derive(Default)]
struct Sender {
    /// Those that wait in the line.
    waiting: Vec<Waiting>,
    /// What those need for which the line has no record.
    backlog: Vec<u32>,
    held: u32,
    claimed: Vec<Span>,
}

/// A sender in the line.
#[derive(Clone, Copy)]
struct Waiting {
    place: Place,
    /// Whether what it waits for is permits, and how many.
    permits: Option<u32>,
}

struct Channel<'a, 'b, T> {
    bytes: &'a mut Bytes<'b>,
    /// As the receiver's process sees it.
    queue: Ring<'a>,
    /// What each process remembers of the line, if they do.
    rankings: Option<&'a [Ranking; SENDERS + 1]>,
    view: &'a RingView<'a>,
    base: usize,
    caches: &'a [SenderCache],
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
            0 | 1 => self.send(me, Rank::Newcomer, 1),
            2 => self.send(me, Rank::Newcomer, some),
            3 => {
                let ticket = self.bytes.u32() >> 1;
                self.send(me, Rank::Waiter(ticket), some);
            }
            4 => self.claim(me, Rank::Newcomer, some),
            5 => self.publish_oldest(me),
            6 => self.wait(me, None, what / 28),
            7 => self.wait(me, Some(some), what / 28),
            8 => self.leave(me, usize::from(what / 28)),
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
        self.intrusions.extend(Intrusion::again_and_again(self.bytes, word, wrong));
    }

    fn counted<R>(&mut self, call: Call, act: impl FnOnce(&mut Self) -> R) -> R {
        let intrusions = core::mem::take(&mut self.intrusions);
        let most = call.most_of_ring(self.view.geometry);
        let (result, made, allowed) = sync::counted(most, intrusions, || act(self));
        bound::saw(call, made, allowed);
        result
    }

    fn producer(&self, me: Number) -> Producer<'_> {
        let number = usize::from(me);
        let ranking = self.rankings.map(|rankings| &rankings[number]);
        Producer { queue: Ring { ranking, ..self.queue }, me, cache: &self.caches[number] }
    }

    fn sender(&mut self, me: Number) -> &mut Sender {
        &mut self.senders[usize::from(me) - 1]
    }

    fn claim(&mut self, me: Number, rank: Rank, want: u32) {
        let claimed = self.counted(Call::Send, |it| it.producer(me).claim(rank, want, &it.world));
        if let Claimed::Granted(span) = claimed {
            self.got(me, span, want);
        }
    }

    fn got(&mut self, me: Number, span: Span, want: u32) {
        assert!((1..=want).contains(&span.count) && span.count <= self.view.geometry.capacity);
        self.sender(me).claimed.push(span);
    }

    fn send(&mut self, me: Number, rank: Rank, want: u32) {
        self.claim(me, rank, want);
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

    /// Comes to the line, alone or with many others, or takes the next turn of a sender that is there.
    fn wait(&mut self, me: Number, permits: Option<u32>, how: u8) {
        let place = self.sender(me).waiting.len();
        match how {
            0 | 1 if place > 0 => self.turn(me, usize::from(how) % place),
            2..=4 if place > 0 => self.turn(me, place - 1),
            7 => (0..40).for_each(|_| self.come(me, permits)),
            8 => (0..40).for_each(|_| self.come_and_turn(me, permits)),
            9 => self.look_from_backlog(me),
            _ => self.come_and_turn(me, permits),
        }
    }

    fn come_and_turn(&mut self, me: Number, permits: Option<u32>) {
        let place = self.sender(me).waiting.len();
        self.come(me, permits);
        if self.sender(me).waiting.len() > place {
            self.turn(me, place);
        }
    }

    /// Comes to the line, or to the backlog if no record is free.
    fn come(&mut self, me: Number, permits: Option<u32>) {
        let need = permits.unwrap_or(1);
        if self.sender(me).waiting.len() == WAITERS {
            return;
        }
        match self.counted(Call::Send, |it| it.producer(me).queue.enter(me, need)) {
            Some(place) => self.sender(me).waiting.push(Waiting { place, permits }),
            None => {
                self.sender(me).backlog.push(need);
                self.arm(me);
            }
        }
    }

    /// What is in the backlog of a process waits to be told of room, and looks once more.
    fn arm(&mut self, me: Number) {
        let needs = self.sender(me).backlog.iter().map(|&need| u64::from(need)).sum();
        self.caches[usize::from(me)].set_backlog(needs);
        if needs > 0 {
            self.counted(Call::Send, |it| {
                let queue = it.producer(me).queue;
                queue.arm_backlog(me);
                queue.left_over()
            });
        }
    }

    /// The first in the backlog comes to the line, or takes what line and backlog leave over.
    fn look_from_backlog(&mut self, me: Number) {
        let Some(&need) = self.sender(me).backlog.first() else { return };
        let place = self.counted(Call::Send, |it| it.producer(me).queue.enter(me, need));
        if let Some(place) = place {
            self.sender(me).backlog.remove(0);
            self.sender(me).waiting.push(Waiting { place, permits: (need != 1).then_some(need) });
            self.arm(me);
            return;
        }
        let (want, rank) = (Permits(need), Rank::Backlog(0));
        let taken = self.counted(Call::Send, |it| want.ask(&it.producer(me), rank, &it.world));
        if taken == Claimed::Granted(()) {
            self.sender(me).backlog.remove(0);
            self.sender(me).held += need;
        }
        self.arm(me);
    }

    /// The next turn of a sender in the line.
    fn turn(&mut self, me: Number, which: usize) {
        let Waiting { place, permits } = self.sender(me).waiting[which];
        let leaves = match permits {
            None => self.turn_for(me, place, Positions(1)).map(|span| {
                if let Some(span) = span {
                    self.got(me, span, 1);
                }
            }),
            Some(count) => self.turn_for(me, place, Permits(count)).map(|granted| {
                if granted.is_some() {
                    self.sender(me).held += count;
                }
            }),
        };
        if leaves.is_some() {
            self.leave(me, which);
        }
    }

    /// What it came to, with a grant or closed; `None` if it is to sleep.
    fn turn_for<W: Request>(&mut self, me: Number, place: Place, want: W) -> Option<Option<W::Grant>> {
        self.counted(Call::Send, |it| match it.producer(me).turn(place, want, Kind::Task, &it.world) {
            Turn::Granted(grant) => Some(Some(grant)),
            Turn::Sleep(bell, ticket) => {
                let _ = bell.is_quiet(ticket);
                None
            }
            Turn::Closed => Some(None),
        })
    }

    /// One of the senders in the line leaves it, and lets the others look.
    fn leave(&mut self, me: Number, which: usize) {
        let count = self.sender(me).waiting.len();
        if count > 0 {
            let Waiting { place, .. } = self.sender(me).waiting.remove(which % count);
            self.counted(Call::Send, |it| {
                let queue = it.producer(me).queue;
                queue.vacate(place);
                queue.look_if_waiting(&it.world);
            });
        }
    }

    fn reserve(&mut self, me: Number, count: u32) {
        let want = Permits(count);
        let taken = self.counted(Call::Send, |it| want.ask(&it.producer(me), Rank::Newcomer, &it.world));
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
        let took: Taken<T> =
            self.counted(Call::Receive, |it| it.consumer.receive(&it.queue, Consumer::copy, &it.world));
        self.is_ended_for_good(matches!(took, Taken::End));
    }

    /// What ended by nonsense does not begin again.
    fn is_ended_for_good(&self, has_ended: bool) {
        assert!(has_ended || self.consumer.nonsense().is_none(), "a value, or a wait, after a corrupt end");
    }

    fn receive_many(&mut self, limit: usize) {
        let mut values = Vec::<T>::new();
        let took = self.counted(Call::ReceiveMany(limit as u32), |it| {
            it.consumer.receive_many(&it.queue, limit, &mut values, &it.world)
        });
        assert!(values.len() <= limit);
        match took {
            Taken::Value(count) => assert_eq!(count, values.len()),
            Taken::Empty | Taken::End => assert!(values.is_empty()),
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
        if let Taken::Value(found) = found {
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
        self.caches[usize::from(me)].set_backlog(0);
        self.counted(Call::Life, |it| it.queue.repair(me, &it.world));
    }

    fn recover(&mut self, me: Number) {
        if self.world.dead.get() >> me & 1 == 1 {
            self.counted(Call::Life, |it| it.recovery.add(&it.queue, me));
        }
        self.counted(Call::Life, |it| it.recovery.go_on(&it.queue));
        self.counted(Call::Life, |it| it.queue.notify_after_recovery(&it.world));
    }

    fn handles(&mut self, me: Number, which: u8) {
        self.counted(Call::Life, |it| common::handles(it.queue.common(), me, which, &it.world));
    }

    fn numbers(&mut self) {
        let capacity = self.view.geometry.capacity as usize;
        let length = self.counted(Call::Look, |it| it.queue.len());
        let free = self.counted(Call::Look, |it| it.queue.free_capacity());
        assert!(length <= capacity && free <= capacity);
        self.counted(Call::Look, |it| {
            (it.queue.common().strong_count(), it.queue.tail(), it.queue.common().has_ended())
        });
        self.counted(Call::Look, |it| {
            (it.queue.common().weak_count(), it.queue.head(), it.queue.is_closed())
        });
        self.counted(Call::Look, |it| it.queue.left_over());
    }

    /// The receiver lies down, and rises or is rung.
    fn bells(&mut self, who: usize) {
        self.counted(Call::Life, |it| common::bells(&it.view.common, who));
    }
}
