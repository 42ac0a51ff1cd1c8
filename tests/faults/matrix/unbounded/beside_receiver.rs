//! The processes beside the receiver that is killed or stopped in an unbounded channel: two senders, and one that may be stopped in the
//! middle of a send; and what must be well with them after it.

use std::fmt;

use shmpsc::{UnboundedSender, error::TrySendUnboundedError};

use super::{
    World,
    memory::{CHUNKS, POSITIONS, chunk, most_chunks, options, room, sends},
    receiving::{Act, Operation},
};
use crate::{
    people::{self, Person, Room, eventually, start},
    receiving::Then,
    steps::{Led, Stands},
    world::{Value, WHO, value},
};

/// How the queue stands when the operation begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    Nothing,
    /// Some values, and the next ones stand in the same chunk.
    Inside,
    /// The next value ends a part of the stream, and its chunk is put where the next sender comes.
    Exchange,
    /// The next value ends a part of the stream, and the memory of its chunk is given back.
    GiveBack,
    /// One value before the end of a part of the stream, and some behind it.
    Border,
    /// A sender is stopped in the middle of its send, and there are some values behind it.
    Stalled,
}

impl fmt::Display for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Queued::Nothing => "empty",
            Queued::Inside => "in a chunk",
            Queued::Exchange => "at the end of a chunk, which the next sender gets",
            Queued::GiveBack => "at the end of a chunk, which is given back",
            Queued::Border => "before the end of a chunk",
            Queued::Stalled => "behind a stopped sender",
        })
    }
}

/// Values behind the head, where there are any.
const SOME: u64 = 3;

pub struct Beside {
    senders: [UnboundedSender<Value>; 2],
    sent: [u64; 2],
    stalled: Option<Led>,
    /// What the one that stalls has been told is sent.
    by_stalled: u64,
    received: u64,
    /// Bytes of the channel without any chunk.
    fixed: u64,
    room: Room,
}

impl World for Beside {
    type Fill = Queued;
    type Act = Act;

    fn before(operation: &Operation, queued: Queued) -> (Beside, Led) {
        let room = people::room();
        let mut receiver = start(&format!("receives-unbounded {}", operation.name), &room.name());
        let thread = receiver.hear().parse().expect("a thread");
        let senders = [(); 2].map(|()| shmpsc::connect_unbounded(room.name()).unwrap());
        let fixed = senders[0].memory_in_use();
        let mut world =
            Beside { senders, sent: [0; 2], stalled: None, by_stalled: 0, received: 0, fixed, room };
        world.prepares(&mut receiver, queued);
        receiver.order("operates");
        (world, Led::at_its_mark(receiver, thread, operation.act.sleeps))
    }

    fn meanwhile(&mut self) {
        if self.senders[0].is_empty() {
            self.sends(0, 1);
        }
    }

    fn sees_a_death(mut self, led: Led, _: &Operation) {
        led.dies();
        self.stalled_one_goes_on();
        self.see_the_end();
        // The name is free for the next.
        eventually("the name can be bound", || options().bind_unbounded::<Value>(self.room.name()).is_ok());
    }

    fn sees_a_stop(mut self, mut led: Led, stands: Stands, operation: &Operation) {
        let Act { takes, then, sleeps, .. } = operation.act;
        led.freezes();
        let found = self.outstanding();
        let is_open = self.fill_to_the_limit(takes);
        assert!(is_open || then != Then::Open);
        led.thaws();
        if stands == Stands::Inside {
            led.goes_on_to_its_end(|| self.meanwhile());
        }
        let count: u64 = led.tells().parse().expect("a count");
        let least = if sleeps { 1 } else { found.min(takes) };
        assert!((least..=takes.max(least)).contains(&count), "{count} values received, of {found}");
        self.received += count;
        self.is_well(&mut led, then);
        led.dies();
        self.see_the_end();
    }
}

impl Beside {
    /// One of the two sends up to so many values.
    fn sends(&mut self, at: usize, count: u64) -> u64 {
        let sent = sends(&self.senders[at], at as u64, self.sent[at], count);
        self.sent[at] += sent;
        sent
    }

    /// How many values have been sent and are not known to be received.
    fn outstanding(&self) -> u64 {
        self.sent.iter().sum::<u64>() + self.by_stalled - self.received
    }

    fn tail(&self) -> u64 {
        self.received + self.outstanding() + u64::from(self.stalled.is_some())
    }

    /// Both send until the tail is there, and the receiver takes all before the head.
    #[track_caller]
    fn come_to(&mut self, receiver: &mut Person, head: u64, tail: u64) {
        let count = tail - self.tail();
        assert_eq!((self.sends(0, 1), self.sends(1, count - 1)), (1, count - 1));
        let count = head - self.received;
        assert_eq!(receiver.obeys(format_args!("receives {count}")), count.to_string());
        self.received = head;
    }

