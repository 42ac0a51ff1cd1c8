//! 200 senders of 8 processes, threads and tasks of all kinds, come into one line in an order that is known. Some give up, and
//! some processes are killed. All others complete in exactly the order in which they came.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread,
    time::Duration,
};

use shmpsc::{Options, Receiver, Sender, error::TrySendError};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use crate::people::{
    self, Person, Room, Value,
    chance::Chance,
    eventually,
    how::{How, block_on, when_it_waits},
    next_order, room, start, tell, watch,
};

const PROCESSES: usize = 8;
/// Waiters in each process.
const EACH: usize = 25;
const WAITERS: usize = PROCESSES * EACH;
/// How many of them give up in each round.
const GIVE_UP: usize = WAITERS / 10;
/// One in so many processes is killed in each round.
const ONE_IS_KILLED_IN: u64 = 20;

/// Who fills the queue, in the values it sends.
const FILLER: u64 = WAITERS as u64;

const OPEN: &str = "the channel is open";

/// What a waiter tells, through a channel of its own: `[told, who]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    StandsInLine,
    Sent,
    GaveUp,
}

impl Told {
    const ALL: [Told; 3] = [Told::StandsInLine, Told::Sent, Told::GaveUp];

    fn by(self, who: u64) -> Value {
        [self as u64, who]
    }
}

fn name_of_reports(path: &Path) -> PathBuf {
    path.with_extension("reports")
}

/// How a waiter waits, by its number in its process.
fn how(at: usize) -> How {
    How::ALL[at % How::ALL.len()]
}

/// What a waiter calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Send,
    SendMany,
    SendTimeout,
    Reserve,
    ReserveOwned,
    /// Two at once, if the queue has two.
    ReserveMany,
}

impl Way {
    fn of(at: usize) -> Way {
        let all =
            [Way::Send, Way::ReserveMany, Way::Reserve, Way::SendMany, Way::SendTimeout, Way::ReserveOwned];
        match (all[at / How::ALL.len() % all.len()], how(at)) {
            // Only tokio has the clock, and threads have no methods for those.
            (Way::SendTimeout, How::Plain) | (Way::ReserveMany | Way::ReserveOwned, How::Blocking) => {
                Way::Send
            }
            (way, _) => way,
        }
    }

    /// How much capacity a waiter waits for.
    fn need(at: usize, capacity: usize) -> usize {
        if Way::of(at) == Way::ReserveMany { capacity.min(2) } else { 1 }
    }

    async fn send(self, sender: &Sender<Value>, value: Value) {
        match self {
            Way::Send => sender.send(value).await.expect(OPEN),
            Way::SendMany => sender.send_many(&[value]).await.expect(OPEN),
            Way::SendTimeout => sender.send_timeout(value, Duration::MAX).await.expect(OPEN),
            Way::Reserve => sender.reserve().await.expect(OPEN).send(value),
            Way::ReserveOwned => drop(sender.clone().reserve_owned().await.expect(OPEN).send(value)),
            Way::ReserveMany => {
                let permits = sender.reserve_many(sender.max_capacity().min(2)).await.expect(OPEN);
                permits.for_each(|permit| permit.send(value));
            }
        }
    }

    fn blocking_send(self, sender: &Sender<Value>, value: Value) {
        match self {
            Way::SendMany => sender.blocking_send_many(&[value]).expect(OPEN),
            Way::SendTimeout => sender.blocking_send_timeout(value, Duration::MAX).expect(OPEN),
            Way::Reserve => sender.blocking_reserve().expect(OPEN).send(value),
            _ => sender.blocking_send(value).expect(OPEN),
        }
    }
}

/// What a waiting task is told.
#[derive(PartialEq, Eq)]
enum Word {
    /// It is woken for nothing, as a task can be at any time, and looks.
    Look,
    GiveUp,
}

/// The waiters of one process.
struct Crew {
    process: usize,
    sender: Sender<Value>,
    reports: Sender<Value>,
    current_thread: Handle,
    multi_thread: Runtime,
    /// What the tasks are told meanwhile.
    tasks: [Option<UnboundedSender<Word>>; EACH],
}

impl Crew {
    /// One comes into the line, and has told so when this returns or soon after.
    fn arrive(&mut self, at: usize, round: u64) {
        let value = [(self.process * EACH + at) as u64, round];
        if how(at) == How::Blocking {
            return self.arrive_as_thread(at, value);
        }
        let (words, told) = unbounded_channel();
        self.tasks[at] = Some(words);
        let task = stand_as_task(self.sender.clone(), self.reports.clone(), Way::of(at), value, told);
        match how(at) {
            How::CurrentThread => drop(self.current_thread.spawn(task)),
            How::MultiThread => drop(self.multi_thread.spawn(task)),
            How::Plain | How::Blocking => drop(thread::spawn(|| block_on(task))),
        }
    }

