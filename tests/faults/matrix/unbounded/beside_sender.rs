//! The processes beside the sender that is killed or stopped in an unbounded channel: a receiver and two other senders, and what must be
//! well with them after it.

use std::{fmt, ops::RangeInclusive};

use shmpsc::{UnboundedReceiver, UnboundedSender, error::TryRecvError};

use super::{
    World,
    memory::{POSITIONS, chunk, most_chunks, options, room, sends},
    sending::Operation,
};
use crate::{
    part::Part,
    people::{self, Room, eventually, ledger::Ledger, start},
    sleeper::{Sleeper, sleeper},
    steps::{Led, Stands},
    world::{Value, WHO, value},
};

/// The receiver's process, the two others, the one, and a newcomer.
const MEMBERS: usize = 5;

/// How the queue stands when the operation begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Some values are queued, and the next one stands in the same chunk.
    Inside,
    /// The chunk has one position left, and the next is no memory.
    Border,
    /// The chunk is full, and the next is no memory.
    Grow,
    /// The chunk has one position left, and the next is memory, which the receiver has posted there.
    Ahead,
    /// All chunks are full.
    Limit,
    /// Empty, and the receiver sleeps until there is a value.
    Asleep,
    /// Empty, the receiver sleeps until the end of the stream, and there is no other sender.
    Alone,
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fill::Inside => "in a chunk",
            Fill::Border => "before a chunk that is no memory",
            Fill::Grow => "at a chunk that is no memory",
            Fill::Ahead => "before a chunk that stands ready",
            Fill::Limit => "at the limit",
            Fill::Asleep => "with the receiver asleep",
            Fill::Alone => "with the receiver asleep and no other sender",
        })
    }
}

pub struct Beside {
    /// Unless it sleeps.
    receiver: Option<UnboundedReceiver<Value>>,
    sleeper: Option<Sleeper<UnboundedReceiver<Value>>>,
    /// Two, or none.
    others: Vec<UnboundedSender<Value>>,
    sent: [u64; 2],
    /// How many values of the led sender were acknowledged before its operation.
    acknowledged: u64,
    ledger: Ledger,
    received: u64,
    /// Bytes of the channel without any chunk.
    fixed: u64,
    room: Room,
}

impl World for Beside {
    type Fill = Fill;
    type Act = super::sending::Act;

    fn before(operation: &Operation, fill: Fill) -> (Beside, Led) {
        let room = people::room();
        let options = options().max_processes(MEMBERS).end_with_last_sender();
        let receiver = options.bind_unbounded(room.name()).unwrap();
        let fixed = receiver.memory_in_use();
        let others = (0..2).map(|_| shmpsc::connect_unbounded(room.name()).unwrap()).collect();
        let mut sender = start(&format!("operates-unbounded {}", operation.name), &room.name());
        let mut world = Beside {
            receiver: Some(receiver),
            sleeper: None,
            others,
            sent: [0; 2],
            acknowledged: 0,
            ledger: Ledger::default(),
            received: 0,
            fixed,
            room,
        };
        let word = sender.hear();
        let (thread, acknowledged) = word.split_once(' ').expect("two words");
        world.acknowledged = acknowledged.parse().expect("a count");
        world.takes_all();
        assert_eq!(world.ledger.count(WHO), world.acknowledged);
        world.fills(fill);
        sender.say();
        (world, Led::at_its_mark(sender, thread.parse().expect("a thread"), false))
    }

    fn meanwhile(&mut self) {
        self.takes_all();
    }

    fn sees_a_death(self, led: Led, operation: &Operation) {
        led.dies();
        let acknowledged = self.acknowledged;
        self.ends_well(acknowledged..=acknowledged + operation.act.values, operation.act.values);
    }

    fn sees_a_stop(mut self, mut led: Led, stands: Stands, operation: &Operation) {
        self.passes_by(if Part::asked_for().is_sample() { 3 } else { 12 });
        if stands == Stands::Inside {
            led.goes_on_to_its_end(|| self.takes_all());
        }
        let acknowledged = led.tells().parse().expect("a count");
        led.dies();
        self.ends_well(acknowledged..=acknowledged, operation.act.values);
    }
}

impl Beside {
    /// The tail, if the led sender has sent nothing since its operation began.
    fn tail(&self) -> u64 {
        self.sent.iter().sum::<u64>() + self.acknowledged
    }

    fn fills(&mut self, fill: Fill) {
        match fill {
            Fill::Inside => {
                assert_eq!((self.sends(0, 1), self.sends(1, 2)), (1, 2));
            }
            Fill::Border => self.comes_to(POSITIONS - 1),
            Fill::Grow => self.comes_to(POSITIONS),
            Fill::Ahead => {
                self.comes_to(POSITIONS + 1);
                // The first part of the stream ends with that.
                self.takes_all();
                self.comes_to(2 * POSITIONS - 1);
            }
            Fill::Limit => self.comes_to(room(self.received, 0)),
            Fill::Asleep => self.falls_asleep(),
            Fill::Alone => {
                self.others.clear();
                self.falls_asleep();
            }
        }
        if fill == Fill::Limit {
            assert_eq!(self.sends(0, 1), 0, "the limit is reached");
        }
    }

