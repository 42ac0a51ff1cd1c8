//! A model of the table of chunks, the unbounded queue: a receive-descriptor ring, as of a network card. The receiver posts empty
//! pieces of memory, senders fill them in order, and the receiver moves each on to another entry when it has read it. It is
//! sequentially consistent, with one access to a shared word a step. A stopped thread takes no step any more; a killed process is
//! proved dead some time later.
//!
//! What the crate calls a *part of the stream* is a *chunk* here; the *chunk* of memory that stands in it is a *piece*.
//!
//! ```text
//! claim   { tail | owner | closed }        position p stands in chunk p / C, at p mod C of the memory that the chunk's entry names
//! table   entry of chunk N = table[N mod T] = { lap N / T | piece | OFFERED, GROWING, READY }, all zero: N is offered piece N
//! SEND    1  c = claim; closed -> Closed.  N = c.tail / C; the view bears N -> 3
//!         2  e = table[N]: does not bear N: claim still c -> Limit, else 1.  READY: view = { N, piece }, 3.
//!            OFFERED: exchange -> GROWING (lost: 2).  GROWING: fallocate (fails -> NoMemory); exchange -> READY; 1
//!         3  another owner in c: record position tail - 1, through the table if it stands in chunk N - 1
//!         4  exchange claim -> { tail + k, me }, k up to the chunk's end (lost: 1); values, then stamps
//! RECEIVE as in the bounded queue; when head is one position beyond the end of a chunk: keep its piece while it has a stall, then
//! RETIRE  piece p:  M = claim.tail / C;  n = the first entry from M on that is not READY
//!         n > M + AHEAD, or n is not posted yet, or GROWING:  punch p, post p
//!         OFFERED q:  exchange -> { n, p, READY } (lost: look again);  punch q, post q
//!         post p:  table[posted] = { posted, p, OFFERED };  posted += 1
//! ```
//!
//! Without the margin of one position, GROWING, the punch of q and the look at GROWING in RETIRE, no message is lost, doubled or
//! misplaced (`loose`): they bound the memory that is real. A margin is needed for more than that if T is no larger than the number
//! of pieces. A table of exactly that length needs no rule for untouched entries.

mod check;
#[path = "../../explorer/mod.rs"]
mod explorer;
mod receiver;
mod runs;
mod sender;
mod world;

use explorer::Lists;
use world::{Rules, Setup};

const USAGE: &str =
    "table-model [t=a2,b1,ck2] [chunk=1] [pieces=2] [table=2] [ahead=1] [kills=0] [stops=0] [fails=0]
            [memory=0] [close] [ready] [loose]
  t         one thread each: its process, k for one call, how many messages it sends
  chunk     positions of a chunk
  pieces    how much memory there is, in chunks
  table     entries of the table; if it is not said, as many as pieces
  ahead     how many chunks ahead of the tail's stay real
  memory    how much the system has, in chunks; 0: enough
  ready     memory for which no entry is on offer is posted READY, not punched
  loose     does not check how much memory is real, which sender touches it, what the next receiver finds";

fn parse(words: &[&str]) -> Option<Setup> {
    let mut setup = Setup {
        chunk: 1,
        pieces: 2,
        table: 0,
        ahead: 1,
        process: vec![],
        messages: vec![],
        batch: vec![],
        first: vec![],
        close: false,
        kills: 0,
        stops: 0,
        fails: 0,
        memory: 0,
        posts_ready: false,
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
                    setup.batch.push(bytes[1] == b'k');
                    setup.messages.push(bytes[bytes.len() - 1] - b'0');
                }
            }
            "chunk" => setup.chunk = number(),
            "pieces" => setup.pieces = number(),
            "table" => setup.table = number(),
            "ahead" => setup.ahead = number(),
            "kills" => setup.kills = number(),
            "stops" => setup.stops = number(),
            "fails" => setup.fails = number(),
            "memory" => setup.memory = number(),
            "loose" => setup.loose = true,
            "close" => setup.close = true,
            "ready" => setup.posts_ready = true,
            "without" => setup.rules = Rules::without(value),
            _ => return None,
        }
    }
    if setup.table == 0 {
        setup.table = setup.pieces;
    }
    let fits = setup.threads() <= world::THREADS
        && setup.processes() <= world::PROCESSES
        && usize::from(setup.chunk) <= world::PIECE
        && usize::from(setup.pieces) <= world::PIECES
        && setup.table >= setup.pieces
        && usize::from(setup.table) <= world::TABLE
        && usize::from(setup.messages.iter().sum::<u8>()) <= world::MESSAGES;
    fits.then_some(setup)
}

