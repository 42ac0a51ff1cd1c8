//! What the models share: a segment, what is known of deaths and sleepers, and the book in which values are kept.
//!
//! The book and the counters are plain memory that the checker does not see: they judge, and order nothing.

use super::explore::tell;
use crate::layout::{Geometry, Typed};
use crate::queue::take::Found;
use crate::queue::words::Claim;
use crate::queue::{
    Claimed, Consumer, Kind, Number, Peers, Permits, Positions, Producer, Queue, Rank, Ranking, Recovery,
    Sleeper, Span, Took, ViewCell, Wake, Want,
};
use crate::sync::{AtomicU32, Ordering};
use crate::wait;
use crate::wait::model::Futexes;
use crate::wait::{Backlog, Next, Stand, WaitingThread};
use loom::cell::UnsafeCell;
use loom::sync::Condvar;
use std::sync::{Arc, Mutex};

/// A value of two words that belong together, so that a torn or stale one is seen.
type Value = [u64; 2];

fn value(number: u64) -> Value {
    [number, !number]
}

/// What happened to the values.
#[derive(Default)]
struct Book {
    acknowledged: Vec<u64>,
    received: Vec<u64>,
    /// Positions claimed and not yet given back.
    claimed: i64,
    /// Capacity held by permits of processes that live.
    held: i64,
    has_ended: bool,
    /// What the last peek saw, if nothing was received since.
    peeked: Option<u64>,
    /// Batches hand a late value over after its place was given back: then `claimed` counts too much. And of who is killed
    /// in the middle of its moves nobody knows what it has counted.
    is_inexact: bool,
    /// Processes that were killed in the middle of their moves: a value may come that they did not live to count as sent.
    killed: Vec<u64>,
}

impl Book {
    /// A value has come out.
    fn receive(&mut self, copy: Value) {
        assert_eq!(copy, value(copy[0]), "torn");
        assert!(!self.has_ended, "a value after the end");
        if let Some(peeked) = self.peeked.take() {
            assert_eq!(copy[0], peeked, "peeked and not received");
        }
        self.claimed -= 1;
        self.received.push(copy[0]);
    }
}

/// One channel and everything outside of it.
pub(super) struct World {
    segment: Typed,
    views: [ViewCell; 5],
    backlogs: [Backlog; 5],
    /// What each process remembers of the line, if the model asks for it.
    rankings: Option<[Ranking; 5]>,
    dead: [AtomicU32; 5],
    /// One for each slot. They notice if a slot is written and read, or written twice, without one happening before
    /// the other. The mutex only lets threads share them; the checker does not see it.
    guards: Mutex<Vec<UnsafeCell<()>>>,
    futexes: Futexes,
    /// How often whoever makes the recovery was told that something has changed.
    told: (loom::sync::Mutex<u32>, Condvar),
    book: Mutex<Book>,
}

impl Wake for World {
    fn wake(&self, sleeper: Sleeper, kind: Kind) {
        match sleeper {
            Sleeper::Receiver => tell("wake the receiver", 0u16, 0u16),
            Sleeper::Waiter { owner, .. } => tell("wake", owner, 0u16),
            Sleeper::Backlog { owner } => {
                // The process's own porter, played by the ringer. With its process the backlog dies.
                tell("wake the backlog", owner, 0u16);
                return self.backlogs[usize::from(owner)].admit(&self.sender(owner));
            }
            Sleeper::Recovery => return self.tell_recovery(),
        }
        self.futexes.wake(sleeper, kind);
    }
}

impl Peers for World {
    fn is_dead(&self, number: Number) -> bool {
        // ORDERING: the kernel tells of a death after everything the process did.
        self.dead[usize::from(number)].load(Ordering::Acquire) == 1
    }

    fn bears(&self, _: Number, _: bool) {}
}

impl World {
    /// An empty channel. `line` and `entries` are the sizes of the line and of the quarantine.
    pub fn new(capacity: u32, line: u32, entries: u32) -> Arc<World> {
        Self::at(capacity, line, entries, 1)
    }

