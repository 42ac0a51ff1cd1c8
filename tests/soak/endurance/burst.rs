//! A GiB of messages is queued in an unbounded channel while its receiver does nothing, and taken; meanwhile senders are stopped in the
//! middle of a send. Each of them keeps one chunk of memory, and nothing else.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use shmpsc::{Options, UnboundedReceiver, UnboundedSender, connect_unbounded, error::TryRecvError};

use crate::{
    Scale,
    memory::{MEBIBYTE, Memory, Message, POSITIONS, chunk, message, numbered},
    people::{
        Person, chunks::AHEAD, eventually, ledger::Ledger, next_order, room, start, tell, wait_for_parent,
    },
};

/// More than the burst needs.
const LIMIT: u64 = 2 << 30;
/// Processes that send the burst together.
const SENDERS: u64 = 4;
/// Messages that are sent in one call.
const BATCH: u64 = 1000;
/// Of how many messages a sender is in the middle when it is stopped.
const CLAIMED: u64 = 32;
/// Steps in which the burst grows, and is taken.
const STEPS: u64 = 16;

fn messages(who: u64, from: u64, count: u64) -> Vec<Message> {
    (from..from + count).map(|n| message(who, n)).collect()
}

/// Role: sends as many messages as it is told, one half alone and one in batches.
pub fn sends_bursts(who: u64, path: &Path) {
    let sender: UnboundedSender<Message> = connect_unbounded(path).unwrap();
    tell("in");
    let mut sent = 0;
    while let Some(order) = next_order() {
        let end = sent + order.parse::<u64>().expect("a number");
        let half = sent.midpoint(end);
        (sent..half).for_each(|n| sender.send(message(who, n)).expect("there is memory"));
        for from in (half..end).step_by(BATCH as usize) {
            sender.send_many(&messages(who, from, BATCH.min(end - from))).expect("there is memory");
        }
        sent = end;
        tell("sent");
    }
}

/// Role: sends one batch after the other until it is told that it is enough; then it tells how many messages that were.
pub fn sends_until_told(who: u64, path: &Path) {
    let sender: UnboundedSender<Message> = connect_unbounded(path).unwrap();
    tell("in");
    wait_for_parent();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_parent();
            is_over.store(true, Relaxed);
        });
        let mut sent = 0;
        while !is_over.load(Relaxed) {
            sent += sender.try_send_many(&messages(who, sent, CLAIMED)).unwrap_or(0) as u64;
        }
        tell(sent);
    });
}

/// The receiver, and what it knows.
struct Books {
    receiver: UnboundedReceiver<Message>,
    memory: Memory,
    ledger: Ledger,
    received: u64,
}

impl Books {
    /// Takes up to so many messages, as far as they are there.
    fn take(&mut self, most: u64) {
        let (mut buffer, mut left) = (Vec::new(), most);
        while left > 0
            && let Ok(some) = self.receiver.try_recv_many(&mut buffer, left.min(BATCH) as usize)
        {
            left -= some as u64;
            self.received += some as u64;
            buffer.drain(..).for_each(|message| self.ledger.enter(numbered(message)));
        }
    }

    fn take_all(&mut self) {
        self.take(u64::MAX);
    }

    /// Whether a sender that works no more stands in the middle of a send: a position is claimed, and nothing is there.
    fn sees_an_unfinished_send(&mut self) -> bool {
        self.take_all();
        assert_eq!(self.receiver.try_recv(), Err(TryRecvError::Empty));
        !self.receiver.is_empty()
    }
}

/// Starts a sender, and stops it in the middle of a send.
fn stopped_sender(who: u64, path: &Path, books: &mut Books) -> Person {
    let mut person = start(&format!("sends-until-told {who}"), path);
    assert_eq!(person.hear(), "in");
    person.say();
    eventually("it is stopped in the middle of a send", || {
        let before = books.ledger.count(who);
        eventually("it sends", || {
            books.take(BATCH);
            books.ledger.count(who) > before
        });
        person.stop();
        let is_inside = books.sees_an_unfinished_send();
        if !is_inside {
            person.go_on();
        }
        is_inside
    });
    person
}

/// The senders of the burst, and how many messages they have sent together.
struct Crowd {
    people: Vec<Person>,
    sent: u64,
}

impl Crowd {
    fn new(path: &Path) -> Crowd {
        let begin = |who| {
            let mut person = start(&format!("sends-bursts {who}"), path);
            assert_eq!(person.hear(), "in");
            person
        };
        Crowd { people: (0..SENDERS).map(begin).collect(), sent: 0 }
    }

