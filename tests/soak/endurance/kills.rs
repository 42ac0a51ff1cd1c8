//! A hundred processes send bursts into an unbounded channel, whose receiver is slow and fast by turns. The senders are killed at random,
//! one after the other: what was acknowledged comes, once and in order, and in the end the channel has what it had at the start.

use std::{
    ops::Range,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use shmpsc::{Options, UnboundedReceiver, UnboundedSender, connect_unbounded, error::TrySendUnboundedError};

use crate::{
    Scale,
    acknowledgements::Acknowledgements,
    memory::{MEBIBYTE, Memory, Message, message, most_chunks, numbered, room_for},
    people::{
        Room,
        chance::Chance,
        eventually,
        ledger::Ledger,
        room, start, tell, wait_for_parent,
        watch::{Holdings, holdings},
    },
    places::free_places,
};

const SENDERS: u64 = 100;
/// They come to it often: they are many times faster than a slow receiver.
const LIMIT: u64 = 64 * MEBIBYTE;
/// Numbers that processes can have: they are given again and again.
const MEMBERS: usize = 128;
/// Most messages of a burst: some chunks full.
const MOST: u64 = 5000;
/// So many messages in the queue are few.
const SHORT: u64 = 1000;

/// Behind the places for what is acknowledged: those for whether a sender sends.
const SENDS: u64 = 1 << 20;

/// The number of this process's own sender.
const OWN: u64 = u64::MAX;

/// Role: sends burst after burst until it is killed. It often waits until the queue is short: so the receiver comes to sends that are not
/// finished. While it sends it says so in a place of its own.
pub fn sends_bursts_till_killed(who: u64, path: &Path) {
    let acknowledgements = Acknowledgements::beside(path);
    let sender: UnboundedSender<Message> = connect_unbounded(path).unwrap();
    let mut chance = Chance::new(who);
    tell("in");
    wait_for_parent();
    let mut sent = 0;
    loop {
        let count = 1 + if chance.once_in(2) { 0 } else { chance.below(MOST) };
        let burst: Vec<_> = (sent..sent + count).map(|n| message(who, n)).collect();
        let is_patient = chance.once_in(2);
        while is_patient && sender.len() as u64 > SHORT {
            thread::sleep(Duration::from_millis(1));
        }
        acknowledgements.write(SENDS + who, 1);
        let tried = sender.try_send_many(&burst);
        acknowledgements.write(SENDS + who, 0);
        match tried {
            Ok(some) => sent += some as u64,
            Err(refused) => {
                assert_eq!(refused, TrySendUnboundedError::Limit(()));
                thread::sleep(Duration::from_millis(1));
            }
        }
        acknowledgements.write(who, sent);
    }
}

/// What the receiver has seen.
#[derive(Default)]
struct Seen {
    ledger: Ledger,
    /// Most messages in the queue.
    deepest: u64,
    /// Most chunks beyond those that the queue needs if no sender is in the middle of anything.
    beyond: u64,
}

impl Seen {
    fn enter(&mut self, received: Message) -> bool {
        let [who, n] = numbered(received);
        self.ledger.enter([who, n]);
        who == OWN
    }

    /// Each sender can be in the middle of a send, and of making a chunk memory, when it is killed, or does not run for a while.
    fn look(&mut self, receiver: &UnboundedReceiver<Message>, memory: &Memory) {
        // First: the queue grows meanwhile.
        let chunks = memory.chunks(receiver);
        let queued = receiver.len() as u64;
        let most = most_chunks(queued, 2 * SENDERS);
        assert!(chunks <= most, "{chunks} chunks for {queued} messages");
        self.deepest = self.deepest.max(queued);
        self.beyond = self.beyond.max(chunks.saturating_sub(most_chunks(queued, 0)));
    }
}

/// Receives to a message of this process's own sender, slowly and fast by turns.
fn drain(receiver: &mut UnboundedReceiver<Message>, memory: &Memory, seen: &mut Seen) {
    let mut buffer = Vec::new();
    let mut chance = Chance::new(seen.deepest);
    let (_never, nothing) = mpsc::channel::<()>();
    loop {
        let until = Instant::now() + Duration::from_millis(chance.below(50));
        let is_slow = chance.once_in(2);
        while Instant::now() < until {
            let limit = if is_slow { 1 } else { 1 + chance.below(MOST) };
            let count = receiver.blocking_recv_many(&mut buffer, limit as usize);
            assert!(count > 0, "the last message has not come yet");
            let mut is_last = false;
            buffer.drain(..).for_each(|message| is_last |= seen.enter(message));
            if is_last {
                return;
            }
            if is_slow {
                // Not for anything to happen: the queue is to grow.
                let _ = nothing.recv_timeout(Duration::from_micros(chance.below(200)));
            }
        }
        seen.look(receiver, memory);
    }
}

/// Senders come, and are killed in any order, each other one as soon as it sends.
fn come_and_die(room: &Room, everybody: Range<u64>, acknowledgements: &Acknowledgements) {
    let mut chance = Chance::new(everybody.start);
    let begin = |who| {
        let mut person = start(&format!("sends-bursts-till-killed {who}"), &room.name());
        assert_eq!(person.hear(), "in");
        (who, person)
    };
    let mut people: Vec<_> = everybody.map(begin).collect();
    people.iter_mut().for_each(|(_, person)| person.say());
    chance.shuffle(&mut people);
    let (_never, nothing) = mpsc::channel::<()>();
    for (who, mut person) in people {
        // Not for anything to happen: whoever is killed has worked for a while.
        let _ = nothing.recv_timeout(Duration::from_millis(chance.below(20)));
        if who.is_multiple_of(2) {
            eventually("it sends", || acknowledgements.read(SENDS + who) == 1);
        }
        person.kill();
    }
}

/// What became of the messages of those that were killed.
#[derive(Default)]
struct Tally {
    acknowledged: u64,
    received: u64,
    /// How many were killed when some of a burst was sent and not acknowledged.
    in_a_burst: u64,
}

/// A channel whose senders come and die.
struct World {
    room: Room,
    receiver: UnboundedReceiver<Message>,
    memory: Memory,
    /// This process's sender.
    own: UnboundedSender<Message>,
    sent: u64,
    seen: Seen,
}

impl World {
    /// Sends a message of this process's own.
    fn send(&mut self) -> bool {
        let is_sent = self.own.try_send(message(OWN, self.sent)).is_ok();
        self.sent += u64::from(is_sent);
        is_sent
    }

    /// What is there, if anything, is taken.
    fn take_all(&mut self) {
        while let Ok(message) = self.receiver.try_recv() {
            self.seen.enter(message);
        }
    }

    /// All come and die; then what came is what had to.
    fn round(&mut self, round: u64, acknowledgements: &Acknowledgements, tally: &mut Tally) {
        let everybody = round * SENDERS..(round + 1) * SENDERS;
        for who in everybody.clone() {
            [who, SENDS + who].iter().for_each(|place| acknowledgements.write(*place, 0));
        }
        let World { room, receiver, memory, own, sent, seen } = self;
        thread::scope(|scope| {
            let drains = scope.spawn(|| drain(receiver, memory, seen));
            come_and_die(room, everybody.clone(), acknowledgements);
            let last = message(OWN, *sent);
            eventually("there is memory for the last message", || own.try_send(last).is_ok());
            *sent += 1;
            drains.join().expect("each once and in order");
        });
        eventually("all have gone", || self.receiver.sender_strong_count() == 1);
        self.take_all();
        assert_eq!(self.receiver.len(), 0);
        self.seen.look(&self.receiver, &self.memory);
        let in_use = self.memory.at_rest(&self.receiver);
        assert!(in_use < 2 * MEBIBYTE, "{in_use} bytes of memory with nothing queued");
        for who in everybody {
            let (sent, came) = (acknowledgements.read(who), self.seen.ledger.count(who));
            assert!((sent..=sent + MOST).contains(&came), "from {who}: {came} of {sent}");
            self.seen.ledger.strike_out(who);
            tally.acknowledged += sent;
            tally.received += came;
            tally.in_a_burst += u64::from(came > sent);
        }
    }

    /// The stream comes to each chunk once more. So what was made memory too late is given back.
    fn come_round(&mut self) {
        for _ in 0..room_for(LIMIT) + MOST {
            assert!(self.send());
            self.take_all();
        }
    }

    fn free_places(&self) -> String {
        free_places("joins-bursts-till-full", &self.room, || self.own.strong_count() == 1)
    }
}

/// Shows T6.
pub fn show(scale: Scale) {
    let rounds = scale.of(1000).div_ceil(SENDERS);
    let room = room();
    let acknowledgements = Acknowledgements::of(&room);
    let (receiver, memory) =
        Memory::bind(Options::new().memory_limit(LIMIT).max_processes(MEMBERS), &room.name());
    let own = connect_unbounded(room.name()).unwrap();
    let mut world = World { room, receiver, memory, own, sent: 0, seen: Seen::default() };
    let held = || holdings(std::process::id());
    let before = held();
    let places = world.free_places();
    let began = Instant::now();
    let mut tally = Tally::default();
    for round in 0..rounds {
        world.round(round, &acknowledgements, &mut tally);
    }
    let Tally { acknowledged, received, in_a_burst } = tally;
    let seconds = began.elapsed().as_secs_f64();
    let drained = world.memory.at_rest(&world.receiver);
    world.come_round();
    let round = world.memory.at_rest(&world.receiver);
    world.memory.is_bounded(&world.receiver, 0);
    let places_after = world.free_places();
    let counts = |held: Holdings| [held.threads, held.descriptors, held.segments];
    eventually("all that was held for others is closed", || counts(held()) == counts(before));
    let after = held();
    println!(
        "   {} senders of bursts killed, {in_a_burst} of them in the middle of one: {acknowledged} messages acknowledged, {received} \
         received, each once and in order; up to {} MiB queued, and up to {} chunks more than if none was in the middle of a send; \
         {seconds:.1} s",
        rounds * SENDERS,
        (world.seen.deepest * size_of::<Message>() as u64) >> 20,
        world.seen.beyond
    );
    println!(
        "   then {} KiB of memory, {} KiB once the stream had come to each chunk again; free places {places} and {places_after}",
        drained >> 10,
        round >> 10
    );
    println!("   at the start {before:?}");
    println!("   at the end   {after:?}");
    assert_eq!(places, places_after);
}
