//! 8 processes take capacity, use it, give it back, are cancelled while they wait for it, and forget it; again and again one of
//! them is killed. In the end all the capacity is there.

use std::{
    collections::HashMap,
    path::Path,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    task::Poll,
    thread,
    time::Duration,
};

use shmpsc::{Options, OwnedPermit, Permit, Receiver, Sender, error::TrySendError};

use crate::people::{
    Person, Room, Value,
    chance::Chance,
    eventually,
    how::{How, Runner},
    ledger::Ledger,
    next_order, room, start, tell,
};

const PROCESSES: u64 = 8;
/// Tasks that work in each process.
const WORKERS: u64 = 2;
/// Numbers that processes can have. They must be given again, or few generations could live.
const MEMBERS: usize = 2 * PROCESSES as usize;

/// Most capacity that is asked for at once.
pub const MOST: u64 = 8;

const OPEN: &str = "the channel is open";

/// The last value, which is not a worker's.
const LAST: Value = [u64::MAX, 0];

/// A task that does one thing after another.
pub struct Worker {
    who: u64,
    how: How,
    chance: Chance,
    /// Most capacity that it asks for at once, at most [`MOST`].
    most: u64,
    /// How many permits it may still forget.
    forgets: u64,
    /// For how many rounds it does not wait, so that it is killed in the middle of taking or giving rather than asleep.
    hurries: u64,
    sent: u64,
    rounds: u64,
}

impl Worker {
    pub fn new(who: u64, how: How, most: u64, forgets: u64) -> Worker {
        Worker { who, how, chance: Chance::new(who), most, forgets, hurries: 0, sent: 0, rounds: 0 }
    }

    /// `sent` hears after each thing how many values have been acknowledged so far.
    pub async fn work(mut self, sender: Sender<Value>, is_over: Arc<AtomicBool>, mut sent: impl FnMut(u64)) {
        while !is_over.load(Relaxed) {
            self.rounds += u64::from(self.round(&sender).await);
            sent(self.sent);
        }
    }

    /// Its next value: `[who, {rounds: 32 | n: 32}]`.
    fn next(&mut self) -> Value {
        let value = [self.who, self.rounds << 32 | self.sent];
        self.sent += 1;
        value
    }

    /// One thing. Tells whether it came to anything.
    async fn round(&mut self, sender: &Sender<Value>) -> bool {
        if self.hurries > 0 {
            self.hurries -= 1;
            return self.try_something(sender);
        }
        if self.chance.once_in(8) {
            self.hurries = self.chance.below(20_000);
        }
        if self.chance.once_in(3) {
            return self.try_something(sender);
        }
        self.wait_for_something(sender).await;
        true
    }

    /// Tells whether anything was free.
    fn try_something(&mut self, sender: &Sender<Value>) -> bool {
        match self.chance.below(4) {
            0 => free(sender.try_reserve()).map(|permit| self.spend(permit)).is_some(),
            1 => {
                let permits = free(sender.try_reserve_many(self.some()));
                permits.map(|permits| self.spend_each(permits)).is_some()
            }
            2 => {
                let permit = free(sender.clone().try_reserve_owned());
                permit.map(|permit| self.spend_owned(permit)).is_some()
            }
            _ => {
                let value = self.next();
                let is_sent = free(sender.try_send(value)).is_some();
                self.sent -= u64::from(!is_sent);
                is_sent
            }
        }
    }

    /// Nobody waits while he holds capacity, or all could wait for each other.
    async fn wait_for_something(&mut self, sender: &Sender<Value>) {
        let some = self.some();
        match self.chance.below(10) {
            0 => self.spend(sender.reserve().await.expect(OPEN)),
            1 | 2 => self.spend_each(sender.reserve_many(some).await.expect(OPEN)),
            3 => self.spend_owned(sender.clone().reserve_owned().await.expect(OPEN)),
            4 => drop(self.give_up(sender.reserve()).await),
            5 => drop(self.give_up(sender.reserve_many(some)).await),
            6 => drop(self.give_up(sender.clone().reserve_owned()).await),
            7 => {
                let value = self.next();
                let sent = self.give_up(sender.send(value)).await;
                self.sent -= u64::from(sent.is_none());
            }
            _ if self.how == How::Plain => sender.blocking_send(self.next()).expect(OPEN),
            _ => sender.send(self.next()).await.expect(OPEN),
        }
    }

