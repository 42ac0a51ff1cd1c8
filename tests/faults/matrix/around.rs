//! Everybody around a receiver that is killed or stopped: two processes that send and wait, one that sends when it sleeps, and one
//! that may be stopped in the middle of a send; and what must be well with them after it.

use std::{collections::HashMap, fmt, path::PathBuf};

use shmpsc::{Sender, error::TrySendError};

use crate::{
    others::{NAMES, WAITERS},
    people::{Person, Room, eventually, ledger::Ledger, room, start},
    receiving::{Operation, Then},
    steps::{Led, Stands},
    world::{Value, WHO, value},
};

/// One place is held by a permit.
pub const CAPACITY: usize = PLACES + 1;
const PLACES: usize = 4;

/// As many as take part: the receiver, the two others, the one that looks on, and the stalled one.
pub const MEMBERS: usize = 5;

/// Whose values are those of the one that looks on, of the stalled one, and of the two others.
const ONLOOKER: u64 = 0;
const STALLED: u64 = WHO;
const OTHERS: [u64; 2] = [10, 20];

/// How the queue stands when the operation begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    None,
    Half,
    /// And all wait for a place.
    Full,
    /// Half full, and the second value is in the first slot.
    AtTheWrap,
    /// A sender is stopped in the middle of its send, and there are two values behind it.
    Stalled,
    /// The stopped sender was passed, its value has come after all, and there is one more behind it.
    Late,
    /// The sender in the middle of its send is dead.
    Dead,
}

impl fmt::Display for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Queued::None => "empty",
            Queued::Half => "half full",
            Queued::Full => "full and waited for",
            Queued::AtTheWrap => "at the wrap of a lap",
            Queued::Stalled => "behind a stopped sender",
            Queued::Late => "with a late value",
            Queued::Dead => "behind a dead sender",
        })
    }
}

/// What outlives the receivers.
pub struct Around {
    others: [Person; 2],
    room: Room,
}

impl Around {
    pub fn new() -> Around {
        let room = room();
        let others = OTHERS.map(|who| start(&format!("stands-by {who}"), &room.name()));
        Around { others, room }
    }

    pub fn path(&self) -> PathBuf {
        self.room.name()
    }
}

/// One receiver and those around it.
pub struct Scene<'a> {
    around: &'a mut Around,
    onlooker: Sender<Value>,
    stalled: Option<Led>,
    /// How many values are known to be sent, from whom.
    sent: HashMap<u64, u64>,
    ledger: Ledger,
    received: u64,
    /// Those that wait have not ended.
    is_waited_for: bool,
    is_closed: bool,
    has_permit: bool,
}