    /// The others send until the tail is there.
    #[track_caller]
    fn comes_to(&mut self, tail: u64) {
        let count = tail - self.tail();
        assert_eq!(self.sends(0, count - 1), count - 1);
        assert_eq!(self.sends(1, 1), 1);
    }

    /// One of the others sends up to so many values.
    fn sends(&mut self, at: usize, count: u64) -> u64 {
        let sent = sends(&self.others[at], at as u64, self.sent[at], count);
        self.sent[at] += sent;
        sent
    }

    fn receiver(&mut self) -> &mut UnboundedReceiver<Value> {
        self.receiver.as_mut().expect("it is awake")
    }

    fn falls_asleep(&mut self) {
        let receiver = self.receiver.take().expect("it is awake");
        self.sleeper = Some(sleeper(receiver, UnboundedReceiver::blocking_recv));
    }

    /// A value of another sender wakes the receiver.
    fn wakes(&mut self) {
        if self.sleeper.is_some() {
            assert_eq!(self.sends(0, 1), 1);
            self.gets_up();
        }
    }

    fn gets_up(&mut self) {
        if let Some(sleeper) = self.sleeper.take() {
            let (receiver, received) = sleeper.join().expect("it receives");
            self.receiver = Some(receiver);
            received.into_iter().for_each(|taken| self.enters(taken));
        }
    }

    fn enters(&mut self, taken: Value) {
        let [who, n, ..] = taken;
        assert_eq!(taken, value(who, n), "nothing is torn");
        self.ledger.enter([who, n]);
        self.received += 1;
    }

    /// What is there to be taken.
    fn takes_all(&mut self) {
        if self.receiver.is_some() {
            let mut taken = Vec::new();
            while self.receiver().try_recv_many(&mut taken, 512).is_ok() {}
            taken.into_iter().for_each(|taken| self.enters(taken));
        }
    }

    /// The two others send so many chunks full of values, as if the led one was not there, and the receiver takes them.
    #[track_caller]
    fn passes_by(&mut self, chunks: u64) {
        if self.others.is_empty() {
            return;
        }
        self.wakes();
        for n in 0..2 * chunks {
            let (mut left, at) = (POSITIONS / 2, n as usize % 2);
            eventually("others send on", || {
                left -= self.sends(at, left);
                self.takes_all();
                left == 0
            });
        }
        self.all_of_the_others_come();
        self.has_no_more_memory_than_allowed();
    }

    #[track_caller]
    fn all_of_the_others_come(&mut self) {
        eventually("others are received", || {
            self.takes_all();
            (0..2).all(|at| self.ledger.count(at as u64) == self.sent[at])
        });
    }

    /// The led sender keeps a chunk as long as it is stopped, and can have made one memory that is not needed yet.
    #[track_caller]
    fn has_no_more_memory_than_allowed(&mut self) {
        // It can have claimed some positions that were not taken.
        let (received, tail) = (self.received, self.tail() + 3);
        let most = self.fixed + most_chunks(received, tail, 2) * chunk();
        let in_use = self.receiver().memory_in_use();
        assert!(in_use <= most, "{in_use} bytes of memory after {received} values, not {most}");
    }

    /// Once the one is dead: the others go on, what it was told is sent has come, every chunk is on offer again, and the stream comes
    /// to its end.
    #[track_caller]
    fn ends_well(mut self, sent: RangeInclusive<u64>, values: u64) {
        if !self.others.is_empty() {
            self.goes_on(values);
        }
        self.others.clear();
        self.gets_up();
        eventually("the stream ends", || {
            self.takes_all();
            matches!(self.receiver().try_recv(), Err(TryRecvError::Disconnected))
        });
        let count = self.ledger.count(WHO);
        assert!(sent.contains(&count), "{count} values came, of {sent:?}");
        assert_eq!(self.receiver().corruption(), None);
    }

    #[track_caller]
    fn goes_on(&mut self, values: u64) {
        if self.sleeper.is_some() {
            let [other, _] = &self.others[..] else { panic!("there are two") };
            // What the dead one has sent does not lie there until another sender comes.
            eventually("the sleeping receiver takes what is there", || {
                other.strong_count() == 2 && other.is_empty()
            });
        }
        self.passes_by(3);
        eventually("its handles are dropped", || {
            self.receiver().sender_strong_count() == 2 && self.receiver().sender_weak_count() == 0
        });
        eventually("the queue is empty", || {
            self.takes_all();
            self.receiver().is_empty()
        });
        self.has_no_more_memory_than_allowed();
        // Of the values of the led one some positions may have stayed empty.
        let at = self.tail();
        let (least, most) = (room(at, at + values), room(at + values, at));
        let free = self.sends(0, 2 * most);
        assert!((least..=most).contains(&free), "room for {free} values, not for {least} to {most}");
        self.all_of_the_others_come();
        let mut newcomers: Vec<UnboundedSender<Value>> = Vec::new();
        eventually("its number is given again", || {
            newcomers.extend(shmpsc::connect_unbounded(self.room.name()));
            newcomers.len() == MEMBERS - 3
        });
    }
}
