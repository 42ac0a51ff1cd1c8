//! A model of the line of waiting senders: records, backlogs, the line word. It is sequentially consistent, with one access to a
//! shared word a step. A stopped process, and a held sender, take no step any more; a killed process is repaired.

mod check;
mod entering;
#[path = "../../explorer/mod.rs"]
mod explorer;
mod looking;
mod newcomer;
mod runs;
mod steps;
mod waiter;
mod world;

use explorer::Lists;
use world::{Op, Rules, Setup};

const USAGE: &str = "line-model [t=as,bs,ar2] [n=1] [records=1] [stops=0] [holds=0] [kills=0] [cancels=0] [full] [close] [loose]
  t         one thread each: its process, then its calls: s sends, h sends and, once asleep, never
            runs again, t tries to send, 1..3 reserves so many and gives them back
  n         capacity
  records   how many common ones; each process has one more of its own
  loose     does not compare records, bits and the line word in every state";

fn parse(words: &[&str]) -> Option<Setup> {
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
            _ => return None,
        }
    }
    let fits = setup.threads() <= world::THREADS
        && setup.processes() <= world::PROCESSES
        && usize::from(setup.records()) <= world::RECORDS;
    fits.then_some(setup)
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

/// For each rule a set-up in which something breaks without it.
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

fn main() {
    explorer::run(
        &Lists { usage: USAGE, small: SMALL, rules: Rules::NAMES, breaking: BREAKING, lacking: &["loose"] },
        parse,
    );
}
