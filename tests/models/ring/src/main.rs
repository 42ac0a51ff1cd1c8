//! A model of the bounded queue: a ring of slots with one claim word, and the quarantine of stalled senders. It is sequentially
//! consistent, with one access to a shared word a step. A stopped thread takes no step any more; a killed process is proved dead
//! some time later.
//!
//! The ring may have more slots, S, than its capacity, N. Nothing is bound to S but where a position stands; N is a limit on what
//! senders may take:
//!
//! ```text
//! free  = N - (tail - head) - reserved - ahead
//! ahead = slots in quarantine whose position in [head, head + S) is at or after the tail, and is void or will be
//! ```
//!
//! That window holds each slot once, and `tail - head` is at most N, so a stalled send keeps exactly one unit of capacity: in
//! `tail - head` while its slot's position of this lap is void and stands there, else in `ahead`. With `[head, head + N)`
//! (`without=whole_lap`) nothing is lost or doubled, but a send that stalls loses its unit, and up to S - N more are in use.
//!
//! Not here: the line of waiting senders, bells, the accounts of permits, receivers that follow one another, weak memory. A
//! sender that was told Full goes on when there is room; what a dead process holds in permits comes back in one step.

mod check;
#[path = "../../explorer/mod.rs"]
mod explorer;
mod receiver;
mod runs;
mod sender;
mod world;

use explorer::Lists;
use world::{Kind, Rules, Setup};

const USAGE: &str = "ring-model [t=a2,b1,ck2] [capacity=2] [slots=4] [entries=2] [kills=0] [stops=0] [close] [loose]
  t         one thread each: its process, what it does, how many messages it has
            nothing: sends, t: tries to, k: sends all in one call, p: by permits, m: by permits taken in one call, d: drops permits,
            s: is stopped when it has claimed, h: is stopped when it has a permit
  capacity  what senders may take
  slots     of the ring; if it is not said, as many
  entries   how many slots can be in quarantine
  loose     does not check that no more than the capacity is in use";

fn parse(words: &[&str]) -> Option<Setup> {
    let mut setup = Setup {
        capacity: 2,
        slots: 0,
        entries: 2,
        process: vec![],
        kind: vec![],
        messages: vec![],
        first: vec![],
        close: false,
        kills: 0,
        stops: 0,
        loose: false,
        rules: Rules::all(),
    };
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<u8>().expect(USAGE);
        match key {
            "t" => {
                for thread in value.split(',') {
                    let bytes = thread.as_bytes();
                    setup.first.push(setup.messages.iter().sum());
                    setup.process.push(bytes[0] - b'a');
                    setup.kind.push(match bytes[1] {
                        b't' => Kind::Try,
                        b'k' => Kind::Batch,
                        b'p' => Kind::Permit,
                        b'm' => Kind::Permits,
                        b'd' => Kind::Drop,
                        b's' => Kind::Stall,
                        b'h' => Kind::Hold,
                        _ => Kind::Send,
                    });
                    setup.messages.push(bytes[bytes.len() - 1] - b'0');
                }
            }
            "capacity" => setup.capacity = number(),
            "slots" => setup.slots = number(),
            "entries" => setup.entries = usize::from(number()),
            "kills" => setup.kills = number(),
            "stops" => setup.stops = number(),
            "loose" => setup.loose = true,
            "close" => setup.close = true,
            "without" => setup.rules = Rules::without(value),
            _ => return None,
        }
    }
    if setup.slots == 0 {
        setup.slots = setup.capacity;
    }
    let fits = setup.threads() <= world::THREADS
        && setup.processes() <= world::PROCESSES
        && setup.capacity <= setup.slots
        && usize::from(setup.slots) <= world::SLOTS
        && setup.entries <= world::ENTRIES
        && usize::from(setup.messages.iter().sum::<u8>()) <= world::MESSAGES;
    fits.then_some(setup)
}

