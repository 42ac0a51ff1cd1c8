//! A member writes over everything that it can map, while the receiver and other senders work: nobody crashes, nobody hangs, and a
//! channel that cannot go on ends with a reason. Real processes and the published API; what the scribbler does beyond that
//! stands in `scribbler`, `ring` and `table`, what the others do in `victims`.
//!
//! `cargo test` does it for some seconds, `.ci/scribble` for minutes. What is shown of each round: every process ends what it
//! does when it is asked, or when those have gone for whom it waits; none panics; afterwards all its threads sleep.

#[path = "../../support/mod.rs"]
mod people;
mod ring;
mod scribbler;
mod table;
mod victims;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use people::{Person, chance::Chance, room, start};
use scribbler::MOODS;
use victims::Queue;

/// For how many seconds the long form goes on.
const SECONDS: &str = "SHMPSC_SCRIBBLE";

/// How often every mood is tried by `cargo test`.
const TURNS: u64 = 12;

/// What the children do.
#[test]
fn role() {
    let Some((role, _)) = people::my_role() else { return };
    people::die_with_parent();
    match &*role {
        "receives" => victims::receives(),
        "sends" => victims::sends(),
        "scribbles" => scribbler::scribbles(),
        other => panic!("no role {other}"),
    }
}

/// The processes of all rounds.
struct World<'a> {
    room: &'a Path,
    receiver: Person,
    senders: [Person; 3],
    scribbler: Person,
}

/// How a round went.
struct Story {
    writes: u64,
    received: u64,
    sent: u64,
    ends: Vec<String>,
}

/// What an answer says: a number, and why.
fn parts(answer: &str) -> (u64, String) {
    let mut words = answer.splitn(3, ' ').skip(1);
    let number = words.next().and_then(|number| number.parse().ok()).expect("a number");
    (number, words.next().unwrap_or("").to_owned())
}

