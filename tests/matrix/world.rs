//! Everybody but the sender that is killed or stopped: a receiver and two other senders, and what must be well with them after it.

use std::{
    fmt,
    ops::RangeInclusive,
    path::PathBuf,
    sync::mpsc::channel,
    thread::{self, JoinHandle},
};

use shmpsc::{Options, Receiver, Sender, error::TrySendError};

use crate::{
    Position,
    people::{Room, eventually, ledger::Ledger, room, watch},
};

const CAPACITY: usize = 4;

/// `[who, n]`, and two words by which a torn one shows.
pub type Value = [u64; 4];

pub fn value(who: u64, n: u64) -> Value {
    [who, n, who ^ n.rotate_left(32), !n]
}

/// How the queue stands when the operation begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Empty,
    Half,
    Full,
    /// Empty, and the next value goes into the last slot.
    AtTheWrap,
    /// Empty, and the receiver sleeps until there is a value.
    Asleep,
}

impl Fill {
    /// Those of the queue alone.
    pub const ALL: [Fill; 4] = [Fill::Empty, Fill::Half, Fill::Full, Fill::AtTheWrap];

    /// After a death nobody can say which slot is next.
    pub fn needs_a_new_channel(self) -> bool {
        self == Fill::AtTheWrap
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fill::Empty => "empty",
            Fill::Half => "half full",
            Fill::Full => "full",
            Fill::AtTheWrap => "at the wrap of a lap",
            Fill::Asleep => "with the receiver asleep",
        })
    }
}

/// The receiver, and what it has received.
type Sleeper = JoinHandle<(Receiver<Value>, Vec<Value>)>;

pub struct World {
    /// Unless it sleeps.
    receiver: Option<Receiver<Value>>,
    sleeper: Option<Sleeper>,
    others: [Sender<Value>; 2],
    sent: [u64; 2],
    ledger: Ledger,
    received: usize,
    people: u64,
    room: Room,
}

impl World {
    pub fn new() -> World {
        let room = room();
        // As many as take part: the number of who is killed must come back for the next.
        let receiver = Options::new().capacity(CAPACITY).members(4).bind(room.name()).unwrap();
        let others = [(); 2].map(|()| shmpsc::connect(room.name()).unwrap());
        World {
            receiver: Some(receiver),
            sleeper: None,
            others,
            sent: [0; 2],
            ledger: Ledger::default(),
            received: 0,
            people: 2,
            room,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.room.name()
    }

    /// The number of the next sender.
    pub fn new_number(&mut self) -> u64 {
        self.people += 1;
        self.people
    }

    /// The values that a sender has been told are sent have come, and no other.
    #[track_caller]
    pub fn hears_of(&mut self, who: u64, acknowledged: u64) {
        self.drains();
        assert_eq!(self.ledger.count(who), acknowledged, "from {who}");
    }

    pub fn fills(&mut self, fill: Fill) {
        let values = match fill {
            Fill::Empty => 0,
            Fill::Half => CAPACITY / 2,
            Fill::Full => CAPACITY,
            Fill::AtTheWrap => {
                while self.received % CAPACITY != CAPACITY - 1 {
                    self.sends(0).unwrap();
                    self.takes_one();
                }
                0
            }
            Fill::Asleep => {
                self.falls_asleep();
                0
            }
        };
        (0..values).for_each(|at| self.sends(at % 2).unwrap());
    }

    fn receiver(&mut self) -> &mut Receiver<Value> {
        self.receiver.as_mut().expect("it is awake")
    }

    /// The receiver sleeps from now on, until a value of the first of the others comes.
    fn falls_asleep(&mut self) {
        let mut receiver = self.receiver.take().expect("it is awake");
        let (is_there, there) = channel();
        self.sleeper = Some(thread::spawn(move || {
            is_there.send(rustix::thread::gettid().as_raw_nonzero().get()).expect("somebody waits for it");
            let mut received: Vec<Value> = Vec::new();
            while received.last().is_none_or(|[who, ..]| *who != 0) {
                received.push(receiver.blocking_recv().expect("the name is open"));
            }
            (receiver, received)
        }));
        let thread = there.recv().expect("it begins");
        eventually("the receiver sleeps", || watch::sleeps_here(thread));
    }

    /// A value of another sender wakes the receiver.
    fn wakes(&mut self) {
        if let Some(sleeper) = self.sleeper.take() {
            self.sends(0).expect("there is room");
            let (receiver, received) = sleeper.join().expect("it receives");
            self.receiver = Some(receiver);
            received.into_iter().for_each(|taken| self.enters(taken));
        }
    }

    fn sends(&mut self, at: usize) -> Result<(), TrySendError<Value>> {
        self.others[at].try_send(value(at as u64, self.sent[at]))?;
        self.sent[at] += 1;
        Ok(())
    }

    pub fn takes_one(&mut self) {
        if let Ok(taken) = self.receiver().try_recv() {
            self.enters(taken);
        }
    }

    fn enters(&mut self, taken: Value) {
        let [who, n, ..] = taken;
        assert_eq!(taken, value(who, n), "nothing is torn");
        self.ledger.enter([who, n]);
        self.received += 1;
    }

    fn drains(&mut self) {
        while !self.receiver().is_empty() {
            let before = self.received;
            self.takes_one();
            if self.received == before {
                break;
            }
        }
    }

    /// The two others send, as if nobody was there, and the receiver takes what they send.
    #[track_caller]
    pub fn passes_by(&mut self, position: Position, values: usize) {
        self.wakes();
        for n in 0..values {
            if self.sends(n % 2).is_err() {
                eventually(&format!("others send on: {position}"), || {
                    self.takes_one();
                    self.sends(n % 2).is_ok()
                });
            }
        }
        eventually(&format!("others are received: {position}"), || {
            self.takes_one();
            (0..2).all(|at| self.ledger.count(at as u64) == self.sent[at])
        });
    }

    /// Once a sender is dead: the others go on, what it was told is sent has come, and everything that it had is free.
    #[track_caller]
    pub fn is_well(&mut self, position: Position, who: u64, sent: RangeInclusive<u64>) {
        if self.sleeper.is_some() {
            let [other, _] = &self.others;
            // Whoever wakes it: what the dead one has sent does not lie there until somebody else sends.
            eventually(&format!("the sleeping receiver takes what is there: {position}"), || {
                other.strong_count() == 2 && other.is_empty()
            });
        }
        self.passes_by(position, 3 * CAPACITY);
        eventually(&format!("its handles are dropped: {position}"), || {
            self.receiver().sender_strong_count() == 2 && self.receiver().sender_weak_count() == 0
        });
        eventually(&format!("the capacity is whole: {position}"), || {
            self.takes_one();
            self.receiver().is_empty() && self.receiver().capacity() == CAPACITY
        });
        let count = self.ledger.count(who);
        assert!(sent.contains(&count), "{count} values came, of {sent:?}: {position}");
        drop(self.others[0].try_reserve_many(CAPACITY).unwrap_or_else(|error| panic!("{error}: {position}")));
        self.fills(Fill::Full);
        assert!(self.sends(0).is_err(), "there is room for more than there is: {position}");
        self.passes_by(position, 0);
    }
}
