//! `ipc-demo` as a person or a machine runs it: one short show, and one that is interrupted.

mod support;

use std::process::Command;

use rustix::process::{Signal, kill_process};
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

#[test]
fn a_killed_producer_fails_the_show_and_hangs_nobody() {
    let mut show = show(&["--seconds", "86400"]);
    let line = show.stderr_line();
    assert!(line.contains("3 producers"), "{line:?}");
    let killed = show.children("source")[1];
    kill_process(killed, Signal::KILL).unwrap();
    let sentence = show.end().failed(1);
    assert!(sentence.contains(&format!("producer {killed} failed (signal: 9")), "{sentence}");
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
    let ended = show.end();
    assert_eq!(ended.status.code(), Some(1));
    let sentence = ended.stderr.last().unwrap();
    assert!(sentence.contains(&format!("the consumer {killed} failed (signal: 9")), "{sentence}");
    assert_eq!(std::fs::read_dir(runtime.path()).unwrap().count(), 0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [["--capacity", "0"], ["--producers", "1000000"], ["--seconds", "never"]] {
        assert_eq!(show(&arguments).end().status.code(), Some(2), "{arguments:?}");
    }
}
