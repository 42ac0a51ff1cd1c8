//! The three programs where a standard stream cannot be written, or is a terminal of an odd kind.

mod support;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use support::{Ended, Place, Running, Screen, noise, terminal};

const PROGRAMS: [&str; 3] =
    [env!("CARGO_BIN_EXE_ipc-demo"), env!("CARGO_BIN_EXE_consumer"), env!("CARGO_BIN_EXE_producer")];

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("Linux has it").into()
}

/// A pipe whose reader has gone.
fn gone() -> Stdio {
    io::pipe().expect("a pipe").1.into()
}

fn short_show() -> Command {
    show("0.5")
}

fn show(seconds: &str) -> Command {
    let mut command = Command::new(PROGRAMS[0]);
    command.args(["--seconds", seconds]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A consumer and its producer with these streams as their standard output or standard error.
fn transfer(stdout: Option<fn() -> Stdio>, stderr: Option<fn() -> Stdio>) -> [Ended; 2] {
    let place = Place::new();
    let bytes = noise(300_000);
    let (input, output) = (place.file("in", &bytes), place.path("out"));
    let mut commands = [place.consumer_command(&output), place.producer_command(&input)];
    commands[1].args(["--wait", "60"]);
    let running = commands.each_mut().map(|command| {
        command.stdin(Stdio::null());
        command.stdout(stdout.map_or_else(Stdio::piped, |stream| stream()));
        command.stderr(stderr.map_or_else(Stdio::piped, |stream| stream()));
        Running::start_on(command)
    });
    let [consumer, producer] = running;
    let ended = [consumer.end(), producer.end()];
    assert!(std::fs::read(output).expect("the output is there") == bytes);
    ended
}

#[test]
fn a_standard_error_that_takes_nothing_changes_nothing() {
    for stderr in [full as fn() -> Stdio, gone] {
        let shown = Running::start_on(short_show().stderr(stderr())).end().succeeded().stdout;
        assert!(shown.contains("p99.9"), "{shown}");
        transfer(None, Some(stderr)).into_iter().for_each(|ended| _ = ended.succeeded());
    }
}

#[test]
fn a_result_that_cannot_be_printed_fails_with_a_sentence() {
    let mut sentences = vec![Running::start_on(short_show().stdout(full())).end()];
    sentences.extend(transfer(Some(full), None));
    for ended in sentences {
        assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
        let sentence = ended.stderr.last().expect("a sentence");
        assert!(sentence.contains("cannot write standard output: No space left"), "{sentence}");
    }
    // With no stream to say it on, the exit code still does.
    let ended = transfer(Some(full), Some(full));
    assert!(ended.iter().all(|ended| ended.status.code() == Some(1)), "{ended:#?}");
}

#[test]
fn a_result_without_a_reader_is_no_failure() {
    let mut quiet = vec![Running::start_on(short_show().stdout(gone())).end()];
    quiet.extend(transfer(Some(gone), None));
    for ended in quiet {
        let ended = ended.succeeded();
        assert!(ended.stderr.iter().all(|line| line.contains("producers and") || line.contains("waiting")));
    }
}

#[test]
fn a_verdict_is_said_also_if_the_result_cannot_be_printed() {
    let place = Place::new();
    let input = place.file("in", &noise(1000));
    let mut command = place.consumer_command(&place.path("out"));
    let command =
        command.args(["--patience", "0"]).stdout(full()).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut consumer = Running::start_on(command);
    consumer.stderr_line();
    place.producer(&input, &["--shard", "1/2"]).end().succeeded();
    let sentence = consumer.end().failed(1);
    let begin = "consumer: missing: bytes 500..1000 of shard 2/2; cannot write standard output: ";
    assert!(sentence.starts_with(begin), "{sentence}");
}

#[test]
fn a_reader_that_leaves_early_ends_the_consumer_quietly() {
    let place = Place::new();
    let mut command = place.consumer_command(Path::new("-"));
    let command = command.stdin(Stdio::null()).stdout(gone()).stderr(Stdio::piped());
    let mut consumer = Running::start_on(command);
    assert!(consumer.stderr_line().contains("waiting at"));
    // Whether it is through before the consumer notices is a race that does not matter.
    place.producer(&place.file("in", &noise(300_000)), &[]).end();
    let ended = consumer.end();
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(1), &[][..]), "{ended:#?}");
}

#[test]
fn closed_descriptors_change_no_exit_code() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let script = format!("exec \"$0\" \"$@\" {closed}");
        let closing = |program: &Command| {
            let mut command = Command::new("sh");
            command.arg("-c").arg(&script).arg(program.get_program()).args(program.get_args());
            command
        };
        Running::start(&mut closing(&short_show())).end().succeeded();
        let place = Place::new();
        let input = place.file("in", &noise(300_000));
        let consumer = Running::start(&mut closing(&place.consumer_command(&place.path("out"))));
        let mut producer = closing(&place.producer_command(&input));
        Running::start(producer.args(["--wait", "60"])).end().succeeded();
        consumer.end().succeeded();
        assert!(std::fs::read(place.path("out")).unwrap() == noise(300_000), "{closed}");
    }
}