    /// An empty channel that `lap - 1` laps have gone through.
    pub fn at(capacity: u32, line: u32, entries: u32, lap: u64) -> Arc<World> {
        let segment = Typed::new(Geometry { capacity, payload: 16, line, members: 4, entries });
        let queue = Queue::new(segment.view());
        queue.format();
        let records = queue.view.waiters.len();
        let first = queue.track.first() * lap;
        let header = queue.view.header;
        header.claim.store(Claim(0).with_tail(first as u32).0, Ordering::Relaxed);
        header.taken.head.store(first, Ordering::Relaxed);
        header.seldom.epoch.store(first >> 29, Ordering::Relaxed);
        Arc::new(World {
            segment,
            views: std::array::from_fn(|_| ViewCell::new()),
            backlogs: Default::default(),
            rankings: None,
            dead: Default::default(),
            guards: Mutex::new((0..capacity).map(|_| UnsafeCell::new(())).collect()),
            futexes: Futexes::new(records, 4),
            told: (loom::sync::Mutex::new(0), Condvar::new()),
            book: Mutex::default(),
        })
    }

    /// The same, and each process remembers what it has seen of the line.
    pub fn with_rankings(capacity: u32, line: u32) -> Arc<World> {
        let mut world = Arc::into_inner(World::new(capacity, line, 1)).expect("it is new");
        world.rankings = Some(Default::default());
        Arc::new(world)
    }

