//! The examples: each runs as a process, and ends by itself without an error. The blocks of README are parts of one of them, which
//! is also started by hand here, in the ways that README names.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};

/// The folder of their programs, built as they are now. After `cargo test` has built all there is, this finds nothing to do.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = env::current_exe().expect("this program has a path");
    let folder = test.ancestors().nth(2).expect("it lies in target/PROFILE/deps");
    let profile = match folder.file_name().and_then(|name| name.to_str()).expect("a profile") {
        "debug" => "test",
        other => other,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--workspace", "--examples", "--profile", profile]);
    assert!(cargo.current_dir(root()).status().expect("cargo starts").success());
    folder.join("examples")
});

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// Returns the names of all examples.
fn names() -> Vec<String> {
    let files = fs::read_dir(root().join("examples")).expect("the examples are there");
    files
        .map(|file| file.expect("a file").path().file_stem().expect("a name").to_str().expect("text").into())
        .collect()
}

/// A folder of its own to run an example in.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary directory"))
    }

    fn command(&self, example: &str) -> Command {
        let mut command = Command::new(BUILT.join(example));
        command.current_dir(self.0.path()).env("TMPDIR", self.0.path());
        command
    }

    /// Runs the first example with a word, to its end.
    fn run(&self, word: &str) -> Output {
        self.command("own_type").arg(word).output().expect("the example starts")
    }

    /// Starts the receiver of the first example.
    fn receiver(&self, output: Stdio) -> Receiver {
        Receiver(self.command("own_type").arg("receive").stdout(output).spawn().expect("it starts"))
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
fn each_example_ends_by_itself_and_well() {
    let examples: Vec<_> = names()
        .into_iter()
        .map(|name| {
            let place = Place::new();
            let (tell, ended) = mpsc::channel();
            let mut command = place.command(&name);
            thread::spawn(move || tell.send(command.output()));
            (name, place, ended)
        })
        .collect();
    assert!(examples.len() >= 6, "the examples are found");
    for (name, place, ended) in examples {
        let output =
            ended.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|_| panic!("{name} does not end"));
        let output = output.expect("it starts");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let left = fs::read_dir(place.0.path()).expect("its folder").count();
        assert_eq!(left, 0, "{name} leaves nothing behind");
    }
}

#[test]
fn by_hand_any_number_of_senders_one_by_one_and_at_once() {
    let place = Place::new();
    let mut receiver = place.receiver(Stdio::piped());
    // Read all the time, or the receiver waits for its pipe and the senders for the receiver.
    let lines = BufReader::new(receiver.0.stdout.take().expect("piped")).lines();
    let reader = thread::spawn(move || lines.map(|line| line.expect("text")).take(12).collect::<Vec<_>>());
    // The first may come before the receiver listens.
    while !place.run("send").status.success() {
        assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver lives");
    }
    let second = place.run("send");
    assert!(second.status.success(), "{second:?}");
    let at_once = [(); 2].map(|()| place.command("own_type").arg("send").spawn().expect("it starts"));
    for mut sender in at_once {
        assert!(sender.wait().expect("a child").success());
    }
    let lines = reader.join().expect("it only reads");
    assert!(lines.len() == 12 && lines.iter().all(|line| line.starts_with("sensor 1 reads 2")), "{lines:?}");
    assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver outlives its senders");
}

#[test]
fn a_receiver_that_was_killed_is_no_obstacle_to_the_next() {
    let place = Place::new();
    for _ in 0..2 {
        let mut receiver = place.receiver(Stdio::null());
        while !place.run("send").status.success() {
            assert!(receiver.0.try_wait().expect("a child").is_none(), "the receiver lives");
        }
    }
}

#[test]
fn a_wrong_word_makes_no_second_receiver() {
    let ended = Place::new().run("sned");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("give the word receive"), "{ended:?}");
}

/// Returns the lines of a text, without the spaces before and behind them.
fn trimmed(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_block_of_readme_stands_in_the_first_example() {
    let (readme, example) = (read("README.md"), trimmed(&read("examples/own_type.rs")));
    let blocks: Vec<&str> = readme.split("\n```").collect();
    let mut found = 0;
    for block in blocks.iter().skip(1).step_by(2) {
        let (language, code) = block.split_once('\n').expect("a block has lines");
        assert!(["rust", "sh", "text"].contains(&language), "{language}");
        if language == "rust" {
            assert!(example.contains(&trimmed(code)), "this is not in the example:\n{code}");
            found += 1;
        }
    }
    assert_eq!(found, 3, "a type, a receiver and a sender");
}

#[test]
fn the_guide_names_each_example() {
    let guide = read("docs/guide.md");
    for name in names() {
        assert!(guide.contains(&format!("`examples/{name}.rs`")), "{name}");
    }
    let named = guide.matches("`examples/").count();
    assert_eq!(named, names().len(), "each that the guide names is there");
}