    /// They send so many messages, all at once.
    fn send(&mut self, count: u64) {
        let each = count / SENDERS;
        self.people.iter_mut().for_each(|person| person.order(each));
        self.people.iter_mut().for_each(|person| assert_eq!(person.hear(), "sent"));
        self.sent += each * SENDERS;
    }

    /// One of them sends so many messages.
    fn send_alone(&mut self, count: u64) {
        assert_eq!(self.people[0].obeys(count), "sent");
        self.sent += count;
    }
}

/// What was seen.
struct Seen {
    /// Most bytes of the channel's memory.
    highest: u64,
    /// Bytes of it when all of the burst was taken, and after how many seconds.
    drained: u64,
    seconds: f64,
}

fn run(count: u64, stopped: u64) -> Seen {
    let room = room();
    let (receiver, memory) = Memory::bind(Options::new().memory_limit(LIMIT), &room.name());
    let mut books = Books { receiver, memory, ledger: Ledger::default(), received: 0 };
    let mut crowd = Crowd::new(&room.name());
    let inside: Vec<_> = (0..stopped)
        .map(|at| {
            let who = SENDERS + at;
            let person = stopped_sender(who, &room.name(), &mut books);
            // The next one stands in another chunk.
            crowd.send_alone(2 * POSITIONS);
            books.take_all();
            (who, person)
        })
        .collect();
    assert!(books.receiver.is_empty(), "whoever is stopped is passed");
    let by_stopped: u64 = inside.iter().map(|(who, _)| books.ledger.count(*who)).sum();
    assert_eq!(books.received, crowd.sent + by_stopped);
    books.memory.is_bounded(&books.receiver, stopped);

    let mut highest = 0;
    for _ in 0..STEPS {
        crowd.send(count / STEPS);
        books.memory.is_bounded(&books.receiver, stopped);
        highest = highest.max(books.memory.at_rest(&books.receiver));
    }
    let whole = crowd.sent + by_stopped;
    assert_eq!(books.receiver.len() as u64, whole - books.received, "nobody is held up");
    for _ in 0..STEPS {
        books.take(count / STEPS);
        books.memory.is_bounded(&books.receiver, stopped);
    }
    let empty = Instant::now();
    assert_eq!((books.received, books.receiver.len()), (whole, 0), "all of it came");
    let mut drained = books.memory.at_rest(&books.receiver);
    while drained >= 2 * MEBIBYTE && empty.elapsed() < Duration::from_secs(1) {
        drained = books.memory.at_rest(&books.receiver);
    }
    let seconds = empty.elapsed().as_secs_f64();
    assert!(drained < 2 * MEBIBYTE, "{drained} bytes of memory a second after all was taken");

    for ((who, mut person), kept) in inside.into_iter().zip((0..stopped).rev()) {
        let before = books.ledger.count(who);
        person.go_on();
        person.say();
        let sent: u64 = person.hear().parse().expect("a number");
        books.take_all();
        assert!(sent > before, "what it was sending");
        assert_eq!(books.ledger.count(who), sent, "what it was sending comes too");
        books.memory.is_bounded(&books.receiver, kept);
        person.end();
    }
    // The last part of the stream that ends has just done so: it is known how many chunks there are.
    crowd.send_alone(3 * POSITIONS + 1 - books.received % POSITIONS);
    books.take_all();
    let in_use = books.memory.at_rest(&books.receiver);
    assert_eq!(books.memory.chunks(&books.receiver), 1 + AHEAD, "{in_use} bytes: each chunk has gone back");
    for (who, person) in (0..).zip(crowd.people) {
        assert!(books.ledger.count(who) > 0);
        person.end();
    }
    Seen { highest, drained, seconds }
}

/// Shows T5.
pub fn show(scale: Scale) {
    let bytes = scale.of(1 << 30);
    let count = (bytes / size_of::<Message>() as u64).next_multiple_of(STEPS * SENDERS);
    for stopped in [0, 1, 8] {
        let began = Instant::now();
        let Seen { highest, drained, seconds } = run(count, stopped);
        println!(
            "   {stopped} stopped in the middle of a send: {} MiB of messages queued by {SENDERS} others and taken, each once \
             and in order; {} MiB of memory at most, {} KiB {:.1} ms after the last was taken; {} KiB is a chunk; in the end all \
             but {} chunks have gone back; {:.1} s",
            bytes >> 20,
            highest >> 20,
            drained >> 10,
            seconds * 1e3,
            chunk() >> 10,
            1 + AHEAD,
            began.elapsed().as_secs_f64()
        );
    }
}
