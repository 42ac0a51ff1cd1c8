//! What the models share: a segment, and around it what the kernel and the porter know of deaths and sleepers. What senders
//! and the receiver do there is in `sending` and `receiving`.

use crate::layout::{CommonView, RingGeometry, Typed};
use crate::queue::models::explore::tell;
use crate::queue::models::outside::{LIGHT, Outside};
use crate::queue::models::receiving::Receiving;
use crate::queue::ring::take::Found;
use crate::queue::ring::words::Claim;
use crate::queue::ring::{Consumer, Producer, Ranking, Recovery, Ring, SenderCache};
use crate::queue::{Consume, Fences, Kind, Number, Peers, Sleeper, Taken, Wake};
use crate::sync::Ordering;
use crate::wait::Backlog;
use loom::cell::UnsafeCell;
use loom::sync::Condvar;
use std::sync::{Arc, Mutex};

/// One channel and everything outside of it.
pub(super) struct World {
    segment: Typed,
    caches: [SenderCache; 5],
    backlogs: [Backlog; 5],
    /// What each process remembers of the line, if the model asks for it.
    rankings: Option<[Ranking; 5]>,
    fences: Fences,
    /// Those that sleep look late.
    looks_late: bool,
    /// One for each slot. They notice if a slot is written and read, or written twice, without one happening before
    /// the other. The mutex only lets threads share them; the checker does not see it.
    pub guards: Mutex<Vec<UnsafeCell<()>>>,
    /// How often the porter, which makes the recovery, was told that something has changed.
    told: (loom::sync::Mutex<u32>, Condvar),
    pub outside: Outside,
    pub used: Mutex<Used>,
}

/// What is used of the capacity, which the checker does not see.
#[derive(Default)]
pub(super) struct Used {
    /// Positions claimed and not yet given back.
    pub claimed: i64,
    /// Capacity held by permits of processes that live.
    pub held: i64,
    /// Batches hand a late value over after its place was given back: then `claimed` counts too much. And what a process
    /// has counted that is killed in the middle of its moves is not known.
    pub is_inexact: bool,
}

impl Wake for World {
    fn wake(&self, sleeper: Sleeper, kind: Kind) {
        match sleeper {
            Sleeper::Receiver => tell("wake the receiver", 0u16, 0u16),
            Sleeper::Waiter { owner, .. } => tell("wake", owner, 0u16),
            Sleeper::Backlog { owner } => {
                // The process's own porter, played by the ringer. With its process the backlog dies.
                tell("wake the backlog", owner, 0u16);
                return self.backlogs[usize::from(owner)].admit(&self.sender(owner), self);
            }
            Sleeper::Recovery => return self.tell_recovery(),
        }
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

    fn queue(&self) -> Ring<'_> {
        World::queue(self)
    }

    fn common_view(&self) -> CommonView<'_> {
        self.segment.view().common
    }

    fn outside(&self) -> &Outside {
        &self.outside
    }

    fn looks_late(&self) -> bool {
        self.looks_late
    }

    fn note_read(&self, found: Found) {
        self.guards.lock().unwrap()[self.queue().track.index(found.position())].with(|_| ());
    }

    fn note_received(&self) {
        self.used.lock().unwrap().claimed -= 1;
    }

    fn note_batch(&self) {
        self.used.lock().unwrap().is_inexact = true;
    }
}

impl World {
    /// An empty channel. `line` and `entries` are the sizes of the line and of the quarantine.
    pub fn new(capacity: u32, line: u32, entries: u32) -> Arc<World> {
        Self::at(capacity, line, entries, 1)
    }

    /// An empty channel that `lap - 1` laps have gone through.
    pub fn at(capacity: u32, line: u32, entries: u32, lap: u64) -> Arc<World> {
        let segment = Typed::new(RingGeometry { capacity, payload: 16, line, members: 4, entries });
        let queue = Ring::new(segment.view());
        queue.format();
        let (records, slots) = (queue.view.waiters.len(), queue.track.slots());
        let first = queue.track.first() * lap;
        let words = queue.view.words;
        words.claim.store(Claim(0).with_tail(first as u32).0, Ordering::Relaxed);
        words.receiver.head.store(first, Ordering::Relaxed);
        words.read_mostly.epoch.store(first >> 29, Ordering::Relaxed);
        Arc::new(World {
            segment,
            caches: std::array::from_fn(|_| SenderCache::new()),
            backlogs: Default::default(),
            rankings: None,
            guards: Mutex::new((0..slots).map(|_| UnsafeCell::new(())).collect()),
            fences: Fences::FULL,
            looks_late: false,
            told: (loom::sync::Mutex::new(0), Condvar::new()),
            outside: Outside::new(records),
            used: Mutex::default(),
        })
    }

    /// Makes the same, in which each process remembers what it has seen of the line.
    pub fn with_rankings(capacity: u32, line: u32) -> Arc<World> {
        let mut world = Arc::into_inner(World::new(capacity, line, 1)).expect("it is new");
        world.rankings = Some(Default::default());
        Arc::new(world)
    }

    /// An empty channel of a process whose light side passes no full fence.
    pub fn with_light_fences(capacity: u32, line: u32, entries: u32) -> Arc<World> {
        let mut world = Arc::into_inner(World::new(capacity, line, entries)).expect("it is new");
        world.fences = LIGHT;
        Arc::new(world)
    }

    /// Makes the same, in which sleepers look late, if `looks_late`.
    pub fn with_late_looks(capacity: u32, line: u32, looks_late: bool) -> Arc<World> {
        let world = Arc::into_inner(World::with_light_fences(capacity, line, 1)).expect("it is new");
        Arc::new(World { looks_late, ..world })
    }

