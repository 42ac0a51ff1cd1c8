//! A receiver and three senders in processes of their own, which must not notice what their neighbour does. No test is here.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use shmpsc::{Options, Sender};

use crate::people::{
    Person, Room, Value, eventually,
    how::{How, Runner},
    ledger::Ledger,
    next_order, room, start, tell,
    watch::{self, Holdings},
};

/// Room for values: little, so that everybody sleeps and is woken all the time.
pub const CAPACITY: usize = 4;
/// Values of each sender in one exchange.
const VALUES: u64 = 300;
/// By what the memory of the host may differ, in kilobytes: allocators keep some. A few hundred bytes for each of the
/// thousands of a flood would be more.
const SOME_MEMORY: u64 = 1024;
const SENDERS: [How; 3] = [How::Blocking, How::CurrentThread, How::Plain];

/// Role: has the receiver, and says how much it received from whom it is asked about.
pub fn hosts(how: How, members: u64, path: &Path) {
    let receiver =
        Options::new().capacity(CAPACITY).max_processes(members as usize).mode(0o666).bind(path).unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let enters = ledger.clone();
    thread::spawn(move || {
        Runner::new(how).receive_all(receiver, move |value| enters.lock().unwrap().enter(value));
    });
    tell("bound");
    while let Some(who) = next_order() {
        tell(ledger.lock().unwrap().count(who.parse().unwrap()));
    }
}

/// Role: sends as many values as it is asked for.
pub fn sends(how: How, who: u64, path: &Path) {
    let sender = shmpsc::connect::<Value>(path).unwrap();
    let runner = Runner::new(how);
    tell("in");
    let mut sent = 0;
    while let Some(count) = next_order() {
        let count: u64 = count.parse().unwrap();
        (sent..sent + count).for_each(|n| runner.send(&sender, [who, n], || {}).unwrap());
        sent += count;
        tell("sent");
    }
}

pub struct World {
    room: Room,
    host: Person,
    senders: Vec<Person>,
    /// Of this process, to ask about the channel.
    pub sender: Sender<Value>,
    rounds: u64,
    newcomers: u64,
    /// What the host has before the neighbour comes.
    before: Holdings,
}

impl World {
    pub fn new(host: How) -> World {
        World::with_members(host, 256)
    }

    /// Who takes part are five: host, three senders, and this process.
    pub fn with_members(host: How, members: u32) -> World {
        let room = room();
        let mut host = start(&format!("hosts {host} {members}"), &room.name());
        assert_eq!(host.hear(), "bound");
        let senders = SENDERS.iter().enumerate().map(|(who, how)| {
            let mut sender = start(&format!("sends {how} {who}"), &room.name());
            assert_eq!(sender.hear(), "in");
            sender
        });
        let senders = senders.collect();
        let sender = shmpsc::connect(room.name()).unwrap();
        let before = Holdings::default();
        let mut world = World { room, host, senders, sender, rounds: 0, newcomers: 0, before };
        world.exchange();
        world.rests();
        world.before = world.has();
        world
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.room.name()
    }

    pub fn room(&self) -> &Room {
        &self.room
    }

    /// All send, and all of it comes.
    #[track_caller]
    pub fn exchange(&mut self) {
        self.senders.iter_mut().for_each(|sender| sender.order(VALUES));
        self.senders.iter_mut().for_each(|sender| assert_eq!(sender.hear(), "sent"));
        self.rounds += 1;
        for who in 0..SENDERS.len() as u64 {
            let all = self.rounds * VALUES;
            eventually("all came", || self.received(who) == all);
        }
    }

    #[track_caller]
    pub fn received(&mut self, who: u64) -> u64 {
        self.host.order(who);
        self.host.hear().parse().expect("a number")
    }

    /// Somebody comes, sends and goes.
    #[track_caller]
    pub fn newcomer(&mut self) {
        self.newcomers += 1;
        let who = 1000 + self.newcomers;
        let newcomer = Options::new().timeout(Duration::from_secs(60)).connect::<Value>(self.path());
        newcomer.unwrap().blocking_send([who, 0]).unwrap();
        eventually("its value came", || self.received(who) == 1);
    }

    /// The others go on while the neighbour does what it does, until it says that it is done; then they do so beside it.
    #[track_caller]
    pub fn goes_on_beside(&mut self, neighbour: &mut Person, with_newcomers: bool) {
        thread::scope(|scope| {
            let done = scope.spawn(|| neighbour.hear());
            loop {
                let is_done = done.is_finished();
                self.exchange();
                if with_newcomers {
                    self.newcomer();
                }
                if is_done {
                    break;
                }
            }
            assert_eq!(done.join().unwrap(), "done");
        });
        self.rests();
    }

    /// Until the host does nothing: none of its threads ran for a moment.
    #[track_caller]
    pub fn rests(&self) {
        eventually("the host rests", || {
            let before = watch::switches(self.host.pid());
            thread::sleep(Duration::from_millis(20));
            watch::all_sleep(self.host.pid()) && watch::switches(self.host.pid()) == before
        });
    }

    fn has(&self) -> Holdings {
        watch::holdings(self.host.pid())
    }

    /// The neighbour is gone: nothing of it is left.
    #[track_caller]
    pub fn ends_as_before(mut self) {
        let senders = self.senders.len() + 1;
        eventually("nobody else is counted", || self.sender.strong_count() == senders);
        self.exchange();
        self.newcomer();
        eventually("the capacity is whole", || self.sender.capacity() == CAPACITY);
        eventually("nobody else is counted", || self.sender.strong_count() == senders);
        let before = self.before;
        eventually("no descriptor is left", || self.has().descriptors == before.descriptors);
        let now = self.has();
        assert_eq!(now.threads, before.threads);
        assert!(now.memory <= before.memory + SOME_MEMORY, "{before:?}, and now {now:?}");
        self.rests();
        self.senders.drain(..).for_each(Person::end);
        println!("{} values of each sender; the host: {before:?}, and now {now:?}", self.rounds * VALUES);
    }
}
