//! `producer` and `consumer` as a person runs them: real files, real processes, real signals.
//! How single chunks are judged is tested beside the code that judges.

mod support;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::Value;
use support::{Place, Running, Screen, noise, sha256, terminal};

/// Some MiB, and not a whole number of chunks or shards.
const SIZE: usize = 3 * 1024 * 1024 + 12_345;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// What chooses the bounded channel, and the unbounded one.
const KINDS: [&[&str]; 2] = [&[], &["--unbounded"]];

#[test]
fn three_producers_move_a_file() {
    KINDS.into_iter().for_each(move_a_file);
}

fn move_a_file(kind: &[&str]) {
    let place = Place::new();
    let bytes = noise(SIZE);
    let (input, output) = (place.file("in", &bytes), place.path("out"));
    let consumer = place.consumer(&output, kind);
    let producers =
        ["1/3", "2/3", "3/3"].map(|shard| place.producer(&input, &[&["--shard", shard], kind].concat()));
    for (producer, shard) in producers.into_iter().zip(["1/3", "2/3", "3/3"]) {
        let said = producer.end().succeeded().stdout;
        assert!(said.contains(shard), "{said:?}");
    }
    let said = consumer.end().succeeded().stdout;
    assert!(said.contains(&format!("received {SIZE} bytes from 3 producers")), "{said}");
    assert!(said.contains(&format!("sha256 {}", sha256(&bytes))), "{said}");
    assert_eq!(said.contains("of the channel's memory was in use"), !kind.is_empty(), "{said}");
    assert!(std::fs::read(&output).unwrap() == bytes);
}

#[test]
fn a_small_channel_and_an_old_longer_output_change_nothing() {
    let place = Place::new();
    let bytes = noise(200_000);
    let (input, output) = (place.file("in", &bytes), place.file("out", &noise(300_000)));
    let consumer = place.consumer(&output, &["--capacity", "1"]);
    place.producer(&input, &[]).end().succeeded();
    consumer.end().succeeded();
    assert!(std::fs::read(&output).unwrap() == bytes);
}

#[test]
fn an_empty_file_arrives() {
    let place = Place::new();
    let (input, output) = (place.file("in", b""), place.path("out"));
    let consumer = place.consumer(&output, &[]);
    place.producer(&input, &[]).end().succeeded();
    assert!(consumer.end().succeeded().stdout.contains(&sha256(b"")));
    assert_eq!(std::fs::read(&output).unwrap(), b"");
}

#[test]
fn a_pipe_goes_through_in_order() {
    let place = Place::new();
    let bytes = noise(SIZE);
    let mut consumer = place.consumer(Path::new("-"), &[]);
    let mut producer = place.producer(Path::new("-"), &[]);
    let feeder = std::thread::spawn({
        let bytes = bytes.clone();
        move || {
            producer.write(&bytes);
            producer.close_stdin();
            producer.end().succeeded();
        }
    });
    assert!(consumer.read(SIZE) == bytes);
    feeder.join().unwrap();
    let report = consumer.end().succeeded().stderr.join("\n");
    assert!(report.contains(&sha256(&bytes)), "the report goes to stderr: {report:?}");
}

#[test]
fn machines_get_json() {
    let place = Place::new();
    let bytes = noise(100_000);
    let (input, output) = (place.file("in", &bytes), place.path("out"));
    let consumer = place.consumer(&output, &["--json"]);
    let producers = ["1/2", "2/2"].map(|shard| place.producer(&input, &["--json", "--shard", shard]));
    for producer in producers {
        let sent = json(&producer.end().succeeded().stdout);
        assert_eq!((&sent["bytes"], &sent["complete"]), (&50_000.into(), &true.into()));
    }
    let report = json(&consumer.end().succeeded().stdout);
    assert_eq!(report["complete"], true);
    assert_eq!(report["bytes"], 100_000);
    assert_eq!(report["sha256"], *sha256(&bytes));
    assert_eq!(report["producers"].as_array().unwrap().len(), 2);
    assert_eq!(report["missing"], Value::Array(Vec::new()));
}

#[test]
fn a_producer_killed_half_way_is_reported_with_what_is_missing() {
    KINDS.into_iter().for_each(kill_half_way);
}