    pub fn queue(&self) -> Queue<'_> {
        let ranking = self.rankings.as_ref().map(|rankings| &rankings[0]);
        Queue { ranking, ..Queue::new(self.segment.view()) }
    }

    pub fn sender(&self, me: Number) -> Producer<'_> {
        let ranking = self.rankings.as_ref().map(|rankings| &rankings[usize::from(me)]);
        let queue = Queue { ranking, ..self.queue() };
        Producer { queue, me, view: &self.views[usize::from(me)] }
    }

    /// The backlog of process `me`.
    pub fn backlog(&self, me: Number) -> &Backlog {
        &self.backlogs[usize::from(me)]
    }

    /// A sender leaves the line or the backlog.
    pub fn leave(&self, me: Number, stand: &mut Stand) {
        self.backlog(me).leave(&self.sender(me), stand, self);
    }

    /// From now on the kernel says that this process is dead, which had claimed `unpublished` positions more than it
    /// published.
    pub fn kill(&self, number: Number, unpublished: i64) {
        tell("is dead", number, unpublished as u64);
        self.book.lock().unwrap().claimed -= unpublished;
        self.backlog(number).die();
        self.views[usize::from(number)].set_backlog(0);
        self.dead[usize::from(number)].store(1, Ordering::Release);
    }

    /// This process may be killed in the middle of its moves, wherever that is.
    pub fn expect_kill(&self, number: Number) {
        let mut book = self.book.lock().unwrap();
        book.is_inexact = true;
        book.killed.push(u64::from(number));
    }

    /// What the porter does: the kernel says that these are dead, and all they left is put right. Their slots are the
    /// receiver's.
    pub fn bury(&self, numbers: &[Number]) {
        numbers.iter().for_each(|number| self.kill(*number, 0));
        self.recover(numbers.to_vec());
        numbers.iter().for_each(|number| self.queue().repair(*number, self));
    }

    /// The number of a dead process, of which nothing is left, is given again.
    pub fn give_again(&self, number: Number) {
        tell("is given again", number, 0u16);
        self.dead[usize::from(number)].store(0, Ordering::Release);
    }

    /// Makes the copy of head that process `me` has an old one.
    pub fn remember(&self, me: Number, head: u64, epoch: u64) {
        self.views[usize::from(me)].remember(head, epoch);
    }

    /// As if positions up to this one had been sent and received, with nothing left of it but the words that all
    /// share. False, and nothing is changed, if anything was sent yet.
    ///
    /// The checker can show a state that never is: the new claim word with the old head. A sender may take that
    /// for nonsense.
    pub fn skip_to(&self, position: u64) -> bool {
        let header = self.queue().view.header;
        let head = header.taken.head.load(Ordering::Relaxed);
        let seen = Claim(0).with_tail(head as u32);
        let to = Claim(0).with_tail(position as u32);
        // ORDERING: head last: who sees it sees the claim word, as always.
        let is_first =
            header.claim.compare_exchange(seen.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if is_first {
            header.taken.head.store(position, Ordering::Release);
        }
        is_first
    }

    fn note_claim(&self, me: Number, span: Span) {
        tell("claimed", me, span.first);
        self.note(i64::from(span.count), 0);
    }

    fn note(&self, claimed: i64, held: i64) {
        let mut book = self.book.lock().unwrap();
        book.claimed += claimed;
        book.held += held;
        let used = book.claimed + book.held;
        assert!(book.is_inexact || used <= self.queue().capacity(), "capacity exceeded");
    }

    /// Reserves `count` as a newcomer.
    pub fn reserve(&self, me: Number, count: u32) -> Claimed<()> {
        let answer = Permits(count).ask(&self.sender(me), Rank::Newcomer, self);
        if answer == Claimed::Granted(()) {
            tell("reserved", me, count);
            self.note(0, i64::from(count));
        }
        answer
    }

    /// Gives `count` back that were reserved.
    pub fn give_back(&self, me: Number, count: u32) {
        tell("gives back", me, count);
        self.note(0, -i64::from(count));
        self.sender(me).give_back(count, self);
    }

    /// The first half of a send on a permit.
    pub fn redeem(&self, me: Number) -> Span {
        let span = self.sender(me).redeem(self).expect("whoever holds a permit finds room");
        tell("redeemed", me, span.first);
        self.note(1, -1);
        span
    }

    /// Sends on a permit.
    pub fn send_reserved(&self, me: Number, number: u64) {
        let span = self.redeem(me);
        self.publish(me, span, number);
    }

    /// Reserves, asleep until there is room. False if the channel is closed.
    pub fn reserve_asleep(&self, me: Number, count: u32) -> bool {
        let queue = self.queue();
        let parker = self.futexes.parker(queue.view, me);
        let is_granted =
            wait::take(&self.sender(me), Permits(count), self.backlog(me), &parker, self).is_ok();
        if is_granted {
            tell("reserved", me, count);
            self.note(0, i64::from(count));
        }
        is_granted
    }

    /// Tells whoever makes the recovery that something has changed, as a message to the porter does.
    pub fn tell_recovery(&self) {
        *self.told.0.lock().unwrap() += 1;
        self.told.1.notify_all();
    }

    /// Gives back what those who are dead held, asleep until that is done; `expected` of them.
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
                queue.let_look(self);
            }
        }
    }

    /// What is reserved by the claim word.
    pub fn reserved(&self) -> u32 {
        Claim(self.queue().view.header.claim.load(Ordering::Relaxed)).reserved()
    }

    /// The first half of a send: claims up to `want` positions as a newcomer.
    pub fn claim(&self, me: Number, want: u32) -> Claimed<Span> {
        let claimed = self.sender(me).claim(Rank::Newcomer, want, self);
        match claimed {
            Claimed::Granted(span) => self.note_claim(me, span),
            Claimed::Full => tell("full", me, 0u16),
            Claimed::Closed => tell("closed", me, 0u16),
        }
        claimed
    }

    /// A claim that cannot fail.
    pub fn claim_one(&self, me: Number) -> Span {
        match self.claim(me, 1) {
            Claimed::Granted(span) => span,
            other => panic!("{other:?}"),
        }
    }

    /// The second half of a send, after which the values are the channel's.
    pub fn publish(&self, me: Number, span: Span, first: u64) {
        let queue = self.queue();
        let mut position = span.first;
        for _ in 0..span.count {
            self.guards.lock().unwrap()[queue.track.index(position)].with_mut(|_| ());
            position = queue.track.add(position, 1);
        }
        let values: Vec<Value> = (first..).take(span.count as usize).map(value).collect();
        self.sender(me).publish(span, &values, self);
        tell("sent", me, first);
        self.book.lock().unwrap().acknowledged.extend((first..).take(span.count as usize));
    }

    /// Sends if there is room.
    pub fn try_send(&self, me: Number, number: u64) -> Claimed<Span> {
        let claimed = self.claim(me, 1);
        if let Claimed::Granted(span) = claimed {
            self.publish(me, span, number);
        }
        claimed
    }

    /// Sends to where there must be room.
    pub fn send(&self, me: Number, number: u64) {
        let span = self.claim_one(me);
        self.publish(me, span, number);
    }

    /// Sends, asleep until there is room. False if the channel is closed.
    pub fn send_asleep(&self, me: Number, number: u64) -> bool {
        let queue = self.queue();
        let parker = self.futexes.parker(queue.view, me);
        match wait::take(&self.sender(me), Positions(1), self.backlog(me), &parker, self) {
            Ok(span) => {
                self.note_claim(me, span);
                self.publish(me, span, number);
                true
            }
            Err(_) => false,
        }
    }

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
        let put = |copy: Value| self.book.lock().unwrap().receive(copy);
        self.book.lock().unwrap().is_inexact = true;
        consumer.receive_many(&self.queue(), 9, put, self)
    }

    fn next<W: Want>(&self, me: Number, stand: &mut Stand, want: W) -> Next<'_, W::Grant> {
        self.backlog(me).next(&self.sender(me), stand, want, &mut WaitingThread::default(), self)
    }

    /// One turn of a sender that waits, without sleeping.
    pub fn turn(&self, me: Number, stand: &mut Stand) -> Option<Span> {
        match self.next(me, stand, Positions(1)) {
            Next::Granted(span) => {
                self.note_claim(me, span);
                Some(span)
            }
            Next::Closed | Next::Sleep(..) | Next::SleepInBacklog => None,
        }
    }

    /// One turn of a sender that waits to reserve, without sleeping. Whether it has.
    pub fn turn_to_reserve(&self, me: Number, count: u32, stand: &mut Stand) -> bool {
        let is_granted = matches!(self.next(me, stand, Permits(count)), Next::Granted(()));
        if is_granted {
            self.note(0, i64::from(count));
        }
        is_granted
    }

    /// Sleeps, waits in the line and takes turns until there is room, as [`World::send_asleep`] does after a first
    /// try. False if the channel is closed.
    pub fn wait_from(&self, me: Number, mut stand: Stand, number: u64) -> bool {
        let parker = self.futexes.parker(self.queue().view, me);
        let mut thread = WaitingThread::default();
        loop {
            let next = self.backlog(me).next(&self.sender(me), &mut stand, Positions(1), &mut thread, self);
            match next {
                Next::Granted(span) => {
                    self.note_claim(me, span);
                    self.publish(me, span, number);
                    return true;
                }
                Next::Closed => return false,
                Next::Sleep(bell, ticket) => {
                    tell("sleeps", me, ticket.0);
                    assert!(wait::Park::park(&parker, bell, ticket));
                }
                Next::SleepInBacklog => {
                    tell("sleeps in the backlog", me, 0u16);
                    assert!(wait::Park::park_in_backlog(&parker, thread.signal()));
                }
            }
        }
    }

    /// Receives, asleep until a value or the end comes.
    pub fn receive_asleep(&self, consumer: &mut Consumer) -> Option<u64> {
        let queue = self.queue();
        let parker = self.futexes.parker(queue.view, 0);
        let mut look = || match self.poll(consumer) {
            Took::Empty => None,
            other => Some(other),
        };
        let found = look().or_else(|| wait::until(&queue.view.header.receiver_bell, &parker, look));
        match found.expect("there is no deadline") {
            Took::Value(number) => Some(number),
            _ => None,
        }
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

    /// What was received, in order.
    pub fn received(&self) -> Vec<u64> {
        self.book.lock().unwrap().received.clone()
    }

    /// At rest: every acknowledged value was received exactly once, nothing else was, and the values of one sender
    /// (tens) came in its order.
    pub fn settle(&self) {
        let book = self.book.lock().unwrap();
        let mut received = book.received.clone();
        for sender in 0..10 {
            let own: Vec<u64> = received.iter().copied().filter(|number| number / 10 == sender).collect();
            assert!(own.is_sorted(), "reordered: {received:?}");
        }
        received.sort_unstable();
        assert!(received.is_sorted_by(|one, next| one < next), "doubled: {received:?}");
        let mut sent = book.acknowledged.clone();
        sent.sort_unstable();
        received.retain(|number| !book.killed.contains(&(number / 10)) || sent.contains(number));
        assert_eq!(received, sent, "lost, or never sent");
    }

    /// At rest: values go through as at the beginning, void positions are passed, all capacity is there again.
    pub fn settle_whole(&self, consumer: &mut Consumer) {
        assert_eq!(self.drain(consumer), Took::Empty);
        for number in 0..3 * self.queue().capacity() as u64 {
            self.send(4, 90 + number);
            assert_eq!(self.poll(consumer), Took::Value(90 + number));
        }
        assert!(!consumer.has_stalled(), "quarantine not empty");
        assert_eq!(consumer.nonsense(), None);
        self.settle();
        assert_eq!(self.queue().free_capacity(), self.queue().capacity() as usize, "capacity lost");
    }
}
