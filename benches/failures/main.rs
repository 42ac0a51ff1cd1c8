//! What a stopped sender costs the others, and how soon senders hear of a receiver's death, between processes.
//!
//! `cargo bench --bench failures`; `docs/performance/notes.md` says what is measured and how to read it.

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "the rounds of this bench are its own: it wants every sample, not their mean")]
mod harness;

mod child;
mod killed;
mod stopped;

use std::{path::Path, time::Duration};

use harness::{
    args::{Args, Usage},
    child::arguments,
    machine,
    rounds::Pace,
};

const USAGE: Usage =
    Usage { bench: "failures", usual: Duration::from_secs(60), quick: Duration::from_secs(15), more: &[] };

const PARTS: [&str; 2] = ["one of four senders stopped", "receiver killed"];

fn main() {
    if play_if_child() {
        return;
    }
    let args = Args::parse(&USAGE, |_, _| ());
    let chosen = PARTS.map(|part| args.wants(part));
    if args.list {
        PARTS.iter().zip(chosen).filter(|(_, is)| *is).for_each(|(part, _)| println!("{part}"));
        return;
    }
    println!("{}\n", machine::describe());
    let directory = tempfile::tempdir().expect("a temporary directory");
    // Half of the time for each; the second part does not look at the clock.
    let (rounds, length) = match args.pace {
        Pace::Smoke => (1, Duration::from_millis(100)),
        Pace::Timed { rounds, length } => (rounds, length / 2),
    };
    if chosen[0] {
        stopped::measure(directory.path(), rounds, length);
    }
    if chosen[1] {
        let deaths = if let Pace::Smoke = args.pace { 1 } else { rounds * 10 };
        killed::measure(directory.path(), deaths);
    }
}

/// Plays its role until the parent has nothing more to say, if this process is a child.
fn play_if_child() -> bool {
    let Some(words) = arguments() else { return false };
    let words: Vec<_> = words.collect();
    let [role, path] = &words[..] else { panic!("a role and a path") };
    let path = Path::new(path);
    match role.to_str().expect("a role") {
        "sends" => stopped::sends(path),
        "stalls" => stopped::stalls(path),
        "hosts" => killed::hosts(path),
        "waits" => killed::waits(path),
        other => panic!("no role {other}"),
    }
    true
}