fn kill_half_way(kind: &[&str]) {
    let place = Place::new();
    let bytes = noise(SIZE);
    let (input, output) = (place.file("in", &bytes), place.path("out"));
    let consumer = place.consumer(&output, &[&["--json", "--partial"], kind].concat());
    let producer = |shard, more: &[&str]| place.producer(&input, &[&["--shard", shard], more, kind].concat());
    let killed = producer("2/3", &["--kill-after", "500000"]);
    let pid = killed.pid();
    let others = ["1/3", "3/3"].map(|shard| producer(shard, &[]));
    assert_eq!(killed.end().status.code(), None, "it died of a signal");
    for other in others {
        other.end().succeeded();
    }
    let (start, end) = (SIZE / 3 + 500_000, SIZE * 2 / 3);
    let consumer = consumer.end();
    let report = json(&consumer.stdout);
    assert_eq!(
        consumer.failed(1),
        format!(
            "consumer: producer {pid} (shard 2/3) left without finishing; missing: bytes {start}..{end} of shard 2/3"
        )
    );
    assert_eq!((&report["complete"], &report["sha256"]), (&false.into(), &Value::Null));
    assert_eq!(report["missing"], serde_json::json!([{ "start": start, "end": end, "shard": "2/3" }]));
    let arrived = std::fs::read(&output).unwrap();
    assert!(arrived[..start] == bytes[..start] && arrived[end..] == bytes[end..], "the rest is unharmed");
}

#[test]
fn a_shard_that_nobody_sends_is_named_and_not_waited_for_long() {
    let place = Place::new();
    let input = place.file("in", &noise(1000));
    let consumer = place.consumer(&place.path("out"), &["--patience", "0"]);
    place.producer(&input, &["--shard", "1/2"]).end().succeeded();
    assert_eq!(consumer.end().failed(1), "consumer: missing: bytes 500..1000 of shard 2/2");
}

#[test]
fn a_name_where_nobody_is_fails_at_once() {
    let place = Place::new();
    let input = place.file("in", b"bytes");
    let sentence = place.producer(&input, &[]).end().failed(1);
    assert!(sentence.starts_with("producer: ") && sentence.contains("meet"), "{sentence}");
}

#[test]
fn a_producer_of_the_wrong_kind_is_refused_with_a_sentence() {
    let place = Place::new();
    let input = place.file("in", b"bytes");
    let (bounded, unbounded) = (KINDS[0], KINDS[1]);
    for (right, wrong, is) in [(bounded, unbounded, "bounded"), (unbounded, bounded, "unbounded")] {
        let consumer = place.consumer(&place.path("out"), right);
        let sentence = place.producer(&input, wrong).end().failed(1);
        assert!(sentence.starts_with("producer: the channel there"), "{sentence}");
        assert!(
            sentence.contains("meet") && sentence.contains(&format!(" is {is}; join it with ")),
            "{sentence}"
        );
        place.producer(&input, right).end().succeeded();
        assert!(consumer.end().succeeded().stdout.contains(&sha256(b"bytes")));
    }
}

/// A consumer that is stopped, and a producer that has come so far that the memory of the channel is used up; what feeds it.
fn at_the_memory_limit(place: &Place, bytes: Vec<u8>) -> (Running, Running, JoinHandle<bool>) {
    let consumer = place.consumer(&place.path("out"), &["--unbounded", "--memory-limit", "1048576"]);
    let (outer, inner) = terminal(80);
    let mut command = place.producer_command(Path::new("-"));
    command.arg("--unbounded").env("TERM", "xterm");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(inner);
    let mut producer = Running::start_on(&mut command);
    let screen = Screen::watch(outer);
    screen.wait_for(", memory ");
    // It has joined, which needs a consumer that runs.
    consumer.signal(Signal::STOP);
    let fed = producer.feed(bytes);
    screen.wait_for(": waiting, the limit is reached");
    (consumer, producer, fed)
}

#[test]
fn a_producer_at_the_memory_limit_waits_and_loses_nothing() {
    let place = Place::new();
    let bytes = noise(SIZE);
    let (consumer, producer, fed) = at_the_memory_limit(&place, bytes.clone());
    consumer.signal(Signal::CONT);
    let said = producer.end().succeeded().stdout;
    assert!(said.contains(&format!("sent {SIZE} bytes")) && said.contains("; it waited "), "{said}");
    assert!(fed.join().unwrap());
    let said = consumer.end().succeeded().stdout;
    assert!(said.contains(&sha256(&bytes)), "{said}");
    assert!(std::fs::read(place.path("out")).unwrap() == bytes);
}

