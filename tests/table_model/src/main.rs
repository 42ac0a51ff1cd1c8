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
mod receiver;
mod search;
mod sender;
mod world;

use search::{Outcome, everything, shortest};
use std::time::Instant;
use world::{Rules, Setup};

const USAGE: &str =
    "table-model [t=a2,b1,ck2] [chunk=1] [pieces=2] [table=2] [ahead=1] [kills=0] [stops=0] [fails=0]
            [memory=0] [close] [ready] [without=RULE+RULE] [loose] [bfs] [bits=26] [seconds=160]
  t         one thread each: its process, k for one call, how many messages it sends
  chunk     positions of a chunk
  pieces    how much memory there is, in chunks
  table     entries of the table; if it is not said, as many as pieces
  ahead     how many chunks ahead of the tail's stay real
  memory    how much the system has, in chunks; 0: enough
  ready     memory for which no entry is on offer is posted READY, not punched
  loose     does not check how much memory is real, which sender touches it, what the next receiver finds
  bfs       looks for a shortest run to a flaw
table-model small          all runs of small set-ups of every kind
table-model rules [RULE]   for each rule what breaks without it; for one, also the run";

struct Search {
    setup: Setup,
    is_breadth_first: bool,
    bits: u32,
    seconds: u64,
}

fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Search {
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
    let (mut is_breadth_first, mut bits, mut seconds) = (false, 26, 160);
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
            "bfs" => is_breadth_first = true,
            "bits" => bits = value.parse().expect(USAGE),
            "seconds" => seconds = value.parse().expect(USAGE),
            _ => panic!("{USAGE}"),
        }
    }
    if setup.table == 0 {
        setup.table = setup.pieces;
    }
    assert!(setup.threads() <= world::THREADS && setup.processes() <= world::PROCESSES, "{USAGE}");
    assert!(
        usize::from(setup.chunk) <= world::PIECE && usize::from(setup.pieces) <= world::PIECES,
        "{USAGE}"
    );
    assert!(setup.table >= setup.pieces && usize::from(setup.table) <= world::TABLE, "{USAGE}");
    assert!(usize::from(setup.messages.iter().sum::<u8>()) <= world::MESSAGES, "{USAGE}");
    Search { setup, is_breadth_first, bits, seconds }
}

fn tell(outcome: &Outcome) {
    match outcome {
        Outcome::Holds(states) => println!("holds: {states} states"),
        Outcome::Limit(states) => println!("no flaw within {states} states (limit)"),
        Outcome::Flawed(states, flaw, trace) => {
            for (number, line) in trace.iter().enumerate() {
                println!("{:3} {line}", number + 1);
            }
            println!("FLAW within {states} states, {} steps: {flaw}", trace.len());
        }
    }
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

/// For each rule a set-up in which something breaks without it. For a rule that is not here, all of `SMALL` are tried for a
/// second each: it stands on argument, or its order does not matter.
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

fn every_small() {
    let began = Instant::now();
    for text in SMALL {
        let outcome = everything(&parse(text.split(' ')).setup, 26, 60);
        print!("{text:48} ");
        tell(&outcome);
        if !matches!(outcome, Outcome::Holds(_)) {
            std::process::exit(1);
        }
    }
    println!("{} s", began.elapsed().as_secs());
}

/// Says for each rule what breaks without it. Ends with a failure if a rule of `BREAKING` breaks nothing.
fn every_rule(only: &str) {
    let mut is_as_said = true;
    for (rule, why) in Rules::NAMES.iter().filter(|(rule, _)| only.is_empty() || *rule == only) {
        println!("{rule}:{why}");
        let known = BREAKING.iter().find(|(known, _)| known == rule).map(|(_, text)| *text);
        let without = |text: &str| {
            let mut setup = parse(text.split(' ')).setup;
            setup.rules = Rules::without(rule);
            setup
        };
        // Depth first finds a flaw soon; breadth first finds a shortest run to it, if that is near enough.
        let found = |text: &str, seconds| match everything(&without(text), 25, seconds) {
            Outcome::Flawed(states, flaw, trace) => match shortest(&without(text), 300_000) {
                Outcome::Flawed(states, flaw, trace) => Some((text.to_string(), states, flaw, trace)),
                _ => Some((format!("{text}, not the shortest"), states, flaw, trace)),
            },
            _ => None,
        };
        let found = match known {
            Some(text) => found(text, 60),
            None => SMALL.iter().find_map(|text| found(text, 1)),
        };
        let Some((text, states, flaw, trace)) = found else {
            println!("    nothing breaks without it");
            is_as_said &= known.is_none();
            continue;
        };
        println!("    without it: {flaw} ({} steps, {states} states, {text})", trace.len());
        if !only.is_empty() {
            trace.iter().for_each(|line| println!("{line}"));
        }
    }
    if !is_as_said {
        eprintln!("a rule broke nothing, or not where this says");
        std::process::exit(1);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("small") => return every_small(),
        Some("rules") => return every_rule(arguments.get(1).map_or("", |rule| rule)),
        _ => {}
    }
    let search = parse(arguments.iter().map(String::as_str));
    tell(&match search.is_breadth_first {
        true => shortest(&search.setup, 6_000_000),
        false => everything(&search.setup, search.bits, search.seconds),
    });
}
