//! For ten minutes up to 16 sender processes join, hand themselves over, leave, are stopped, go on and are killed, at random, in a
//! channel of each kind: each message comes once, and in the end the receiver's process holds what it held at the start.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use shmpsc::{Options, UnboundedSender};

use crate::{
    Scale,
    acknowledgements::Acknowledgements,
    memory::MEBIBYTE,
    people::{
        Person, Room, Value,
        chance::Chance,
        eventually,
        how::{How, Runner},
        kinds::{Kind, Receiving, Sending},
        ledger::Ledger,
        next_order, room, start,
        watch::{Holdings, holdings},
    },
    places::free_places,
    trials::permits::{MOST, Worker, numbered},
};

const PLACES: usize = 16;
/// Tasks that send in each process.
const WORKERS: u64 = 2;
const CAPACITY: usize = 200;
/// Bytes of memory, where the channel is unbounded.
const LIMIT: u64 = 16 * MEBIBYTE;
/// Numbers that processes can have: they are given again many times over.
const MEMBERS: usize = 48;

/// Instead of a worker's name: from here on nothing comes from this process, whose number follows.
const GONE: u64 = u64::MAX - 1;
const LAST: Value = [u64::MAX, 0];

fn place_of(place: u64, worker: u64) -> u64 {
    place * WORKERS + worker
}

/// Sends in all ways that an unbounded channel has. `sent` hears how many values have been acknowledged so far.
async fn works_unbounded(
    who: u64,
    sender: UnboundedSender<Value>,
    is_over: Arc<AtomicBool>,
    mut sent: impl FnMut(u64),
) {
    let mut chance = Chance::new(who);
    let mut next = 0;
    while !is_over.load(Relaxed) {
        let count = 1 + chance.below(MOST);
        let values: Vec<Value> = (next..next + count).map(|n| [who, n]).collect();
        let before = next;
        next += match chance.below(5) {
            0 => u64::from(sender.send(values[0]).is_ok()),
            1 => u64::from(sender.clone().try_send(values[0]).is_ok()),
            2 => u64::from(sender.downgrade().upgrade().is_some_and(|again| again.send(values[0]).is_ok())),
            3 => sender.send_many(&values).map_or_else(|error| error.sent as u64, |()| count),
            _ => sender.try_send_many(&values).unwrap_or(0) as u64,
        };
        if next == before {
            assert!(!sender.is_closed(), "the limit is reached");
            thread::yield_now();
        }
        sent(next);
    }
}

/// Role: sends in all ways until it is told to leave, or killed.
pub fn lives_a_life(kind: Kind, place: u64, generation: u64, path: &Path) {
    let acknowledgements = Arc::new(Acknowledgements::beside(path));
    let mut sender = kind.connect(Options::new(), path).unwrap();
    if generation.is_multiple_of(3) {
        sender = kind.sender_from_fd(Options::new(), sender.into_fd().unwrap()).unwrap();
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let runtime = [How::CurrentThread, How::MultiThread][generation as usize % 2];
    let work = |(at, how)| {
        let (acknowledgements, mut before) = (acknowledgements.clone(), 0);
        let acknowledge = move |sent: u64| {
            if sent != before {
                before = sent;
                acknowledgements.write(place_of(place, at), sent);
            }
        };
        let (who, sender, is_over) = (generation * WORKERS + at, sender.clone(), is_over.clone());
        thread::spawn(move || match sender {
            Sending::Bounded(sender) => {
                let worker = Worker::new(who, how, MOST, 0);
                Runner::new(how).run(worker.work(sender, is_over, acknowledge));
            }
            Sending::Unbounded(sender) => {
                Runner::new(how).run(works_unbounded(who, sender, is_over, acknowledge));
            }
        })
    };
    let workers: Vec<_> = (0..WORKERS).zip([How::Plain, runtime]).map(work).collect();
    drop(sender);
    let _ = next_order();
    is_over.store(true, Relaxed);
    workers.into_iter().for_each(|worker| worker.join().expect("it ends well"));
}

/// What has happened.
#[derive(Default, Debug)]
struct Tally {
    joined: u64,
    left: u64,
    killed: u64,
    killed_while_stopped: u64,
    stopped: u64,
}

/// A process in its place.
struct Guest {
    person: Person,
    generation: u64,
    is_stopped: bool,
    is_leaving: bool,
}

/// What is known of a process that is gone.
struct Gone {
    generation: u64,
    acknowledged: [u64; WORKERS as usize],
    was_killed: bool,
}

/// The places, and those who are in them.
struct Crowd<'a> {
    kind: Kind,
    room: &'a Room,
    acknowledgements: Acknowledgements,
    places: [Option<Guest>; PLACES],
    generations: u64,
    chance: Chance,
    tally: Tally,
    gone: mpsc::Sender<Gone>,
}

