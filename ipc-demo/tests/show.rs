//! `ipc-demo` as a person or a machine runs it: one short show, and one that is interrupted.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::Running;

fn show(arguments: &[&str]) -> Running {
    Running::start(Command::new(env!("CARGO_BIN_EXE_ipc-demo")).args(arguments))
}

#[test]
fn a_show_loses_nothing() {
    let ended =
        show(&["--seconds", "0.3", "--producers", "2", "--capacity", "100", "--json"]).end().succeeded();
    assert_eq!(ended.stderr, [""; 0]);
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    for zero in ["lost", "reordered", "doubled", "damaged"] {
        assert_eq!(summary["all"][zero], 0, "{zero}");
    }
    assert_eq!(summary["producers"].as_array().unwrap().len(), 2);
    assert!(summary["all"]["messages"].as_u64().unwrap() > 0);
    assert_eq!(summary["all"]["messages"], summary["all"]["sent"]);
    assert!(summary["all"]["latency_ns"]["samples"].as_u64().unwrap() > 0);
}

#[test]
fn an_unbounded_show_loses_nothing() {
    for limit in [&[][..], &["--memory-limit", "1048576"]] {
        let arguments = ["--seconds", "0.3", "--producers", "2", "--unbounded", "--json"];
        let ended = show(&[&arguments, limit].concat()).end().succeeded();
        assert_eq!(ended.stderr, [""; 0]);
        let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
        for zero in ["lost", "reordered", "doubled", "damaged"] {
            assert_eq!(summary["all"][zero], 0, "{zero}");
        }
        assert!(summary["all"]["messages"].as_u64().unwrap() > 0);
        assert_eq!(summary["all"]["messages"], summary["all"]["sent"]);
        assert_eq!(summary["kind"], "unbounded");
        let most = summary["most_memory_in_use"].as_u64().unwrap();
        assert!(most > 0);
        if !limit.is_empty() {
            assert_eq!(summary["memory_limit"], 1 << 20);
            // With what every channel has beside its queue.
            assert!(most < 2 << 20, "{most}");
        }
    }
}

#[test]
fn people_get_a_table() {
    let said = show(&["--seconds", "0.1"]).end().succeeded().stdout;
    for word in ["producer", "p99.9", "lost", "reordered", "damaged", "all", "Latency"] {
        assert!(said.contains(word), "{word} in\n{said}");
    }
}

#[test]
fn ctrl_c_ends_the_show_in_order() {
    let mut show = show(&["--seconds", "86400"]);
    let line = show.stderr_line();
    assert!(line.contains("3 producers"), "{line:?}");
    show.signal(Signal::INT);
    let ended = show.end();
    // It may come before the first record, which is worth a sentence; the table comes in any case.
    assert!(ended.status.code().is_some() && ended.stdout.contains("p99.9"), "{ended:#?}");
}

/// The row of a table that begins with this process.
fn row(table: &str, pid: Pid) -> &str {
    let pid = pid.to_string();
    let found = table.lines().find(|line| line.split_whitespace().next() == Some(&pid));
    found.unwrap_or_else(|| panic!("no row of {pid} in\n{table}"))
}

