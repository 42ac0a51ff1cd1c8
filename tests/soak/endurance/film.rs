//! A file of 1 GiB goes through three producer processes of `ipc-demo`; then once more, with one of them killed half-way.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::{
    Scale,
    people::{chance::Chance, room},
};

/// Where the programs of `ipc-demo` are.
const PROGRAMS: &str = "SHMPSC_PROGRAMS";

/// A program, killed when it is dropped.
struct Program(Option<Child>);

impl Program {
    fn start(name: &str, channel: &Path, rest: &[&str]) -> Program {
        let folder =
            std::env::var_os(PROGRAMS).unwrap_or_else(|| panic!("{PROGRAMS} tells where the programs are"));
        let mut command = Command::new(PathBuf::from(folder).join(name));
        command.arg("--name").arg(channel).args(rest);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        Program(Some(command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"))))
    }

    fn pid(&self) -> u32 {
        self.0.as_ref().expect("it runs").id()
    }

    fn runs(&mut self) -> bool {
        self.0.as_mut().expect("it runs").try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    fn strike(&mut self) {
        self.0.as_mut().expect("it runs").kill().unwrap();
    }

    /// Its own end.
    fn end(mut self) -> Output {
        self.0.take().expect("it runs").wait_with_output().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Makes a file whose bytes do not repeat.
fn make(path: &Path, size: u64) {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut chance = Chance::new(1);
    for _ in 0..size / 8 {
        file.write_all(&chance.number().to_le_bytes()).unwrap();
    }
    file.flush().unwrap();
}

/// As another program sees it.
fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().expect("sha256sum is there");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().expect("it prints the sum first").to_owned()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text").trim()
}

/// How many bytes a process has read from files.
fn read_by(pid: u32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Whether two files are equal except for bytes `start..end`.
fn equal_outside(one: &Path, other: &Path, start: u64, end: u64) -> bool {
    let open = |path| BufReader::with_capacity(1 << 20, File::open(path).unwrap());
    let (mut one, mut other) = (open(one), open(other));
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut at = 0_u64;
    loop {
        let read = one.read(&mut left).unwrap();
        if read == 0 {
            return true;
        }
        // What is missing at the end may not even be there.
        let mut filled = 0;
        while filled < read {
            match other.read(&mut right[filled..read]).unwrap() {
                0 => break,
                more => filled += more,
            }
        }
        right[filled..read].fill(0);
        let is_equal = |i: usize| left[i] == right[i] || (start..end).contains(&(at + i as u64));
        if left[..read] != right[..read] && !(0..read).all(is_equal) {
            return false;
        }
        at += read as u64;
    }
}

/// `bytes A..B of shard K/M`
fn missing(sentence: &str) -> Option<(u64, u64, &str)> {
    let (_, list) = sentence.split_once("missing: bytes ")?;
    let (range, shard) = list.split_once(" of shard ")?;
    let (start, end) = range.split_once("..")?;
    Some((start.parse().ok()?, end.parse().ok()?, shard.trim()))
}

pub fn show(scale: Scale) {
    // Not less, or the second one is done before it can be killed.
    let size = scale.of(1 << 30).max(1 << 26);
    let room = room();
    let (input, output) = (room.path().join("input"), room.path().join("output"));
    let channel = room.path().join("film");
    make(&input, size);
    let sum = sha256(&input);
    let (input_word, output_word) = (input.to_str().expect("text"), output.to_str().expect("text"));
    let begin = || {
        let consumer = Program::start("consumer", &channel, &["--partial", "--output", output_word]);
        let producer = |shard| {
            Program::start("producer", &channel, &["--input", input_word, "--shard", shard, "--wait", "20"])
        };
        (consumer, ["1/3", "2/3", "3/3"].map(producer))
    };

    let (consumer, producers) = begin();
    for producer in producers {
        let ended = producer.end();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
    }
    let ended = consumer.end();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert_eq!(sha256(&output), sum);
    assert!(text(&ended.stdout).contains(&sum), "{}", text(&ended.stdout));
    println!("   {size} bytes through three producers: {}", text(&ended.stdout).replace('\n', "; "));
    println!("   sha256sum says of both files: {sum}");

    fs::remove_file(&output).unwrap();
    let (consumer, producers) = begin();
    let [first, mut second, third] = producers;
    while read_by(second.pid()) < size / 6 {
        assert!(second.runs(), "it is not half-way yet");
    }
    second.strike();
    let was_killed = second.end().status.code().is_none();
    assert!(was_killed, "it was still at work");
    for producer in [first, third] {
        let ended = producer.end();
        assert!(ended.status.success(), "{}", text(&ended.stderr));
    }
    let ended = consumer.end();
    let sentence = text(&ended.stderr);
    println!("   the second one killed half-way: exit {:?}, {sentence:?}", ended.status.code());
    assert_eq!(ended.status.code(), Some(1));
    let (start, end, shard) = missing(sentence).expect("it says what is missing");
    assert_eq!(shard, "2/3");
    assert!(size / 3 <= start.next_multiple_of(1 << 20) && start < end && end <= size / 3 * 2 + (1 << 20));
    assert!(equal_outside(&input, &output, start, end), "all else is there");
    println!("   all else is there; nobody hung");
}
