//! The first example of README, followed by hand: one receiver, and senders that come and go.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

/// Builds the example as it is now, and says where its program is.
fn built() -> PathBuf {
    let test = env::current_exe().expect("this program has a path");
    let folder = test.ancestors().nth(2).expect("it lies in target/PROFILE/deps");
    let profile = match folder.file_name().and_then(|name| name.to_str()).expect("a profile") {
        "debug" => "test",
        other => other,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--workspace", "--example", "two_processes", "--profile", profile]);
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts").success());
    folder.join("examples/two_processes")
}

/// The program, with a temporary directory of its own.
struct Example {
    program: PathBuf,
    temporary: tempfile::TempDir,
}

impl Example {
    fn new() -> Example {
        Example { program: built(), temporary: tempfile::tempdir().expect("a temporary directory") }
    }

    fn command(&self, word: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(word).env("TMPDIR", self.temporary.path());
        command
    }

    fn run(&self, word: &str) -> Output {
        self.command(Some(word)).output().expect("the example starts")
    }
}

/// A receiver, killed when the test is over.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn any_number_of_senders_one_by_one_and_at_once() {
    let example = Example::new();
    let mut receiver = Receiver(example.command(None).stdout(Stdio::piped()).spawn().expect("it starts"));
    // Read all the time, or the receiver waits for its pipe and the senders for the receiver.
    let lines = BufReader::new(receiver.0.stdout.take().expect("piped")).lines();
    let reader = thread::spawn(move || lines.map(|line| line.expect("text")).take(4000).collect::<Vec<_>>());
    // The first may come before the receiver listens.
    while !example.run("send").status.success() {
        assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver lives");
    }
    let second = example.run("send");
    assert!(second.status.success(), "{second:?}");
    let at_once = [(); 2].map(|()| example.command(Some("send")).spawn().expect("it starts"));
    for mut sender in at_once {
        assert!(sender.wait().expect("a child").success());
    }
    let lines = reader.join().expect("it only reads");
    assert!(lines.len() == 4000 && lines.iter().all(|line| line.starts_with("sin ")), "{lines:?}");
    assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver outlives its senders");
}

#[test]
fn a_receiver_that_was_killed_is_no_obstacle_to_the_next() {
    let example = Example::new();
    for _ in 0..2 {
        let mut receiver = Receiver(example.command(None).stdout(Stdio::null()).spawn().expect("it starts"));
        while !example.run("send").status.success() {
            assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver lives");
        }
    }
}

#[test]
fn a_wrong_word_makes_no_second_receiver() {
    let ended = Example::new().run("sned");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("give the word send"), "{ended:?}");
}

#[test]
fn a_reader_that_leaves_is_an_error_and_no_panic() {
    let example = Example::new();
    let mut receiver =
        example.command(None).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    drop(receiver.stdout.take());
    let code = loop {
        example.run("send");
        if let Some(status) = receiver.try_wait().expect("a child") {
            break status.code();
        }
    };
    assert_eq!(code, Some(1));
}

#[test]
fn readme_shows_the_example_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| fs::read_to_string(root.join(path)).expect("it is there");
    let example = read("examples/two_processes.rs");
    let (_, code) = example.split_once("\n\n").expect("its documentation, then the code");
    assert!(read("README.md").contains(&format!("```rust,no_run\n{code}```\n")));
}
