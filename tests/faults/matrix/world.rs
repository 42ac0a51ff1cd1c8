//! Everybody but the sender that is killed or stopped: a receiver, two other senders and a task that waits behind it, and what
//! must be well with them after it.

use std::{
    fmt,
    ops::RangeInclusive,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use shmpsc::{
    Receiver, Sender,
    error::{TryRecvError, TrySendError},
};

use crate::{
    acts::Reserving,
    part::Position,
    people::{Room, eventually, ledger::Ledger, room},
    sleeper::{Sleeper, sleeper},
};

/// Who takes two and stands in the line for two leaves room for one who waits.
const CAPACITY: usize = 6;

/// The receiver's process, the two others, the one, and whom it invites: before it is led, and while it is.
const MEMBERS: usize = 6;

/// The number of the next sender that is killed or stopped.
pub const WHO: u64 = 2;

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
    /// Empty, the receiver sleeps until the end of the stream, and there is no other sender.
    Alone,
}

impl Fill {
    /// Those of the queue alone.
    pub const ALL: [Fill; 4] = [Fill::Empty, Fill::Half, Fill::Full, Fill::AtTheWrap];
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fill::Empty => "empty",
            Fill::Half => "half full",
            Fill::Full => "full",
            Fill::AtTheWrap => "at the wrap of a lap",
            Fill::Asleep => "with the receiver asleep",
            Fill::Alone => "with the receiver asleep and no other sender",
        })
    }
}

/// A sender that waits for room. It looks again only when it has been woken.
struct Waiter {
    reserving: Pin<Box<Reserving>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// It is used for one death or stop.
pub struct World {
    /// Unless it sleeps.
    receiver: Option<Receiver<Value>>,
    sleeper: Option<Sleeper<Receiver<Value>>>,
    /// Two, or none.
    others: Vec<Sender<Value>>,
    sent: [u64; 2],
    waiter: Option<Waiter>,
    ledger: Ledger,
    received: usize,
    room: Room,
}

impl World {
    pub fn new() -> World {
        let room = room();
        let options = crate::part::options().capacity(CAPACITY).max_processes(MEMBERS).end_with_last_sender();
        let receiver = options.bind(room.name()).unwrap();
        let others = (0..2).map(|_| shmpsc::connect(room.name()).unwrap()).collect();
        World {
            receiver: Some(receiver),
            sleeper: None,
            others,
            sent: [0; 2],
            waiter: None,
            ledger: Ledger::default(),
            received: 0,
            room,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.room.name()
    }

    /// The values that the sender has been told are sent have come, and no other.
    #[track_caller]
    pub fn hears(&mut self, acknowledged: u64) {
        self.drains();
        assert_eq!(self.ledger.count(WHO), acknowledged);
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
            Fill::Alone => {
                self.others.clear();
                self.falls_asleep();
                0
            }
        };
        (0..values).for_each(|at| self.sends(at % 2).unwrap());
    }

    fn receiver(&mut self) -> &mut Receiver<Value> {
        self.receiver.as_mut().expect("it is awake")
    }

    /// The receiver sleeps from now on, until a value of the first of the others comes, or the end of the stream.
    fn falls_asleep(&mut self) {
        let receiver = self.receiver.take().expect("it is awake");
        self.sleeper = Some(sleeper(receiver, Receiver::blocking_recv));
    }

    /// A value of another sender wakes the receiver.
    fn wakes(&mut self) {
        if self.sleeper.is_some() {
            self.sends(0).expect("there is room");
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

    fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    fn sends(&mut self, at: usize) -> Result<(), TrySendError<Value>> {
        self.others[at].try_send(value(at as u64, self.sent[at]))?;
        self.sent[at] += 1;
        Ok(())
    }

    /// While the one stands where it will be killed or stopped: there is no room left, and a third sender waits for some.
    #[track_caller]
    pub fn waits_behind(&mut self, position: Position<Fill>) {
        if self.is_alone() || self.sleeper.is_some() {
            return;
        }
        while self.sends(0).is_ok() {}
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let reserving = Box::pin(self.others[1].clone().reserve_owned());
        self.waiter = Some(Waiter { reserving, woken });
        self.lets_it_look();
        assert!(self.waiter.is_some(), "there was no room: {position}");
    }

    /// If the one who waits has been woken, it looks; when it is its turn, it sends.
    fn lets_it_look(&mut self) {
        let Some(waiter) = &mut self.waiter else { return };
        if !waiter.woken.0.swap(false, SeqCst) {
            return;
        }
        let waker = Waker::from(Arc::clone(&waiter.woken));
        if let Poll::Ready(permit) = waiter.reserving.as_mut().poll(&mut Context::from_waker(&waker)) {
            permit.expect("it is open").send(value(1, self.sent[1]));
            self.sent[1] += 1;
            self.waiter = None;
        }
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

    /// The two others send, as if nobody was there, the receiver takes what they send, and who waits gets its turn.
    #[track_caller]
    pub fn passes_by(&mut self, position: Position<Fill>, values: usize) {
        if self.is_alone() {
            return;
        }
        self.wakes();
        eventually(&format!("who waited has its turn: {position}"), || {
            self.takes_one();
            self.lets_it_look();
            self.waiter.is_none()
        });
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

    /// Once the one is dead: the others go on, what it was told is sent has come, everything that it had is free, and the stream
    /// comes to its end.
    #[track_caller]
    pub fn ends_well(mut self, position: Position<Fill>, sent: RangeInclusive<u64>) {
        if !self.is_alone() {
            self.goes_on(position);
        }
        self.others.clear();
        self.gets_up();
        eventually(&format!("the stream ends: {position}"), || match self.receiver().try_recv() {
            Err(TryRecvError::Disconnected) => true,
            Err(TryRecvError::Empty) => false,
            Ok(taken) => panic!("{taken:?} had not been received: {position}"),
        });
        assert_eq!(self.receiver().capacity(), CAPACITY, "the capacity at the end: {position}");
        let count = self.ledger.count(WHO);
        assert!(sent.contains(&count), "{count} values came, of {sent:?}: {position}");
    }

    #[track_caller]
    fn goes_on(&mut self, position: Position<Fill>) {
        if self.sleeper.is_some() {
            let [other, _] = &self.others[..] else { panic!("there are two") };
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
        drop(self.others[0].try_reserve_many(CAPACITY).unwrap_or_else(|error| panic!("{error}: {position}")));
        self.fills(Fill::Full);
        assert!(self.sends(0).is_err(), "there is room for more than there is: {position}");
        self.passes_by(position, 0);
        let mut newcomers: Vec<Sender<Value>> = Vec::new();
        eventually(&format!("its numbers are given again: {position}"), || {
            newcomers.extend(shmpsc::connect(self.path()));
            newcomers.len() == MEMBERS - 3
        });
    }
}