/// Set-ups of every kind, each explored to its end. The last ones show that with the wrong window only the limit is broken.
const SMALL: &[&str] = &[
    "t=a3,b3 capacity=1",
    "t=a3,b3 capacity=1 slots=2",
    "t=a2,b2 capacity=1 slots=2 kills=1 close",
    "t=a3,b3",
    "t=a2,b2 kills=1 close",
    "t=a1,b1,c1",
    "t=a3,b3 slots=4",
    "t=a1,b5 slots=4 close",
    "t=a2,b2 slots=4 kills=1 close",
    "t=a2,b2 slots=4 stops=1 close",
    "t=ak3,b2 slots=4 stops=1",
    "t=ap2,b2 slots=4 stops=1 close",
    "t=ap1,b2 slots=4 kills=1",
    "t=am2,b3 slots=4 close",
    "t=ad2,b3 slots=4",
    "t=at2,b3 slots=4 stops=1",
    "t=a1,a1,b2 slots=4",
    "t=as1,b2,c1 slots=4",
    "t=a1,b1,ck2 capacity=3",
    "t=a2,b2 capacity=3 stops=1 close",
    "t=a3,b3 capacity=3 slots=4",
    "t=a1,b1,ck2 capacity=3 slots=4",
    "t=ak3,b2 capacity=3 slots=4 kills=1 close",
    "t=ak3,b3 capacity=3 slots=4 stops=1",
    "t=as1,bs1,c3 capacity=3 slots=4",
    "t=as1,bs1,ck3 capacity=3 slots=4",
    "t=as1,bs1,cp2 capacity=3 slots=4",
    "t=as1,bh1,c3 capacity=3 slots=4",
    "t=as1,bs1,c3 capacity=3 slots=4 entries=1",
    "t=a3,b3 slots=4 without=whole_lap loose",
    "t=ak3,b2 capacity=3 slots=4 close without=whole_lap loose",
];

/// For each rule a set-up in which something breaks without it.
const BREAKING: &[(&str, &str)] = &[
    ("exact_limit", "t=a2,b2 slots=4"),
    ("counts_ahead", "t=a2,b2 slots=4"),
    ("only_ahead", "t=a2,b2 slots=4"),
    ("only_void", "t=a1,b5 slots=4"),
    ("whole_lap", "t=a2,b2 slots=4"),
    ("full_confirmed", "t=dt1,b3,cs1,a2 capacity=4"),
    ("looks_while_any", "t=a2,b2 slots=4"),
    ("count_after_head", "t=a2,b2 slots=4"),
    ("both_or_neither", "t=ak3,b2 capacity=3 slots=4"),
    ("voids", "t=a1,b5 slots=4"),
    ("entry_first", "t=a1,b5 slots=4"),
    ("void_exact", "t=a1,b5 slots=4"),
    ("run_ends", "t=a1,b1,ck2 capacity=3"),
    ("records", "t=a2,b2 slots=4"),
    ("record_exact", "t=a3,b1,b1"),
    ("record_newer", "t=a3,b1,b1"),
    ("claim_first", "t=ak3,b2 capacity=3 slots=4"),
    ("register_first", "t=a2,b2 slots=4"),
    ("head_first", "t=a2,b2 slots=4"),
    ("newest_first", "t=ak3,b2 capacity=3 slots=4"),
    ("oldest_first", "t=ak3,b2 capacity=3 slots=4"),
    ("proof_first", "t=a2,b2 slots=4 kills=1"),
    ("proof_first_stalled", "t=a2,b2 slots=4 kills=1"),
    ("lingers", "t=a1,b5 slots=4"),
    ("moves_over", "t=a1,b5 slots=4 close"),
    ("moves_over_alone", "t=a1,bs1,c2,dh1 capacity=3"),
    ("end_waits", "t=ak3,b2 capacity=3 slots=4 close"),
    ("permits_end", "t=ap2,b2 slots=4 close"),
];

fn main() {
    explorer::run(
        &Lists { usage: USAGE, small: SMALL, rules: Rules::NAMES, breaking: BREAKING, lacking: &[] },
        parse,
    );
}