/// Set-ups of every kind, each explored to its end in seconds.
const SMALL: &[&str] = &[
    "t=a5",
    "t=a1,b2",
    "t=a2,b2",
    "t=a2,b2 table=4",
    "t=a2,b2 ready",
    "t=a3,b3 pieces=3",
    "t=a3,b3 pieces=3 table=4 ready",
    "t=a1,b5 pieces=3",
    "t=a3,b1,b1 pieces=3",
    "t=a1,b1,c1",
    "t=a1,b2,c1 pieces=3",
    "t=a1,a1,b1 kills=1",
    "t=a2,b2 pieces=3 kills=1",
    "t=a2,b2 pieces=3 kills=1 close",
    "t=a2,b2 pieces=3 stops=1",
    "t=ak3,b1 chunk=2",
    "t=ak3,b2 chunk=2 kills=1 close",
    "t=ak3,b3 chunk=2 kills=1",
    "t=a3,b1 pieces=4 ahead=0",
    "t=a2,b2 pieces=4 ahead=2",
    "t=a2,b2 pieces=3 fails=2 kills=1",
    "t=a2,b2 pieces=4 memory=2",
    "t=ak4,b2 chunk=2 pieces=3 memory=2 fails=1",
];

/// For each rule a set-up in which something breaks without it.
const BREAKING: &[(&str, &str)] = &[
    ("entry_has_lap", "t=a3 loose"),
    ("untouched_is_first", "t=a3 table=4 loose"),
    ("view_has_number", "t=a3"),
    ("claims_ready", "t=a3"),
    ("growing", "t=a3,b1 pieces=3"),
    ("growing_exact", "t=a1,b2"),
    ("growing_helps", "t=a1,b2"),
    ("ready_after", "t=a3"),
    ("ready_exact", "t=a3,b1 pieces=3"),
    ("limit_confirmed", "t=a3,b1 pieces=3"),
    ("batch_ends", "t=ak3,b1 chunk=2"),
    ("records", "t=a1,b2"),
    ("record_first", "t=a1,b2"),
    ("record_exact", "t=a3,b1,b1 pieces=3"),
    ("record_newer", "t=a3,b1,b1 pieces=3"),
    ("looks_at_ready", "t=ak3,b1 chunk=2"),
    ("head_first", "t=ak3,b1 chunk=2"),
    ("proof_first", "t=a1,b2 kills=1"),
    ("end_waits", "t=ak3,b2 chunk=2 kills=1 close"),
    ("margin", "t=a1,b2 loose"),
    ("keeps", "t=a1,b2"),
    ("keeps_to_last", "t=ak3,b1 chunk=2"),
    ("gives_back", "t=a3,b1 pieces=4 ahead=0"),
    ("punch_first", "t=a3,b1 pieces=3"),
    ("swap_exact", "t=a3,b1 pieces=3"),
    ("sweeps", "t=a3,b3 pieces=3"),
    ("growing_first", "t=a2,b2 pieces=4 memory=2"),
];

fn main() {
    explorer::run(
        &Lists { usage: USAGE, small: SMALL, rules: Rules::NAMES, breaking: BREAKING, lacking: &[] },
        parse,
    );
}