#[test]
fn ctrl_c_ends_the_waiting_for_memory() {
    let place = Place::new();
    let (consumer, producer, fed) = at_the_memory_limit(&place, noise(SIZE));
    producer.signal(Signal::INT);
    assert_eq!(producer.end().status.code(), Some(130));
    assert!(!fed.join().unwrap(), "it ended before it had read everything");
    consumer.signal(Signal::CONT);
    let sentence = consumer.end().failed(1);
    assert!(sentence.contains("left without finishing"), "{sentence}");
}

#[test]
fn a_killed_consumer_ends_the_waiting_for_memory() {
    let place = Place::new();
    let (consumer, producer, _fed) = at_the_memory_limit(&place, noise(SIZE));
    consumer.signal(Signal::KILL);
    assert_eq!(producer.end().status.code(), Some(1));
}

#[test]
fn a_producer_can_wait_for_its_consumer() {
    let place = Place::new();
    let input = place.file("in", b"bytes");
    let producer = place.producer(&input, &["--wait", "60"]);
    place.consumer(&place.path("out"), &[]).end().succeeded();
    producer.end().succeeded();
}

#[test]
fn an_input_that_cannot_be_read_fails_and_harms_nobody() {
    let place = Place::new();
    let consumer = place.consumer(&place.path("out"), &[]);
    let sentence = place.producer(&place.path("nothing"), &[]).end().failed(1);
    assert!(sentence.contains("cannot read") && sentence.contains("nothing"), "{sentence}");
    let sentence = place.producer(Path::new("/"), &[]).end().failed(1);
    assert!(sentence.contains("directory"), "{sentence}");
    let sentence = place.producer(Path::new("-"), &["--shard", "1/2"]).end().failed(1);
    assert!(sentence.contains("standard input") && sentence.contains("1/2"), "{sentence}");
    place.producer(&place.file("in", b"bytes"), &[]).end().succeeded();
    assert!(consumer.end().succeeded().stdout.contains(&sha256(b"bytes")));
}

#[test]
fn an_output_that_cannot_be_written_fails() {
    let place = Place::new();
    let sentence =
        Running::start(&mut place.consumer_command(&place.path("no/such/directory"))).end().failed(1);
    assert!(sentence.contains("cannot write") && sentence.contains("no/such/directory"), "{sentence}");
}

#[test]
fn a_second_consumer_of_a_name_is_refused_and_empties_no_file() {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.file("second", b"precious"));
    let consumer = place.consumer(&first, &[]);
    let sentence = Running::start(&mut place.consumer_command(&second)).end().failed(1);
    assert!(sentence.starts_with("consumer: ") && sentence.contains("meet"), "{sentence}");
    assert_eq!(std::fs::read(&second).unwrap(), b"precious");
    place.producer(&place.file("in", b"bytes"), &[]).end().succeeded();
    consumer.end().succeeded();
    assert_eq!(std::fs::read(&first).unwrap(), b"bytes");
}

#[test]
fn shards_to_a_pipe_are_refused() {
    let place = Place::new();
    let consumer = place.consumer(Path::new("-"), &[]);
    // Whether it is through before the refusal, or finds the channel closed, is a race that does not matter.
    place.producer(&place.file("in", &noise(SIZE)), &["--shard", "2/3"]).end();
    let report = consumer.end();
    assert_eq!(report.status.code(), Some(1));
    assert!(report.stderr.last().unwrap().contains("shards come out of order"), "{report:?}");
    assert_eq!(report.stdout, "");
}

#[test]
fn ctrl_c_closes_the_channel_and_takes_what_is_in_it() {
    let place = Place::new();
    let bytes = noise(500_000);
    // Room for all of them, however small the pieces that a pipe makes of them.
    let mut consumer = place.consumer(Path::new("-"), &["--capacity", "1024"]);
    let mut producer = place.producer(Path::new("-"), &[]);
    producer.write(&bytes[..1]);
    assert_eq!(consumer.read(1), bytes[..1]);
    // The rest waits in the channel until the consumer goes on, and that finds the interruption first.
    consumer.signal(Signal::STOP);
    producer.write(&bytes[1..]);
    producer.close_stdin();
    producer.end().succeeded();
    consumer.signal(Signal::INT);
    consumer.signal(Signal::CONT);
    assert!(consumer.read(bytes.len() - 1) == bytes[1..]);
    let report = consumer.end().succeeded().stderr.join("\n");
    assert!(report.contains(&sha256(&bytes)), "{report}");
}