impl<'a> World<'a> {
    fn new(room: &'a Path) -> World<'a> {
        let begin = |role| start(role, room);
        World {
            room,
            receiver: begin("receives"),
            senders: [(); 3].map(|()| begin("sends")),
            scribbler: begin("scribbles"),
        }
    }

    /// One channel from its beginning to its end.
    fn round(&mut self, round: u64, mood: &str) -> Story {
        let mut chance = Chance::new(round);
        let path = victims::name(self.room, round);
        let path = path.display();
        // Every mood is tried on both kinds.
        let queue = if (round / MOODS.len() as u64).is_multiple_of(2) {
            Queue::Bounded([1, 2, 3, 8, 64, 1000][chance.below(6) as usize])
        } else {
            // Two chunks at least, of 64 KiB.
            Queue::Unbounded([128 << 10, 192 << 10, 300 << 10, 1 << 20, 4 << 20][chance.below(5) as usize])
        };
        // Either all others leave, and the receiver learns it; or it is told, and the others learn it.
        let ends_by_itself = chance.once_in(3);
        let receives =
            if ends_by_itself { "waits" } else { ["thread", "plain", "tokio"][chance.below(3) as usize] };
        let sends = [(); 3].map(|()| ["waits", "thread", "plain", "tokio"][chance.below(4) as usize]);
        let is_lasting = !ends_by_itself && chance.once_in(3);
        let acts = if is_lasting { 0 } else { 1 << chance.below(12) };
        let what = format!(
            "round {round}: {mood}, {acts} acts, {queue}, {receives} <- {sends:?}, ends by itself: {ends_by_itself}"
        );
        let _patience = people::patience_with(what.clone(), Duration::from_secs(60));
        if std::env::var_os("SHMPSC_SCRIBBLE_TRACE").is_some() {
            eprintln!("{what}");
        }
        self.receiver.order(format!("{receives} {queue} {path}"));
        assert_eq!(self.receiver.hear(), "bound", "{what}");
        for (sender, way) in self.senders.iter_mut().zip(sends) {
            sender.order(format!("{way} {queue} {path}"));
            assert_eq!(sender.hear(), "in", "{what}");
        }
        self.scribbler.order(format!("{mood} {round} {acts} {queue} {path}"));
        assert_eq!(self.scribbler.hear(), "in", "{what}");
        let mut story = Story { writes: 0, received: 0, sent: 0, ends: Vec::new() };
        if !is_lasting {
            story.writes = parts(&self.scribbler.hear()).0;
        }
        if ends_by_itself {
            self.senders_leave(sends, &mut story);
            self.scribbler_leaves(chance.once_in(2), is_lasting, &mut story);
            self.receiver_ends(&mut story);
        } else {
            self.receiver.say();
            self.receiver_ends(&mut story);
            for sender in &mut self.senders {
                sender.say();
                story.enter_sender(&sender.hear());
            }
            self.scribbler_leaves(chance.once_in(2), is_lasting, &mut story);
        }
        // Nobody goes on to spin.
        self.receiver.sleeps();
        self.senders.iter().for_each(Person::sleeps);
        story
    }

    fn receiver_ends(&mut self, story: &mut Story) {
        let (received, end) = parts(&self.receiver.hear());
        story.received = received;
        story.ends.push(format!("receiver {end}"));
    }

    /// Who waits without a time is killed.
    fn senders_leave(&mut self, ways: [&str; 3], story: &mut Story) {
        for (sender, way) in self.senders.iter_mut().zip(ways) {
            if way == "waits" {
                sender.kill();
                *sender = start("sends", self.room);
            } else {
                sender.say();
                story.enter_sender(&sender.hear());
            }
        }
    }

    /// With a goodbye, or without.
    fn scribbler_leaves(&mut self, is_killed: bool, is_lasting: bool, story: &mut Story) {
        if is_killed {
            self.scribbler.kill();
            self.scribbler = start("scribbles", self.room);
            return;
        }
        self.scribbler.say();
        if is_lasting {
            story.writes = parts(&self.scribbler.hear()).0;
        }
        assert_eq!(self.scribbler.hear(), "left");
    }
}

impl Story {
    fn enter_sender(&mut self, answer: &str) {
        let (sent, end) = parts(answer);
        self.sent += sent;
        self.ends.push(format!("sender {end}"));
    }
}

/// What all rounds came to.
#[derive(Default)]
struct Sum {
    rounds: u64,
    writes: u64,
    received: u64,
    sent: u64,
    ends: BTreeMap<String, u64>,
}

impl Sum {
    fn add(&mut self, story: Story) {
        self.rounds += 1;
        self.writes += story.writes;
        self.received += story.received;
        self.sent += story.sent;
        for end in story.ends {
            *self.ends.entry(end).or_insert(0) += 1;
        }
    }

    fn print(&self) {
        let Sum { rounds, writes, received, sent, .. } = self;
        println!(
            "{rounds} channels written over, {writes} acts counted, {received} values received, {sent} sends; no crash, no hang"
        );
        for (end, count) in &self.ends {
            println!("{count:8} x {end}");
        }
    }
}

/// Shows T37.
#[test]
fn whatever_a_member_writes_over_no_process_crashes_or_hangs() {
    let room = room();
    let mut world = World::new(room.path());
    let mut sum = Sum::default();
    let seconds: Option<u64> = std::env::var(SECONDS).ok().map(|text| text.parse().expect("seconds"));
    let start = Instant::now();
    let is_enough = |round: u64| match seconds {
        Some(seconds) => start.elapsed() >= Duration::from_secs(seconds),
        None => round >= TURNS * MOODS.len() as u64,
    };
    let mut round = 0;
    while !is_enough(round) {
        sum.add(world.round(round, MOODS[(round % MOODS.len() as u64) as usize]));
        round += 1;
    }
    sum.print();
    // All of them still work.
    let World { receiver, senders, scribbler, .. } = world;
    [receiver, scribbler].into_iter().chain(senders).for_each(Person::end);
}