    fn some(&mut self) -> usize {
        1 + self.chance.below(self.most) as usize
    }

    /// Waits for a while, and then no longer.
    async fn give_up<R>(&mut self, waits: impl Future<Output = R>) -> Option<R> {
        let mut waits = pin!(waits);
        let mut looks = 1 + self.chance.below(4);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(came) = waits.as_mut().poll(cx) {
                return Poll::Ready(Some(came));
            }
            looks -= 1;
            if looks == 0 {
                return Poll::Ready(None);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Spends some, and drops the others together.
    fn spend_each<'a>(&mut self, mut permits: impl Iterator<Item = Permit<'a, Value>>) {
        while !self.chance.once_in(8)
            && let Some(permit) = permits.next()
        {
            self.spend(permit);
        }
    }

    fn spend(&mut self, permit: Permit<'_, Value>) {
        match self.chance.below(16) {
            0 if self.may_forget() => std::mem::forget(permit),
            0..8 => drop(permit),
            _ => permit.send(self.next()),
        }
    }

    fn spend_owned(&mut self, permit: OwnedPermit<Value>) {
        match self.chance.below(16) {
            // Its handle is forgotten with it.
            0 if self.may_forget() => std::mem::forget(permit),
            0..4 => drop(permit),
            4..8 => drop(permit.release()),
            _ => drop(permit.send(self.next())),
        }
    }

    fn may_forget(&mut self) -> bool {
        let may = self.forgets > 0;
        self.forgets -= u64::from(may);
        may
    }
}

/// A worker's value without its rounds: who sent it, and the how many-th it is.
pub fn numbered([who, word]: Value) -> Value {
    [who, word & 0xffff_ffff]
}

/// What was free, if anything.
fn free<R, E>(tried: Result<R, TrySendError<E>>) -> Option<R> {
    match tried {
        Ok(got) => Some(got),
        Err(TrySendError::Full(_)) => None,
        Err(TrySendError::Closed(_)) => panic!("{OPEN}"),
    }
}

/// Role: works until it is told to end, or killed. Then it looks, as often as it is asked, whether so much capacity can be
/// had, and no more.
pub fn works(generation: u64, most: u64, forgets: u64, path: &Path) {
    let sender: Sender<Value> = shmpsc::connect(path).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let runtime = [How::CurrentThread, How::MultiThread][generation as usize % 2];
    let work = |(at, how)| {
        let worker = Worker::new(generation * WORKERS + at, how, most, forgets);
        let work = worker.work(sender.clone(), is_over.clone(), |_| {});
        thread::spawn(move || Runner::new(how).run(work))
    };
    let workers: Vec<_> = (0..WORKERS).zip([How::Plain, runtime]).map(work).collect();
    tell("in");
    let _ = next_order();
    is_over.store(true, Relaxed);
    workers.into_iter().for_each(|worker| worker.join().expect("it ends well"));
    tell("done");
    while let Some(order) = next_order() {
        let permits = sender.try_reserve_many(order.parse().expect("a number"));
        tell(permits.is_ok() && sender.try_reserve().is_err());
    }
}

/// What happened in all.
#[derive(Debug)]
pub struct Tally {
    /// How often anybody got something, or gave up waiting for it.
    pub rounds: u64,
    /// What of it came to the receiver.
    pub values: u64,
    pub killed: u64,
}

/// What the capacity is for.
#[derive(Clone, Copy)]
pub struct Shares {
    pub capacity: usize,
    /// Held all the time by the receiver's process, which lives. Nobody may give back more than the dead had.
    pub kept: usize,
    /// How many permits each worker may forget.
    pub forgotten: u64,
}

impl Shares {
    /// Some capacity is enough for all that happens, some is always too small.
    pub const ALL: [Shares; 3] = [
        Shares { capacity: 200, kept: 50, forgotten: 2 },
        Shares { capacity: 60, kept: 20, forgotten: 2 },
        Shares { capacity: 1, kept: 0, forgotten: 0 },
    ];

