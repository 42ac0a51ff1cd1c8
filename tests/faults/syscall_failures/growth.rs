//! An unbounded channel whose memory is refused while it comes and goes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use shmpsc::{Options, UnboundedReceiver, UnboundedSender, error::TrySendUnboundedError};

use crate::{
    FORBIDS, LACKS, PLENTY, heard, panics, patience,
    people::{
        Value,
        chunks::{chunk, positions},
        room, start, tell,
    },
    refuser::{KINDS, Refuser, What},
};

/// Positions of a chunk.
const POSITIONS: u64 = positions::<Value>();
/// Chunks of the channel.
const CHUNKS: u64 = 8;
/// Chunks that an empty queue may have: two parts of the stream, and two where the next senders come.
const LEAST: u64 = 4;

/// How often a value comes back before it is left for later.
const TRIES: u64 = 3;

struct World {
    sender: UnboundedSender<Value>,
    receiver: UnboundedReceiver<Value>,
    /// Bytes without any chunk.
    fixed: u64,
    sent: u64,
    received: u64,
}

impl World {
    fn new() -> World {
        let options = Options::new().memory_limit(CHUNKS * chunk::<Value>());
        let (sender, receiver) = options.channel_unbounded().unwrap();
        let fixed = receiver.memory_in_use();
        World { sender, receiver, fixed, sent: 0, received: 0 }
    }

    /// Sends until the limit is reached, or there is no memory however often it is tried. Tells how many values were sent, and how often
    /// one came back for want of memory.
    fn fill(&mut self) -> (u64, u64) {
        let (before, mut refusals, mut in_a_row) = (self.sent, 0, 0);
        while in_a_row < TRIES {
            let value = [7, self.sent];
            match self.sender.try_send(value) {
                Ok(()) => {
                    self.sent += 1;
                    in_a_row = 0;
                }
                Err(TrySendUnboundedError::NoMemory(back)) => {
                    assert_eq!(back, value);
                    refusals += 1;
                    in_a_row += 1;
                }
                Err(refused) => {
                    assert_eq!(refused, TrySendUnboundedError::Limit(value));
                    break;
                }
            }
        }
        assert!(!self.sender.is_closed());
        (self.sent - before, refusals)
    }

    /// Takes all that was sent: each once, and in order.
    fn drain(&mut self) {
        while let Ok(value) = self.receiver.try_recv() {
            assert_eq!(value, [7, self.received]);
            self.received += 1;
        }
        assert_eq!(self.received, self.sent);
    }

    /// All memory that the channel may have can be had, and what it does not need is given back.
    fn is_whole(&mut self) {
        let (sent, refusals) = self.fill();
        assert_eq!(refusals, 0);
        assert!(sent > (CHUNKS - 2) * POSITIONS, "{sent} values sent");
        self.drain();
        let chunks = (self.receiver.memory_in_use() - self.fixed).div_ceil(chunk::<Value>());
        assert!(chunks <= LEAST, "{chunks} chunks for nothing");
    }

    /// Fills the channel and empties it while this is refused, and sees to it that nothing stays of that. None: it was not needed.
    /// Else which call it was, and how often a value came back.
    fn without(&mut self, refused: What, errno: i32, refuser: &Refuser) -> Option<(&'static str, u64)> {
        refuser.refuse(refused, errno);
        let done = catch_unwind(AssertUnwindSafe(|| {
            let (_, refusals) = self.fill();
            self.drain();
            refusals
        }));
        let call = refuser.relent();
        let case = format!("{refused:?}, {call:?}, error {errno}: {done:?}");
        assert!(done.is_ok() && panics() == 0, "a panic: {case}");
        let refusals = done.expect("no panic");
        assert!(call == Some("fallocate") || refusals == 0, "that is not why: {case}");
        self.is_whole();
        call.map(|call| (call, refusals))
    }
}

/// Role: fills a channel and empties it while the first call is refused, then the second, and so on until there is none to refuse;
/// then without each kind of call.
pub fn grows(refuser: &Refuser) {
    let mut world = World::new();
    (0..2).for_each(|_| world.is_whole());
    let mut refusals = Vec::new();
    for errno in LACKS {
        let nths = (0..PLENTY).map_while(|nth| world.without(What::Nth(nth), errno, refuser));
        refusals.extend(nths);
    }
    for errno in FORBIDS {
        let kinds = (0..KINDS).filter_map(|kind| world.without(What::Kind(kind), errno, refuser));
        refusals.extend(kinds);
    }
    let count = |counts: fn(&(&str, u64)) -> bool| refusals.iter().filter(|refused| counts(refused)).count();
    let came_back = count(|(_, refusals)| *refusals > 0);
    let kept = count(|(call, refusals)| *call == "fallocate" && *refusals == 0);
    tell(format!("{} {came_back} {kept}", refusals.len()));
}

/// Shows T27.
#[test]
fn memory_refused_while_it_comes_and_goes_costs_no_value() {
    let _patience = patience();
    let room = room();
    let mut child = start("grows", &room.name());
    let Some(said) = heard(&mut child) else { return };
    let numbers: Vec<u64> = said.split(' ').map(|word| word.parse().expect("a number")).collect();
    let [refusals, came_back, kept] = numbers[..] else { panic!("three numbers") };
    println!(
        "grows: {refusals} calls refused; {came_back} times a value came back, {kept} times memory stayed for a while"
    );
    assert!(came_back > 0 && kept > 0);
    child.end();
}