#[test]
fn help_and_errors_of_the_command_line_are_written_or_dropped() {
    for program in PROGRAMS {
        for word in ["--help", "--version"] {
            let start = |stdout, stderr| {
                let mut command = Command::new(program);
                Running::start_on(command.arg(word).stdin(Stdio::null()).stdout(stdout).stderr(stderr)).end()
            };
            assert!(start(full(), Stdio::piped()).failed(1).contains("cannot write standard output"));
            assert_eq!(start(full(), full()).status.code(), Some(1));
            assert_eq!(start(gone(), Stdio::piped()).succeeded().stderr, [""; 0]);
        }
        let mut command = Command::new(program);
        let ended = Running::start_on(command.arg("--nonsense").stdout(full()).stderr(full())).end();
        assert_eq!(ended.status.code(), Some(2));
    }
}

/// What a show writes on a terminal of so many columns until it has gone back to the first one so many times.
fn on_terminal(columns: u16, term: Option<&str>, told: Option<&str>, returns: usize) -> String {
    let (mut terminal, inner) = terminal(columns);
    let mut command = show(if returns > 0 { "86400" } else { "0.5" });
    command.stderr(inner).env_remove("TERM").env_remove("COLUMNS");
    command.envs(term.map(|term| ("TERM", term))).envs(told.map(|columns| ("COLUMNS", columns)));
    let running = Running::start_on(&mut command);
    // The command holds the other side as well, and the reading ends only when no process does.
    drop(command);
    let pid = Pid::from_raw(running.pid().cast_signed()).expect("a process has a number");
    let written = support::within_limit(move || {
        let (mut written, mut is_told) = (Vec::new(), returns == 0);
        let mut bytes = [0; 4096];
        // A terminal whose other side is closed everywhere says so by an error.
        while let Ok(count @ 1..) = terminal.read(&mut bytes) {
            written.extend_from_slice(&bytes[..count]);
            if !is_told && written.iter().filter(|&&byte| byte == b'\r').count() > returns {
                is_told = true;
                kill_process(pid, Signal::INT).expect("it has not been waited for");
            }
        }
        written
    });
    running.end().succeeded();
    String::from_utf8(written).expect("text")
}

/// The widths of the live line, each time that it was written.
fn widths(written: &str) -> Vec<usize> {
    let lines = written.replace("\r\n", "\n");
    let (_, live) = lines.split_once('\r').unwrap_or_default();
    live.split('\r').map(|line| line.trim_end_matches("\x1b[K").chars().count()).collect()
}

#[test]
fn the_live_line_never_wraps() {
    for (columns, told, widest) in [
        (200, None, 79),
        (30, None, 29),
        (5, None, 4),
        (1, None, 0),
        (0, Some("20"), 19),
        (40, Some("500"), 39),
    ] {
        let written = on_terminal(columns, Some("xterm"), told, 4);
        let widths = widths(&written);
        assert!(widths.len() > 3, "it was shown: {written:?}");
        assert!(widths.iter().all(|&width| width <= widest), "{columns} columns: {written:?}");
        assert!(written.ends_with("\r\x1b[K"), "it is gone at the end: {written:?}");
    }
}

#[test]
fn the_live_line_of_an_unbounded_show_says_its_memory() {
    let (outer, inner) = terminal(80);
    let mut command = show("86400");
    command.args(["--unbounded", "--memory-limit", "1048576"]).stderr(inner).env("TERM", "xterm");
    let running = Running::start_on(&mut command);
    drop(command);
    let screen = Screen::watch(outer);
    screen.wait_for(", memory ");
    // The sink cannot take what three sources send, and less so if it is stopped.
    let sink = running.children("sink")[0];
    kill_process(sink, Signal::STOP).expect("it lives");
    screen.wait_for("3/3 producers wait");
    kill_process(sink, Signal::CONT).expect("it lives");
    screen.wait_for("producers alive 3");
    running.signal(Signal::INT);
    let table = running.end().succeeded().stdout;
    assert!(table.contains("of memory was in use; the queue's limit was 1.0 MiB."), "{table}");
}

#[test]
fn a_terminal_that_cannot_erase_gets_no_live_line() {
    for term in [None, Some("dumb")] {
        let written = on_terminal(80, term, None, 0);
        assert_eq!(written, "ipc-demo: 3 producers and 1 consumer, for 0.5 s\r\n");
    }
}