#[test]
fn ctrl_c_before_the_end_says_so_to_both() {
    let place = Place::new();
    let mut consumer = place.consumer(Path::new("-"), &[]);
    let mut producer = place.producer(Path::new("-"), &[]);
    producer.write(b"bytes");
    assert_eq!(consumer.read(5), b"bytes");
    consumer.signal(Signal::INT);
    let sentence = producer.end().failed(1);
    assert!(sentence.contains("the consumer closed the channel"), "{sentence}");
    let consumer = consumer.end();
    assert_eq!(consumer.status.code(), Some(130));
    let sentence = consumer.stderr.last().unwrap();
    assert_eq!(sentence, "consumer: interrupted; missing: everything from byte 5 on");
}

#[test]
fn ctrl_c_with_nobody_there_ends_the_waiting() {
    let place = Place::new();
    let consumer = place.consumer(&place.path("out"), &[]);
    consumer.signal(Signal::INT);
    assert_eq!(consumer.end().failed(130), "consumer: interrupted; no producer came");
}

#[test]
fn an_interrupted_producer_says_so_to_both() {
    let place = Place::new();
    let mut consumer = place.consumer(Path::new("-"), &[]);
    let mut producer = place.producer(Path::new("-"), &[]);
    producer.write(b"bytes");
    assert_eq!(consumer.read(5), b"bytes");
    let pid = producer.pid();
    producer.signal(Signal::INT);
    let producer = producer.end();
    assert_eq!(producer.status.code(), Some(130));
    assert_eq!(producer.stderr, ["producer: interrupted after 5 bytes of shard 1/1"]);
    let consumer = consumer.end();
    assert_eq!(consumer.status.code(), Some(1));
    let sentence = consumer.stderr.last().unwrap();
    assert!(sentence.contains(&format!("producer {pid} was interrupted at byte 5")), "{sentence}");
}

#[test]
fn a_killed_consumer_lets_its_producers_go() {
    let place = Place::new();
    let mut consumer = place.consumer(Path::new("-"), &[]);
    let mut producer = place.producer(Path::new("-"), &[]);
    producer.write(b"bytes");
    assert_eq!(consumer.read(5), b"bytes");
    consumer.signal(Signal::KILL);
    let sentence = producer.end().failed(1);
    assert!(sentence.contains("the consumer closed the channel"), "{sentence}");
    // The name is free again, whatever the dead left behind.
    let consumer = place.consumer(&place.path("out"), &[]);
    place.producer(&place.file("in", b"bytes"), &[]).end().succeeded();
    consumer.end().succeeded();
}

#[test]
fn an_old_output_stays_until_everything_has_come() {
    let place = Place::new();
    let (input, output) = (place.file("in", &noise(SIZE)), place.file("out", b"precious"));
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let consumer = place.consumer(&output, &["--partial"]);
        assert_eq!(std::fs::read(&output).unwrap(), b"precious", "while it waits");
        consumer.signal(signal);
        consumer.end().failed(130);
        assert_eq!(std::fs::read(&output).unwrap(), b"precious", "{signal:?}");
    }
    let consumer = place.consumer(&output, &[]);
    place.producer(&input, &["--kill-after", "500000"]).end();
    consumer.end().failed(1);
    assert_eq!(std::fs::read(&output).unwrap(), b"precious");
    assert_eq!(place.files(), ["in", "out"]);
}

#[test]
fn an_incomplete_transfer_leaves_no_file() {
    let place = Place::new();
    let (input, output) = (place.file("in", &noise(SIZE)), place.path("out"));
    let consumer = place.consumer(&output, &[]);
    place.producer(&input, &["--kill-after", "500000"]).end();
    consumer.end().failed(1);
    assert_eq!(place.files(), ["in"]);
}

#[test]
fn two_signals_leave_no_temporary_file() {
    let place = Place::new();
    let consumer = place.consumer(&place.path("out"), &[]);
    let mut producer = place.producer(Path::new("-"), &[]);
    producer.write(b"bytes");
    // Both are there when it goes on, so the second comes while it acts on the first, or in place of that.
    consumer.signal(Signal::STOP);
    consumer.signal(Signal::INT);
    consumer.signal(Signal::TERM);
    consumer.signal(Signal::CONT);
    assert_eq!(consumer.end().status.code(), Some(130));
    producer.close_stdin();
    producer.end();
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[test]
fn a_limit_on_files_is_an_error_and_leaves_no_temporary_file() {
    let place = Place::new();
    let (input, output) = (place.file("in", &noise(SIZE)), place.file("out", b"old"));
    let consumer = place.consumer(&output, &[]);
    let pid = Pid::from_raw(consumer.pid().cast_signed());
    let limit = Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) };
    prlimit(pid, Resource::Fsize, limit).unwrap();
    let _producer = place.producer(&input, &[]);
    let sentence = consumer.end().failed(1);
    assert!(sentence.starts_with(&format!("consumer: cannot write {}: ", output.display())), "{sentence}");
    assert!(sentence.contains("RLIMIT_FSIZE"), "{sentence}");
    assert_eq!((std::fs::read(&output).unwrap(), place.files().len()), (b"old".to_vec(), 2));
}