impl Crowd<'_> {
    /// When it ends nobody is left, and nobody will be announced.
    fn live(mut self, until: Instant) -> Tally {
        let (_never, nothing) = mpsc::channel::<()>();
        while Instant::now() < until {
            // Not for anything to happen: they are to get some work done.
            let _ = nothing.recv_timeout(Duration::from_millis(self.chance.below(10)));
            let place = self.chance.below(PLACES as u64) as usize;
            self.something_happens(place);
        }
        for guest in self.places.iter_mut().flatten() {
            guest.go_on();
            guest.leave();
        }
        for place in 0..PLACES {
            let Some(guest) = &mut self.places[place] else { continue };
            eventually("it leaves", || guest.person.has_ended());
            self.has_left(place);
        }
        self.tally
    }

    fn something_happens(&mut self, place: usize) {
        let what = self.chance.below(6);
        let Some(guest) = &mut self.places[place] else { return self.joins(place) };
        if guest.is_leaving && !guest.is_stopped && guest.person.has_ended() {
            return self.has_left(place);
        }
        match what {
            0 if !guest.is_leaving => {
                guest.go_on();
                guest.leave();
            }
            0 | 1 => {
                guest.person.kill();
                let was_stopped = guest.is_stopped;
                self.tally.killed += 1;
                self.tally.killed_while_stopped += u64::from(was_stopped);
                self.is_gone(place, true);
            }
            _ if guest.is_stopped => guest.go_on(),
            _ => {
                guest.person.signal_stop();
                guest.is_stopped = true;
                self.tally.stopped += 1;
            }
        }
    }

    fn joins(&mut self, place: usize) {
        let generation = self.generations;
        self.generations += 1;
        for worker in 0..WORKERS {
            self.acknowledgements.write(place_of(place as u64, worker), 0);
        }
        let role = format!("lives-a-life {} {place} {generation}", self.kind);
        let person = start(&role, &self.room.name());
        self.places[place] = Some(Guest { person, generation, is_stopped: false, is_leaving: false });
        self.tally.joined += 1;
    }

    fn has_left(&mut self, place: usize) {
        self.tally.left += 1;
        self.is_gone(place, false);
    }

    fn is_gone(&mut self, place: usize, was_killed: bool) {
        let guest = self.places[place].take().expect("it was there");
        let acknowledged = [0, 1].map(|worker| self.acknowledgements.read(place_of(place as u64, worker)));
        let gone = Gone { generation: guest.generation, acknowledged, was_killed };
        self.gone.send(gone).expect("somebody listens");
    }
}

impl Guest {
    fn go_on(&mut self) {
        if self.is_stopped {
            self.person.go_on();
            self.is_stopped = false;
        }
    }

    fn leave(&mut self) {
        // Who was told before may have gone already.
        if !self.is_leaving {
            self.is_leaving = true;
            self.person.say();
        }
    }
}

/// What the receiver knows.
#[derive(Default)]
struct Books {
    gone: Mutex<Vec<Gone>>,
    messages: AtomicU64,
    acknowledged: AtomicU64,
}

impl Books {
    /// Receives to the last value.
    fn keep(&self, mut receiver: Receiving) -> Receiving {
        let mut ledger = Ledger::default();
        let (mut buffer, mut messages) = (Vec::new(), 0);
        for limit in (1..20).cycle() {
            assert!(receiver.blocking_recv_many(&mut buffer, limit) > 0, "the last value has not come yet");
            for value in buffer.drain(..) {
                match value {
                    LAST => {
                        self.messages.store(messages, Relaxed);
                        return receiver;
                    }
                    [GONE, generation] => self.close_account(&mut ledger, generation),
                    value => {
                        ledger.enter(numbered(value));
                        messages += 1;
                    }
                }
            }
        }
        unreachable!("it goes on until the last value");
    }