    #[track_caller]
    fn prepares(&mut self, receiver: &mut Person, queued: Queued) {
        match queued {
            Queued::Nothing => {}
            Queued::Inside => self.come_to(receiver, 2, 2 + SOME),
            Queued::Exchange => self.come_to(receiver, POSITIONS, POSITIONS + SOME),
            // Two chunks stand ready behind the last one then.
            Queued::GiveBack => self.come_to(receiver, 3 * POSITIONS, 3 * POSITIONS + SOME),
            Queued::Border => self.come_to(receiver, POSITIONS - 1, POSITIONS + SOME),
            Queued::Stalled => {
                self.stalls(receiver);
                assert_eq!(self.sends(0, SOME), SOME);
            }
        }
    }

    /// A sender stops in the middle of its send, between claim and publication.
    #[track_caller]
    fn stalls(&mut self, receiver: &mut Person) {
        let mut sender = start("operates-unbounded try-send", &self.room.name());
        let word = sender.hear();
        let (thread, sent) = word.split_once(' ').expect("two words");
        self.by_stalled = sent.parse().expect("a number");
        assert_eq!(receiver.obeys("receives 1"), "1");
        self.received = 1;
        sender.say();
        let mut led = Led::at_its_mark(sender, thread.parse().expect("a thread"), false);
        while self.senders[0].is_empty() {
            assert_eq!(led.step(|| {}), Stands::Inside, "it claims");
        }
        self.stalled = Some(led);
    }

    /// It ends its send.
    #[track_caller]
    fn stalled_one_goes_on(&mut self) {
        if let Some(mut led) = self.stalled.take() {
            led.goes_on_to_its_end(|| {});
            self.by_stalled = led.tells().parse().expect("a count");
            led.dies();
        }
    }

    /// While the receiver is stopped the senders wait for nothing: they fill all chunks that are on offer. Returns whether the channel
    /// is open.
    #[track_caller]
    fn fill_to_the_limit(&mut self, takes: u64) -> bool {
        let (received, tail) = (self.received, self.tail());
        let sent = self.sends(0, 1) + self.sends(1, 2 * CHUNKS * POSITIONS);
        let tried = value(0, self.sent[0]);
        let refused = self.senders[0].try_send(tried).expect_err("there is no end of memory");
        assert_eq!(refused.into_inner(), tried);
        let in_use = self.senders[0].memory_in_use();
        assert!(in_use <= self.fixed + CHUNKS * chunk(), "{in_use} bytes of memory");
        match refused {
            TrySendUnboundedError::Closed(_) => false,
            _ => {
                let (least, most) = (room(received, tail), room(received + takes, tail));
                assert!((least..=most).contains(&sent), "{sent} values sent, not {least} to {most}");
                true
            }
        }
    }

    /// The operation has ended. What was told to be sent is received, once, and the memory is on offer again.
    #[track_caller]
    fn is_well(&mut self, receiver: &mut Led, then: Then) {
        if then != Then::Open {
            eventually("the channel is closed", || self.senders[0].is_closed());
        }
        self.stalled_one_goes_on();
        let order = match then {
            Then::Open => format!("receives {}", self.outstanding()),
            Then::Closed => "receives-to-the-end".to_owned(),
            Then::Gone => {
                let (in_use, chunks) = (self.senders[0].memory_in_use(), self.fixed + chunk());
                assert!(in_use <= chunks, "{in_use} bytes of memory, without a receiver");
                return;
            }
        };
        let count: u64 = receiver.obeys(order).parse().expect("a count");
        assert_eq!(count, self.outstanding(), "values received");
        self.received += count;
        for (who, sent) in [(0, self.sent[0]), (1, self.sent[1]), (WHO, self.by_stalled)] {
            assert_eq!(receiver.obeys(format_args!("came-from {who}")), sent.to_string(), "from {who}");
        }
        if then == Then::Open {
            assert_eq!(receiver.obeys("finds-nothing"), "nothing");
            let most = self.fixed + most_chunks(self.received, self.tail(), 0) * chunk();
            let in_use: u64 = receiver.obeys("memory").parse().expect("a number");
            assert!(in_use <= most, "{in_use} bytes of memory, not {most}");
            assert!(self.fill_to_the_limit(0), "it is open");
        }
    }

    /// The receiver is dead: both senders hear of it, and nothing can be sent.
    #[track_caller]
    fn see_the_end(&self) {
        for sender in &self.senders {
            eventually("the channel is closed", || sender.is_closed());
            let tried = value(0, 0);
            assert_eq!(sender.try_send(tried), Err(TrySendUnboundedError::Closed(tried)));
            assert!(sender.send(tried).is_err_and(|error| error.0 == tried));
        }
    }
}