#[test]
fn one_file_as_input_and_output_is_unharmed() {
    let place = Place::new();
    let bytes = noise(SIZE);
    let (input, link, symbolic) = (place.file("in", &bytes), place.path("link"), place.path("symbolic"));
    std::fs::hard_link(&input, &link).unwrap();
    symlink("in", &symbolic).unwrap();
    for output in [&input, &symbolic, &link] {
        let consumer = place.consumer(output, &[]);
        let producers = ["1/2", "2/2"].map(|shard| place.producer(&input, &["--shard", shard]));
        producers.into_iter().for_each(|producer| _ = producer.end().succeeded());
        assert!(consumer.end().succeeded().stdout.contains(&sha256(&bytes)));
        assert!([&input, &link].into_iter().all(|path| std::fs::read(path).unwrap() == bytes));
    }
    assert!(symbolic.is_symlink());
    assert_eq!(place.files(), ["in", "link", "symbolic"]);
}

fn named_pipe(place: &Place) -> std::path::PathBuf {
    let pipe = place.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

#[test]
fn a_named_pipe_is_written_directly() {
    let place = Place::new();
    let bytes = noise(SIZE);
    let (input, pipe) = (place.file("in", &bytes), named_pipe(&place));
    let mut consumer = Running::start(&mut place.consumer_command(&pipe));
    assert!(consumer.stderr_line().contains("waiting for a reader"));
    let producer = place.producer(&input, &["--wait", "60"]);
    let read = support::within_limit({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).unwrap()
    });
    assert!(read == bytes);
    producer.end().succeeded();
    consumer.end().succeeded();
    assert_eq!(place.files(), ["in", "pipe"]);
}

#[test]
fn ctrl_c_ends_the_waiting_for_the_reader_of_a_pipe() {
    let place = Place::new();
    let mut consumer = Running::start(&mut place.consumer_command(&named_pipe(&place)));
    assert!(consumer.stderr_line().contains("waiting for a reader"));
    consumer.signal(Signal::INT);
    assert_eq!(consumer.end().failed(130), "consumer: interrupted; no producer came");
}

#[test]
fn standard_output_by_another_name_is_standard_output() {
    let place = Place::new();
    let input = place.file("in", b"bytes");
    let consumer = place.consumer(Path::new("/dev/stdout"), &[]);
    place.producer(&input, &[]).end().succeeded();
    let ended = consumer.end().succeeded();
    assert_eq!(ended.stdout, "bytes");
    assert!(ended.stderr.join("\n").contains(&sha256(b"bytes")), "{ended:#?}");

    let output = place.path("out");
    let mut command = place.consumer_command(&output);
    let file = std::fs::File::create(&output).unwrap();
    let command = command.stdin(Stdio::null()).stdout(file).stderr(Stdio::piped());
    let mut consumer = Running::start_on(command);
    assert!(consumer.stderr_line().contains("waiting at"));
    place.producer(&input, &[]).end().succeeded();
    let report = consumer.end().succeeded().stderr.join("\n");
    assert!(report.contains(&sha256(b"bytes")), "{report}");
    assert_eq!((std::fs::read(&output).unwrap(), place.files().len()), (b"bytes".to_vec(), 2));
}

#[test]
fn an_empty_name_is_refused_by_each_program() {
    for (program, more) in [
        (env!("CARGO_BIN_EXE_consumer"), &["--output", "out"][..]),
        (env!("CARGO_BIN_EXE_producer"), &["--input", "in"]),
        (env!("CARGO_BIN_EXE_ipc-demo"), &["--number", "0", "--batch", "1"]),
    ] {
        let role = if more.contains(&"--batch") { &["source"][..] } else { &[] };
        let mut command = Command::new(program);
        let ended = Running::start(command.args(role).args(["--name", ""]).args(more)).end();
        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        assert!(ended.stderr.join(" ").contains("a name has at least one character"), "{ended:#?}");
    }
}