impl<'a> Scene<'a> {
    /// Meets a new receiver, under the same name as the one before.
    pub fn meets(around: &'a mut Around) -> Scene<'a> {
        let onlooker = shmpsc::connect(around.path()).unwrap();
        for other in &mut around.others {
            assert_eq!(other.obeys("meets"), "met");
        }
        assert_eq!(around.others[0].obeys("takes-a-permit"), "taken");
        Scene {
            around,
            onlooker,
            stalled: None,
            sent: HashMap::new(),
            ledger: Ledger::default(),
            received: 0,
            is_waited_for: false,
            is_closed: false,
            has_permit: true,
        }
    }

    fn has_sent(&mut self, who: u64, more: u64) {
        *self.sent.entry(who).or_insert(0) += more;
    }

    /// How many values have been sent and are not known to be received.
    fn outstanding(&self) -> u64 {
        self.sent.values().sum::<u64>() - self.received
    }

    /// Another process sends up to so many values, and tells how it is then.
    #[track_caller]
    fn sends(&mut self, at: usize, most: usize) -> (u64, String) {
        let told = self.around.others[at].obeys(format_args!("sends {most}"));
        let (count, then) = told.split_once(' ').expect("two words");
        let count = count.parse().expect("a number");
        self.has_sent(OTHERS[at], count);
        (count, then.to_owned())
    }

    /// Sends just these, which there is room for.
    #[track_caller]
    fn queues(&mut self, count: usize) {
        for n in 0..count {
            assert_eq!(self.sends(n % 2, 1), (1, "open".to_owned()));
        }
    }

    /// What a receiver tells that it has received.
    #[track_caller]
    pub fn enters(&mut self, told: &str) -> u64 {
        let mut words = told.split(' ');
        assert_eq!(words.next(), Some("received"));
        let mut count = 0;
        for word in words {
            let (who, n) = word.split_once('.').expect("two numbers");
            self.ledger.enter([who.parse().expect("a number"), n.parse().expect("a number")]);
            count += 1;
        }
        self.received += count;
        count
    }

    #[track_caller]
    fn is_received(&mut self, receiver: &mut Person, count: usize) {
        let told = receiver.obeys(format_args!("receives {count}"));
        self.enters(&told);
    }

    /// How many values the operation finds at least.
    #[track_caller]
    pub fn prepares(&mut self, receiver: &mut Person, operation: &Operation, queued: Queued) -> u64 {
        let found = match queued {
            Queued::None => 0,
            Queued::Half => 2,
            Queued::Full => {
                self.presses();
                PLACES as u64
            }
            Queued::AtTheWrap => {
                self.queues(PLACES);
                self.is_received(receiver, PLACES);
                2
            }
            Queued::Stalled => {
                self.stalls(receiver);
                2
            }
            Queued::Late => {
                self.stalls(receiver);
                self.queues(1);
                // Past the stalled one.
                self.is_received(receiver, 1);
                self.stalled_one_goes_on();
                1
            }
            Queued::Dead => {
                self.stalls(receiver);
                let living = self.onlooker.strong_count() - 1;
                self.stalled.take().expect("it stalls").dies();
                eventually("its death is noticed", || self.onlooker.strong_count() == living);
                2
            }
        };
        match queued {
            Queued::Half | Queued::AtTheWrap | Queued::Stalled | Queued::Dead => self.queues(2),
            Queued::Late => self.queues(1),
            Queued::None | Queued::Full => {}
        }
        if operation.is_closed {
            self.uses_the_permit();
            assert_eq!(receiver.obeys("closes"), "closed");
            self.is_closed = true;
            if queued == Queued::None {
                self.is_received(receiver, 1);
            }
        }
        found + u64::from(queued == Queued::Late)
    }

    /// A sender stops in the middle of its send, between claim and publication.
    #[track_caller]
    fn stalls(&mut self, receiver: &mut Person) {
        let mut sender = start("operates try-send", &self.around.path());
        let word = sender.hear();
        let (thread, sent) = word.split_once(' ').expect("two words");
        self.has_sent(STALLED, sent.parse().expect("a number"));
        self.is_received(receiver, 1);
        sender.say();
        let mut led = Led::at_its_mark(sender, thread.parse().expect("a thread"), false);
        while self.onlooker.is_empty() {
            assert_eq!(led.step(|| {}), Stands::Inside, "it claims");
        }
        self.stalled = Some(led);
    }

    /// It ends its send, unless it is not there, and is not needed any more.
    #[track_caller]
    fn stalled_one_goes_on(&mut self) {
        if let Some(mut led) = self.stalled.take() {
            led.goes_on_to_its_end(|| {});
            let sent: u64 = led.tells().parse().expect("a count");
            self.sent.insert(STALLED, sent);
            led.dies();
        }
    }

    fn uses_the_permit(&mut self) {
        assert_eq!(self.around.others[0].obeys("uses-its-permit"), "used");
        if self.has_permit {
            self.has_sent(OTHERS[0], 1);
        }
        self.has_permit = false;
    }

    /// What the one that looks on does while the receiver sleeps.
    pub fn wakes_it(&mut self) {
        if self.onlooker.is_empty() {
            let n = self.sent.get(&ONLOOKER).copied().unwrap_or(0);
            self.onlooker.try_send(value(ONLOOKER, n)).expect("there is room");
            self.has_sent(ONLOOKER, 1);
        }
    }

    /// All send until there is no room, and wait then; gives how many values were sent, unless the channel is closed.
    #[track_caller]
    pub fn presses(&mut self) -> Option<u64> {
        let mut count = 0;
        for (at, most) in [(0, 1), (1, 2 * CAPACITY), (0, 2 * CAPACITY)] {
            let (sent, then) = self.sends(at, most);
            count += sent;
            match then.as_str() {
                "closed" => return None,
                "full" => {}
                _ => assert_eq!((at, most), (0, 1), "there is no end of room"),
            }
        }
        for other in &mut self.around.others {
            assert_eq!(other.obeys("waits"), "waits");
        }
        self.is_waited_for = true;
        Some(count)
    }

    /// While the receiver is stopped, those around it fill the capacity, exactly, and wait.
    #[track_caller]
    pub fn is_stopped(&mut self, operation: &Operation, queued: Queued) {
        if self.is_waited_for {
            // What it has given back is for those who wait.
            let refused = self.onlooker.try_send(value(ONLOOKER, 0)).expect_err("others wait");
            assert!(operation.then != Then::Open || matches!(refused, TrySendError::Full(_)));
            return;
        }
        let told = self.onlooker.capacity() as u64;
        let held = self.outstanding() + u64::from(self.stalled.is_some()) + u64::from(self.has_permit);
        let dead = u64::from(queued == Queued::Dead);
        match self.presses() {
            Some(count) => {
                let free = CAPACITY as u64 - held;
                // One place may be missing while a sender is passed.
                let least = free - u64::from(matches!(queued, Queued::Stalled | Queued::Late)) - dead;
                let most = free + operation.takes;
                assert!((least..=most).contains(&count), "{count} sent, not {least} to {most}");
                assert_eq!(count, told, "as many as there was room for");
            }
            None => assert!(operation.then != Then::Open),
        }
    }

    /// The operation has ended. What was told to be sent is received, once, and those who wait go on.
    #[track_caller]
    pub fn is_well(&mut self, receiver: &mut Led, then: Then) {
        if !self.is_closed && then != Then::Open {
            eventually("the channel is closed", || self.onlooker.is_closed());
        }
        self.stalled_one_goes_on();
        self.uses_the_permit();
        if then != Then::Gone {
            let told = match then {
                Then::Open => {
                    let waiting = if self.is_waited_for { 2 * WAITERS } else { 0 };
                    receiver.obeys(format_args!("receives {}", self.outstanding() + waiting))
                }
                _ => receiver.obeys("receives-to-the-end"),
            };
            self.enters(&told);
        }
        let went_on = self.waiters_end();
        match then {
            Then::Open => {
                assert_eq!(went_on, if self.is_waited_for { 2 * WAITERS } else { 0 });
                assert_eq!(receiver.obeys("finds-nothing"), "nothing");
                eventually("the capacity is whole", || self.onlooker.capacity() == CAPACITY);
                drop(self.onlooker.try_reserve_many(CAPACITY).expect("the capacity is whole"));
                self.queues(2);
                let told = receiver.obeys("receives 2");
                self.enters(&told);
            }
            Then::Closed => {}
            Then::Gone => return,
        }
        for (&who, &sent) in &self.sent {
            assert_eq!(self.ledger.count(who), sent, "from {who}");
        }
        assert_eq!(self.outstanding(), 0, "nothing came that was not sent");
    }

    /// All that wait go on; gives how many of them have sent.
    #[track_caller]
    fn waiters_end(&mut self) -> u64 {
        let mut count = 0;
        for (at, first) in OTHERS.into_iter().enumerate() {
            let told = self.around.others[at].obeys("ends");
            for who in told.split(' ').skip(1) {
                let who = who.parse().expect("a number");
                assert!((first + 1..first + NAMES).contains(&who));
                self.has_sent(who, 1);
                count += 1;
            }
        }
        count
    }

    /// The receiver is dead: everybody hears of it, nobody hangs, and nothing can be sent.
    #[track_caller]
    pub fn ends(mut self, most: u64) {
        self.stalled_one_goes_on();
        let went_on = self.waiters_end();
        assert!(went_on <= most, "{went_on} went on, for at most {most} places");
        for other in &mut self.around.others {
            assert_eq!(other.obeys("mourns"), "mourned");
        }
        eventually("the channel is closed", || self.onlooker.is_closed());
    }
}