    /// What was acknowledged has come; from who was killed in the middle of something, perhaps what that was.
    fn close_account(&self, ledger: &mut Ledger, generation: u64) {
        let mut gone = self.gone.lock().unwrap();
        let at = gone.iter().position(|gone| gone.generation == generation).expect("it is announced");
        let gone = gone.swap_remove(at);
        for (worker, sent) in (0..).zip(gone.acknowledged) {
            let who = generation * WORKERS + worker;
            let received = ledger.count(who);
            let under_way = if gone.was_killed { MOST } else { 0 };
            assert!((sent..=sent + under_way).contains(&received), "from {who}: {received} of {sent}");
            self.acknowledged.fetch_add(sent, Relaxed);
            ledger.strike_out(who);
        }
    }
}

/// All live for a while, and leave.
fn live(
    kind: Kind,
    receiver: Receiving,
    own: &Sending,
    crowd_room: &Room,
    seed: u64,
    time: Duration,
) -> Phase {
    let books = Books::default();
    let (gone, is_gone) = mpsc::channel::<Gone>();
    let crowd = Crowd {
        kind,
        room: crowd_room,
        acknowledgements: Acknowledgements::of(crowd_room),
        places: Default::default(),
        generations: seed,
        chance: Chance::new(seed),
        tally: Tally::default(),
        gone,
    };
    let (mut receiver, tally) = thread::scope(|scope| {
        let keeps = scope.spawn(|| books.keep(receiver));
        // It waits in the line, behind those who are stopped; nobody goes on who waits for it.
        scope.spawn(|| {
            for gone in is_gone {
                let generation = gone.generation;
                books.gone.lock().unwrap().push(gone);
                own.blocking_send([GONE, generation]).unwrap();
            }
            own.blocking_send(LAST).unwrap();
        });
        let tally = crowd.live(Instant::now() + time);
        (keeps.join().expect("each once and in order"), tally)
    });
    eventually("all have gone", || receiver.sender_strong_count() == 1);
    match &mut receiver {
        Receiving::Bounded(receiver) => {
            eventually("the capacity is whole", || receiver.capacity() == CAPACITY);
        }
        Receiving::Unbounded(receiver) => {
            // What stopped senders have kept, or made memory too late, is little by now.
            eventually("the memory has gone back", || {
                receiver.try_recv().is_err() && receiver.memory_in_use() < 2 * MEBIBYTE
            });
        }
    }
    let acknowledged = books.acknowledged.into_inner();
    Phase { receiver, tally, messages: books.messages.into_inner(), acknowledged }
}

struct Phase {
    receiver: Receiving,
    tally: Tally,
    messages: u64,
    acknowledged: u64,
}

/// Shows T8.
pub fn show(scale: Scale) {
    Kind::ALL.into_iter().for_each(|kind| show_one(kind, Duration::from_secs(scale.of(600))));
}

fn show_one(kind: Kind, length: Duration) {
    let room = room();
    let options = Options::new().capacity(CAPACITY).memory_limit(LIMIT).max_processes(MEMBERS);
    let receiver = kind.bind(options, &room.name()).unwrap();
    let own = kind.connect(Options::new(), &room.name()).unwrap();
    let free_places = || free_places(&format!("joins-till-full {kind}"), &room, || own.strong_count() == 1);
    let counts = |held: Holdings| [held.threads, held.descriptors, held.segments];
    let alone = counts(holdings(std::process::id()));
    let held_alone = || {
        eventually("all that was held for others is closed", || {
            counts(holdings(std::process::id())) == alone
        });
        holdings(std::process::id())
    };
    let warm = live(kind, receiver, &own, &room, 0, length / 10);
    let places = free_places();
    let before = held_alone();
    let Phase { receiver, tally, messages, acknowledged } =
        live(kind, warm.receiver, &own, &room, 1_000_000, length);
    let places_after = free_places();
    let after = held_alone();
    let Tally { joined, left, killed, killed_while_stopped, stopped } = tally;
    println!(
        "   {kind}: {} s with up to {PLACES} processes: {joined} joined, {left} left, {killed} killed, {killed_while_stopped} of them \
         while stopped, {stopped} times stopped",
        length.as_secs()
    );
    println!(
        "   {acknowledged} messages acknowledged, {messages} received, each once and in order; {}; free places {places} and \
         {places_after}",
        if kind == Kind::Bounded { "capacity whole" } else { "under 2 MiB of memory" }
    );
    println!("   at the start {before:?}");
    println!("   at the end   {after:?}");
    assert_eq!(joined, left + killed);
    assert_eq!(places, places_after);
    // The allocator of the tests is at liberty to keep some.
    assert!(after.memory < before.memory + 8 * 1024 && after.mappings < before.mappings + 16);
    drop(receiver);
}