    fn arrive_as_thread(&self, at: usize, value: Value) {
        let (sender, reports) = (self.sender.clone(), self.reports.clone());
        let thread = Arc::new(AtomicI32::new(0));
        let me = thread.clone();
        thread::spawn(move || {
            // After this it sleeps nowhere but in the line.
            me.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::Release);
            Way::of(at).blocking_send(&sender, value);
            reports.try_send(Told::Sent.by(value[0])).expect("the parent listens");
        });
        eventually("it sleeps in the line", || match thread.load(Ordering::Acquire) {
            0 => false,
            id => watch::sleeps_here(id),
        });
        self.reports.try_send(Told::StandsInLine.by(value[0])).expect("the parent listens");
    }

    fn say(&self, at: usize, word: Word) {
        // It may have gone meanwhile, though not without a word.
        let _ = self.tasks[at].as_ref().expect("it is a task and has come").send(word);
    }
}

async fn stand_as_task(
    sender: Sender<Value>,
    reports: Sender<Value>,
    way: Way,
    value: Value,
    mut words: UnboundedReceiver<Word>,
) {
    let tell = |told: Told| reports.try_send(told.by(value[0])).expect("the parent listens");
    let told = {
        let mut waits = pin!(when_it_waits(way.send(&sender, value), || tell(Told::StandsInLine)));
        loop {
            tokio::select! {
                biased;
                Some(word) = words.recv() => if word == Word::GiveUp { break Told::GaveUp },
                () = &mut waits => break Told::Sent,
            }
        }
    };
    // By now the future that waited is dropped.
    tell(told);
}

/// Role: has [`EACH`] waiters, who come and go as they are told.
pub fn stands_in_crowd(process: u64, path: &Path) {
    let current_thread = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = current_thread.handle().clone();
    thread::spawn(move || current_thread.block_on(std::future::pending::<()>()));
    let mut crew = Crew {
        process: process as usize,
        sender: shmpsc::connect(path).unwrap(),
        reports: shmpsc::connect(name_of_reports(path)).unwrap(),
        current_thread: handle,
        multi_thread: Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
        tasks: [const { None }; EACH],
    };
    tell("in");
    while let Some(order) = next_order() {
        let mut words = order.split(' ');
        let verb = words.next();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).expect("a number");
        match verb {
            Some("arrive") => crew.arrive(number() as usize, number()),
            Some("give-up") => crew.say(number() as usize, Word::GiveUp),
            Some("look") => crew.say(number() as usize, Word::Look),
            _ => panic!("no order {order:?}"),
        }
    }
}

/// What happens to those who wait.
#[derive(Clone, Copy)]
enum Event {
    /// One of the tasks gives up.
    GivesUp,
    /// One of the tasks is woken for nothing.
    Looks,
    /// A process is killed.
    IsKilled(usize),
}

/// What happened in all rounds.
#[derive(Debug, Default)]
pub struct Tally {
    /// Senders that stood in the line.
    pub waited: usize,
    /// Those of them that completed, in order.
    pub completed: usize,
    pub gave_up: usize,
    /// Processes killed while their senders waited.
    pub killed: usize,
    /// Their senders that still waited.
    pub died: usize,
}

/// Everybody's place, as it must be.
struct Line {
    /// What is in the queue.
    queued: VecDeque<Value>,
    /// Who waits, in the order in which they came.
    waiting: VecDeque<usize>,
    /// Capacity that is not enough for the first of them.
    free: usize,
}

/// The side of the receiver.
struct Trial {
    room: Room,
    receiver: Receiver<Value>,
    reports: Receiver<Value>,
    filler: Sender<Value>,
    crews: Vec<Person>,
    chance: Chance,
    round: u64,
    tally: Tally,
}

/// `rounds` rounds through a queue of `capacity`.
pub fn run(capacity: usize, rounds: u64) -> Tally {
    let room = room();
    let receiver = Options::new().capacity(capacity).bind(room.name()).unwrap();
    let reports = Options::new().capacity(WAITERS).bind(name_of_reports(&room.name())).unwrap();
    let filler = shmpsc::connect(room.name()).unwrap();
    let crews = (0..PROCESSES).map(|process| start_crew(process, &room)).collect();
    let (chance, tally) = (Chance::new(capacity as u64), Tally::default());
    let mut trial = Trial { room, receiver, reports, filler, crews, chance, round: 0, tally };
    (0..rounds).for_each(|round| trial.play(round));
    trial.crews.into_iter().for_each(Person::end);
    trial.tally
}

fn start_crew(process: usize, room: &Room) -> Person {
    let mut crew = start(&format!("stands-in-crowd {process}"), &room.name());
    assert_eq!(crew.hear(), "in");
    crew
}