    /// Makes a world in which numbers that own nothing in the queue can be [given again](World::give_again_if_it_owns_nothing).
    pub fn with_numbers(capacity: u32, entries: u32) -> Arc<World> {
        let mut world = Arc::into_inner(World::new(capacity, 1, entries)).expect("it is new");
        world.outside.count_borne();
        Arc::new(world)
    }

    pub fn queue(&self) -> Ring<'_> {
        let ranking = self.rankings.as_ref().map(|rankings| &rankings[0]);
        Ring { ranking, fences: self.fences, ..Ring::new(self.segment.view()) }
    }

    pub fn sender(&self, me: Number) -> Producer<'_> {
        let ranking = self.rankings.as_ref().map(|rankings| &rankings[usize::from(me)]);
        let queue = Ring { ranking, ..self.queue() };
        Producer { queue, me, cache: &self.caches[usize::from(me)] }
    }

    /// Returns the backlog of process `me`.
    pub fn backlog(&self, me: Number) -> &Backlog {
        &self.backlogs[usize::from(me)]
    }

    /// From now on the kernel says that this process is dead, which had claimed `unpublished` positions more than it
    /// published.
    pub fn kill(&self, number: Number, unpublished: i64) {
        tell("is dead", number, unpublished as u64);
        self.used.lock().unwrap().claimed -= unpublished;
        self.backlog(number).die();
        self.caches[usize::from(number)].set_backlog(0);
        self.outside.kill(number);
    }

    /// This process may be killed in the middle of its moves, wherever that is.
    pub fn expect_kill(&self, number: Number) {
        self.used.lock().unwrap().is_inexact = true;
        self.outside.expect_kill(number);
    }

    /// Does what the porter does: the kernel says that these are dead, and all that they left is repaired. Their slots are the
    /// receiver's.
    pub fn bury(&self, numbers: &[Number]) {
        numbers.iter().for_each(|number| self.kill(*number, 0));
        self.recover(numbers.to_vec());
        numbers.iter().for_each(|number| self.queue().repair(*number, self));
    }

    /// Gives the number of a dead process, of which nothing is left, again.
    pub fn give_again(&self, number: Number) {
        self.outside.give_again(number);
    }

    /// Gives the number of a dead process again if it owns nothing in the queue, as the host does, and returns whether it did. The
    /// permits of that process and its place in the line are put right before.
    pub fn give_again_if_it_owns_nothing(&self, number: Number) -> bool {
        // As the host does: the quarantine after the queue.
        let is_over =
            !self.queue().unpublished_claimants().contains(&number) && self.outside.bears_none(number);
        if is_over {
            self.give_again(number);
        }
        is_over
    }

    /// Makes the copy of head that process `me` has an old one.
    pub fn remember(&self, me: Number, head: u64, epoch: u64) {
        self.caches[usize::from(me)].remember(head, epoch);
    }

    /// As if positions up to this one had been sent and received, with nothing left of it but the words that all
    /// share. False, and nothing is changed, if anything was sent yet.
    ///
    /// The checker can show a state that never is: the new claim word with the old head. A sender may take that
    /// for nonsense.
    pub fn skip_to(&self, position: u64) -> bool {
        let words = self.queue().view.words;
        let head = words.receiver.head.load(Ordering::Relaxed);
        let seen = Claim(0).with_tail(head as u32);
        let to = Claim(0).with_tail(position as u32);
        // ORDERING: head last: a sender that sees it sees the claim word, as always.
        let is_first =
            words.claim.compare_exchange(seen.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if is_first {
            words.receiver.head.store(position, Ordering::Release);
        }
        is_first
    }

    /// Tells the porter, which makes the recovery, that something has changed, as a message to it does.
    pub fn tell_recovery(&self) {
        *self.told.0.lock().unwrap() += 1;
        self.told.1.notify_all();
    }

    /// Gives back what the dead processes held, asleep until that is done; `expected` of them.
    pub fn recover(&self, mut expected: Vec<Number>) {
        let queue = self.queue();
        let (mut recovery, mut known) = (Recovery::default(), Vec::new());
        let mut seen = 0;
        while !expected.is_empty() {
            for number in expected.clone() {
                if self.is_dead(number) && !known.contains(&number) {
                    known.push(number);
                    recovery.add(&queue, number);
                }
            }
            let settled = recovery.go_on(&queue);
            tell("settled", 0u16, settled.len() as u64);
            if settled.is_empty() {
                let mut told = self.told.0.lock().unwrap();
                while *told == seen {
                    told = self.told.1.wait(told).unwrap();
                }
                seen = *told;
            } else {
                expected.retain(|number| !settled.contains(number));
                queue.notify_after_recovery(self);
            }
        }
    }

    /// Returns what is reserved by the claim word.
    pub fn reserved(&self) -> u32 {
        Claim(self.queue().view.words.claim.load(Ordering::Relaxed)).reserved()
    }

    /// Closes the channel, as its receiver does, which lives in process `me`.
    pub fn close(&self, me: Number) {
        tell("closes", me, 0u16);
        self.queue().close(self);
        self.backlog(me).keep_promises(&self.sender(me), self);
    }

    /// At rest: values go through as at the beginning, void positions are passed, all capacity is there again.
    pub fn settle_whole(&self, consumer: &mut Consumer) {
        assert_eq!(self.drain(consumer), Taken::Empty);
        for number in 0..3 * self.queue().capacity() as u64 {
            self.send(4, 90 + number);
            assert_eq!(self.poll(consumer), Taken::Value(90 + number));
        }
        assert!(!consumer.has_stalled(), "quarantine not empty");
        assert_eq!(consumer.nonsense(), None);
        self.settle();
        assert_eq!(self.queue().free_capacity(), self.queue().capacity() as usize, "capacity lost");
    }
}