/// The processor time that a process has had, in the kernel's ticks.
fn ticks(pid: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let (_, fields) = stat.rsplit_once(')').expect("its name, then its numbers");
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_producer_is_named_and_the_others_go_on() {
    kill_a_producer(&[]);
}

#[test]
fn a_killed_producer_of_an_unbounded_show_is_named() {
    kill_a_producer(&["--unbounded", "--memory-limit", "8388608"]);
}

fn kill_a_producer(channel: &[&str]) {
    let mut show = show(&[&["--seconds", "86400"], channel].concat());
    let line = show.stderr_line();
    assert!(line.contains("3 producers"), "{line:?}");
    let mut sources = show.children("source");
    let killed = sources.remove(1);
    kill_process(killed, Signal::KILL).unwrap();
    wait_until("two sources are left", || show.children("source").len() == 2);
    for &other in &sources {
        let before = ticks(other);
        wait_until("the others are at work", || ticks(other) > before + 2);
    }
    show.signal(Signal::INT);
    let ended = show.end();
    let table = ended.stdout.clone();
    let sentence = ended.failed(1);
    assert!(
        sentence.starts_with(&format!("ipc-demo: producer {killed} was killed by signal 9; ")),
        "{sentence}"
    );
    assert!(sentence.ends_with("0 of them are lost"), "{sentence}");
    assert!(row(&table, killed).contains("killed"), "{table}");
    for other in sources {
        let cells: Vec<_> = row(&table, other).split_whitespace().collect();
        assert!(cells[1] != "0" && cells.ends_with(&["0", "0", "0"]), "{table}");
    }
}

#[test]
fn a_show_whose_producers_are_all_killed_ends() {
    let mut show = show(&["--seconds", "86400"]);
    show.stderr_line();
    let sources = show.children("source");
    sources.iter().for_each(|&source| kill_process(source, Signal::KILL).unwrap());
    let ended = show.end();
    let table = ended.stdout.clone();
    let sentence = ended.failed(1);
    for source in sources {
        assert!(row(&table, source).contains("killed"), "{table}");
        assert!(sentence.contains(&format!("producer {source} was killed")), "{sentence}");
    }
}

#[test]
fn a_stopped_producer_holds_up_no_other() {
    let mut show = show(&["--seconds", "1"]);
    show.stderr_line();
    let stopped = show.children("source")[0];
    kill_process(stopped, Signal::STOP).unwrap();
    let ended = show.end();
    let table = ended.stdout.clone();
    let sentence = ended.failed(1);
    assert!(sentence.starts_with(&format!("ipc-demo: producer {stopped} was stopped")), "{sentence}");
    assert!(row(&table, stopped).contains("stuck"), "{table}");
}

#[test]
fn a_stopped_consumer_fails_the_show_with_one_sentence() {
    stop_the_consumer(&[]);
}

#[test]
fn a_stopped_consumer_of_an_unbounded_show_fails_it() {
    stop_the_consumer(&["--unbounded", "--memory-limit", "1048576"]);
}

fn stop_the_consumer(channel: &[&str]) {
    let mut show = show(&[&["--seconds", "1"], channel].concat());
    show.stderr_line();
    let stopped = show.children("sink")[0];
    kill_process(stopped, Signal::STOP).unwrap();
    let sentence = show.end().failed(1);
    assert!(sentence.starts_with(&format!("ipc-demo: the consumer {stopped} was stopped")), "{sentence}");
}

#[test]
fn the_table_fits_a_terminal_of_80_columns() {
    for channel in [&[][..], &["--unbounded", "--memory-limit", "8388608"]] {
        let arguments = [&["--seconds", "0.1", "--producers", "9"], channel].concat();
        let table = show(&arguments).end().succeeded().stdout;
        let widest = table.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{table}");
    }
}

#[test]
fn a_killed_consumer_fails_the_show_and_leaves_no_file() {
    let runtime = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-demo"));
    let mut show =
        Running::start(command.args(["--seconds", "86400"]).env("XDG_RUNTIME_DIR", runtime.path()));
    show.stderr_line();
    assert_ne!(std::fs::read_dir(runtime.path()).unwrap().count(), 0);
    let killed = show.children("sink")[0];
    kill_process(killed, Signal::KILL).unwrap();
    assert_eq!(show.end().failed(1), format!("ipc-demo: the consumer {killed} was killed by signal 9"));
    assert_eq!(std::fs::read_dir(runtime.path()).unwrap().count(), 0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        ["--capacity", "0"],
        ["--producers", "1000000"],
        ["--seconds", "never"],
        ["--memory-limit", "1048576"],
    ] {
        assert_eq!(show(&arguments).end().status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_memory_limit_without_room_fails_with_a_sentence() {
    let sentence = show(&["--unbounded", "--memory-limit", "1"]).end().failed(1);
    assert!(sentence.contains("memory limit") && sentence.contains("1 bytes"), "{sentence}");
}