impl Trial {
    fn play(&mut self, round: u64) {
        let _patience = people::patience(Duration::from_secs(60));
        self.round = round;
        let mut line = self.line_up();
        let mut events = self.plan();
        let mut is_alive = [true; PROCESSES];
        for received in 0.. {
            // Whoever could go has told so; all others wait.
            for (_, event) in events.extract_if(.., |(when, _)| *when == received) {
                match event {
                    Event::GivesUp => self.give_up(&mut line),
                    Event::Looks => self.have_looked(&line),
                    Event::IsKilled(process) => {
                        is_alive[process] = false;
                        self.kill(process, &mut line);
                    }
                }
            }
            let Some(value) = line.queued.pop_front() else { break };
            assert_eq!(self.receiver.blocking_recv(), Some(value), "in the order in which they came");
            line.free += 1;
            if !line.waiting.is_empty() {
                assert_eq!(self.receiver.capacity(), 0, "the line has what is free");
                let passing = self.filler.try_send([FILLER, u64::MAX]);
                assert_eq!(passing, Err(TrySendError::Full([FILLER, u64::MAX])), "nobody passes by");
            }
            let told = self.next_to_go(&mut line);
            self.hear(told);
        }
        assert!(line.waiting.is_empty() && self.receiver.is_empty());
        let dead = (0..PROCESSES).filter(|process| !is_alive[*process]);
        dead.for_each(|process| self.crews[process] = start_crew(process, &self.room));
        eventually("the capacity is whole", || self.receiver.capacity() == self.receiver.max_capacity());
        eventually("all of the round have gone", || self.receiver.sender_strong_count() == 1 + PROCESSES);
    }

    /// Fills the queue, and has all waiters come, one after another.
    fn line_up(&mut self) -> Line {
        let queued: VecDeque<_> = (0..self.receiver.max_capacity() as u64).map(|n| [FILLER, n]).collect();
        queued.iter().for_each(|value| self.filler.try_send(*value).expect("the queue is empty"));
        let mut waiting: Vec<_> = (0..WAITERS).collect();
        self.chance.shuffle(&mut waiting);
        for who in &waiting {
            self.crews[who / EACH].order(format!("arrive {} {}", who % EACH, self.round));
            self.hear(vec![(Told::StandsInLine, *who)]);
        }
        self.tally.waited += WAITERS;
        Line { queued, waiting: waiting.into(), free: 0 }
    }

    /// What happens in a round, each after so many values were received.
    fn plan(&mut self) -> Vec<(u64, Event)> {
        let mut events = vec![Event::GivesUp; GIVE_UP];
        events.extend([Event::Looks; WAITERS]);
        let killed = (0..PROCESSES).filter(|_| self.chance.once_in(ONE_IS_KILLED_IN));
        events.extend(killed.map(Event::IsKilled));
        // Many before anybody has gone, and the last of them while there is somebody who waits.
        let moments = WAITERS as u64 / 2;
        let mut moment = || self.chance.below(moments).saturating_sub(moments / 3);
        events.into_iter().map(|event| (moment(), event)).collect()
    }

    /// Where one of the tasks stands in the line, anywhere.
    fn a_task(&mut self, line: &Line) -> Option<usize> {
        let is_task = |at: &usize| how(line.waiting[*at] % EACH) != How::Blocking;
        let tasks: Vec<_> = (0..line.waiting.len()).filter(is_task).collect();
        (!tasks.is_empty()).then(|| tasks[self.chance.below(tasks.len() as u64) as usize])
    }

    fn give_up(&mut self, line: &mut Line) {
        let Some(at) = self.a_task(line) else { return };
        let who = line.waiting.remove(at).expect("it stands there");
        self.crews[who / EACH].order(format!("give-up {}", who % EACH));
        self.tally.gave_up += 1;
        let mut told = self.next_to_go(line);
        told.push((Told::GaveUp, who));
        self.hear(told);
    }

    /// It looks sooner or later, and must not go before its turn.
    fn have_looked(&mut self, line: &Line) {
        if let Some(at) = self.a_task(line) {
            let who = line.waiting[at];
            self.crews[who / EACH].order(format!("look {}", who % EACH));
        }
    }

    /// A process is killed, and all who wait in it.
    fn kill(&mut self, process: usize, line: &mut Line) {
        self.crews[process].kill();
        let before = line.waiting.len();
        line.waiting.retain(|who| who / EACH != process);
        self.tally.killed += 1;
        self.tally.died += before - line.waiting.len();
        let told = self.next_to_go(line);
        self.hear(told);
    }

    /// Who can go now.
    fn next_to_go(&mut self, line: &mut Line) -> Vec<(Told, usize)> {
        let mut told = Vec::new();
        while let Some(&who) = line.waiting.front()
            && let need = Way::need(who % EACH, self.receiver.max_capacity())
            && need <= line.free
        {
            line.free -= need;
            line.queued.extend(vec![[who as u64, self.round]; need]);
            told.push((Told::Sent, who));
            line.waiting.pop_front();
        }
        self.tally.completed += told.len();
        assert!(told.len() <= 1, "of two the order would not be known");
        told
    }

    /// This must be told next, in any order.
    #[track_caller]
    fn hear(&mut self, mut told: Vec<(Told, usize)>) {
        while !told.is_empty() {
            let [what, who] = self.reports.blocking_recv().expect("there are senders");
            let heard = (Told::ALL[what as usize], who as usize);
            let at = told.iter().position(|one| *one == heard);
            told.remove(at.unwrap_or_else(|| panic!("{heard:?}, and not one of {told:?}")));
        }
    }
}