    /// So much is left when all have forgotten what they may.
    fn most(self) -> u64 {
        MOST.min((self.capacity - self.kept) as u64 - PROCESSES * WORKERS * self.forgotten)
    }
}

/// At least so many rounds and kills.
pub fn run(shares: Shares, rounds: u64, kills: u64) -> Tally {
    let room = room();
    let options = Options::new().capacity(shares.capacity).max_processes(MEMBERS).end_with_last_sender();
    let receiver = options.bind(room.name()).unwrap();
    let own: Sender<Value> = shmpsc::connect(room.name()).unwrap();
    let (done, mut killed) = (AtomicU64::new(0), 0);
    let mut generations = 0..;
    let mut come = |place| {
        let generation: u64 = generations.next().expect("there is no end");
        // The first one is to be the last, and forgets nothing.
        let forgets = if place == 0 { 0 } else { shares.forgotten };
        come_to_work(generation, shares.most(), forgets, &room)
    };
    thread::scope(|scope| {
        let drains = scope.spawn(|| drain(receiver, &done));
        let (own, mut chance) = (own, Chance::new(shares.capacity as u64));
        let kept = own.try_reserve_many(shares.kept).unwrap();
        let mut people: Vec<_> = (0..PROCESSES as usize).map(&mut come).collect();
        let (_never, nothing) = mpsc::channel::<()>();
        while killed < kills || done.load(Relaxed) < rounds {
            // Not for anything to happen: whoever is killed has worked for a while.
            let _ = nothing.recv_timeout(Duration::from_millis(50 + chance.below(100)));
            let place = chance.below(PROCESSES) as usize;
            people[place].kill();
            killed += 1;
            people[place] = come(place);
        }
        people.iter_mut().for_each(Person::say);
        people.iter_mut().for_each(|person| assert_eq!(person.hear(), "done"));
        let mut last = people.swap_remove(0);
        people.into_iter().for_each(Person::end);
        own.blocking_send(LAST).unwrap();
        let (mut receiver, values) = drains.join().expect("it ends well");

        let mut is_free = |capacity: usize| {
            eventually("the capacity is whole", || receiver.capacity() == capacity);
            last.order(capacity);
            assert_eq!(last.hear(), "true", "all of it can be had, and no more");
        };
        is_free(shares.capacity - shares.kept);
        drop(kept);
        is_free(shares.capacity);
        drop(own);
        eventually("one sender is left", || receiver.sender_strong_count() == 1);
        last.end();
        assert_eq!(receiver.blocking_recv(), None);
        Tally { rounds: done.load(Relaxed), values, killed }
    })
}

fn come_to_work(generation: u64, most: u64, forgets: u64, room: &Room) -> Person {
    let role = format!("works-with-permits {generation} {most} {forgets}");
    let mut person = start(&role, &room.name());
    assert_eq!(person.hear(), "in");
    person
}

/// Receives to the last value, counts what the workers have `done`, and tells how many values came.
fn drain(mut receiver: Receiver<Value>, done: &AtomicU64) -> (Receiver<Value>, u64) {
    let mut ledger = Ledger::default();
    let mut rounds = HashMap::new();
    let (mut buffer, mut values) = (Vec::new(), 0);
    for limit in (1..20).cycle() {
        assert!(receiver.blocking_recv_many(&mut buffer, limit) > 0, "the last value has not come yet");
        for value in buffer.drain(..) {
            if value == LAST {
                return (receiver, values);
            }
            let [who, word] = value;
            ledger.enter(numbered(value));
            let before = rounds.insert(who, word >> 32).unwrap_or(0);
            done.fetch_add((word >> 32) - before, Relaxed);
            values += 1;
        }
    }
    unreachable!("it goes on until the last value");
}
