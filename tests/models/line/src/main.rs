//! A model of the line of waiting senders: records, backlogs, the line word. It is sequentially consistent, with one access to a
//! shared word a step. A stopped process, and a held sender, take no step any more; a killed process is repaired.

mod entering;
mod looking;
mod newcomer;
mod search;
mod steps;
mod waiter;
mod world;

use search::{Outcome, everything, shortest};
use std::time::Instant;
use world::{Op, Rules, Setup};

const USAGE: &str =
    "line-model [t=as,bs,ar2] [n=1] [records=1] [stops=0] [holds=0] [kills=0] [cancels=0] [full] [close]
           [without=RULE+RULE] [loose] [bfs] [bits=26] [seconds=160]
  t         one thread each: its process, then its calls: s sends, h sends and, once asleep, never
            runs again, t tries to send, 1..3 reserves so many and gives them back
  n         capacity
  records   how many common ones; each process has one more of its own
  loose     does not compare records, bits and the line word in every state
  bfs       looks for a shortest run to a flaw
line-model small          all runs of small set-ups of every kind
line-model rules [RULE]   for each rule what breaks without it; for one, also the run";

struct Search {
    setup: Setup,
    is_breadth_first: bool,
    bits: u32,
    seconds: u64,
}

fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Search {
    let mut setup = Setup {
        capacity: 1,
        common: 1,
        process: vec![],
        ops: vec![],
        close: false,
        full: false,
        kills: 0,
        stops: 0,
        holds: 0,
        cancels: 0,
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
                    let mut letters = thread.bytes();
                    setup.process.push(letters.next().expect(USAGE) - b'a');
                    let op = |letter| match letter {
                        b's' => Op::Send,
                        b'h' => Op::Held,
                        b't' => Op::Try,
                        digit => Op::Reserve(digit - b'0'),
                    };
                    setup.ops.push(letters.map(op).collect());
                }
            }
            "n" => setup.capacity = number(),
            "records" => setup.common = number(),
            "stops" => setup.stops = number(),
            "holds" => setup.holds = number(),
            "kills" => setup.kills = number(),
            "cancels" => setup.cancels = number(),
            "close" => setup.close = true,
            "full" => setup.full = true,
            "loose" => setup.loose = true,
            "without" => setup.rules = Rules::without(value),
            "bfs" => is_breadth_first = true,
            "bits" => bits = value.parse().expect(USAGE),
            "seconds" => seconds = value.parse().expect(USAGE),
            _ => panic!("{USAGE}"),
        }
    }
    assert!(setup.threads() <= world::THREADS && setup.processes() <= world::PROCESSES, "{USAGE}");
    assert!(usize::from(setup.records()) <= world::RECORDS, "{USAGE}");
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
    "t=as,bs",
    "t=as,bs full",
    "t=as,bs full records=0",
    "t=as,bs full records=2",
    "t=as,bs full close",
    "t=as,bs full stops=1",
    "t=as,bs full kills=1",
    "t=as,bs full cancels=1",
    "t=as,bs full n=2 holds=1",
    "t=a2,bs full n=2 cancels=1",
    "t=a1,bs kills=1",
    "t=a1,bs close stops=1",
    "t=as,as full",
    "t=as,as full records=0 close",
    "t=as,as full records=0 stops=1",
    "t=as,as full records=0 kills=1",
    "t=as,as full records=0 cancels=1",
    "t=as,as full n=2 records=0 holds=1",
    "t=as,a2 full n=3 records=0 holds=1",
    "t=as,ah full n=2 records=0",
    "t=a3,ah full n=4 records=0",
];

/// For each rule a set-up in which something breaks without it. For a rule that is not here, all of `SMALL` are
/// tried for a second each: it stands on argument, or its order does not matter.
const BREAKING: &[(&str, &str)] = &[
    ("bit_before_draw", "t=as,bs full"),
    ("coming_is_occupied", "t=as,bs full"),
    ("any_exact", "t=as,bs full"),
    ("look_line_first", "t=as,bs full"),
    ("clears_any", "t=as,bs"),
    ("draw_sets_any", "t=as,bs"),
    ("waits_after_draw", "t=as,bs full"),
    ("leave_bit_first", "t=as,bs full"),
    ("leave_looks", "t=as,bs full"),
    ("leave_admits", "t=as,ah full n=2 records=0"),
    ("own_record", "t=as,ah full n=2 records=0"),
    ("turn_bell_first", "t=as,bs"),
    ("turn_counts_older", "t=as,bs full"),
    ("claim_exact", "t=as,bs"),
    ("joins_backlog", "t=as,as,as full records=0"),
    ("admits_sleepers", "t=as,as full n=2 holds=1 records=0"),
    ("admit_wakes", "t=as,as full records=0"),
    ("record_first", "t=at,as,as full records=0"),
    ("arm_burns", "t=a3,ah full n=4 records=0"),
    ("arm_bell_first", "t=a2,ah full n=3 records=0"),
    ("arm_looks", "t=as,ah full n=2 records=0"),
    ("look_rings_all", "t=as,bh full n=2"),
    ("look_in_order", "t=as,bs full"),
    ("look_rings_backlogs", "t=as,ah full n=2 records=0"),
    ("clears_backlog", "t=as,as full records=0"),
    ("backlog_exact", "t=a3,ah full n=4 records=0"),
    ("newcomer_counts_line", "t=as,bs full"),
    ("newcomer_counts_backlog", "t=at,as,ah full n=2 records=0"),
    ("backlog_before_walk", "t=at,a2,as full n=2 records=0 cancels=1"),
    ("backlog_counts_line", "t=bt,as,ah full n=2 records=0"),
    ("repair_frees_coming", "t=as,bs full kills=1"),
    ("repair_bit_first", "t=as,bs full kills=1"),
    ("repair_looks", "t=as,bs full kills=1"),
    ("close_looks", "t=a1,bs close stops=1"),
    ("receive_looks", "t=as,bs full"),
    ("give_looks", "t=a1,bs"),
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
            (setup.loose, setup.rules) = (true, Rules::without(rule));
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
