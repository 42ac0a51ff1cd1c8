//! Real processes for tests: started, heard, signalled, and waited for with a limit. It knows nothing of channels.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Nothing here takes a second. A process that takes this long hangs, and that is a failure of its own.
const LIMIT: Duration = Duration::from_secs(60);

/// A directory of its own for each test, with a name to meet under.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub fn file(&self, file: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(file);
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    }

    /// Starts a consumer and waits until it listens.
    pub fn consumer(&self, output: &Path, more: &[&str]) -> Running {
        let mut consumer = Running::start(self.consumer_command(output).args(more));
        let line = consumer.stderr_line();
        assert!(line.starts_with("consumer: waiting at "), "{line:?}");
        consumer
    }

    pub fn consumer_command(&self, output: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
        command.arg("--name").arg(self.path("meet")).arg("--output").arg(output);
        command
    }

    pub fn producer(&self, input: &Path, more: &[&str]) -> Running {
        Running::start(self.producer_command(input).args(more))
    }

    pub fn producer_command(&self, input: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
        command.arg("--name").arg(self.path("meet")).arg("--input").arg(input);
        command
    }

    /// The names of all files here that are no socket or lock of a channel, in order.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).expect("the directory is there");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
        let mut names: Vec<_> = names.filter(|name| !name.starts_with("meet")).collect();
        names.sort();
        names
    }
}

/// A process that is killed when the test is over, however that ends.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Receiver<String>,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    /// The lines not yet taken.
    pub stderr: Vec<String>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self::start_on(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Starts it with the streams that the command has.
    pub fn start_on(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let (tell, heard) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
            thread::spawn(move || lines.try_for_each(|line| tell.send(line)));
        }
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: heard,
            child,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes that it started in this role, its first argument.
    pub fn children(&self, role: &str) -> Vec<Pid> {
        std::fs::read_dir("/proc")
            .expect("the list of processes")
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|&pid| parent(pid) == Some(self.pid()) && first_argument(pid).as_deref() == Some(role))
            .filter_map(Pid::from_raw)
            .collect()
    }

    pub fn stderr_line(&mut self) -> String {
        self.stderr.recv_timeout(LIMIT).expect("a line on stderr")
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let mut stdin = self.stdin.take().expect("stdin is open");
        let bytes = bytes.to_owned();
        self.stdin = Some(within_limit(move || {
            stdin.write_all(&bytes).expect("it reads its stdin");
            stdin
        }));
    }

    /// Feeds it these bytes in a thread of their own, then the end; tells whether it has read them all.
    pub fn feed(&mut self, bytes: Vec<u8>) -> thread::JoinHandle<bool> {
        let mut stdin = self.stdin.take().expect("stdin is open");
        thread::spawn(move || stdin.write_all(&bytes).is_ok())
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Reads so many bytes of its stdout.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        let mut stdout = self.stdout.take().expect("stdout is open");
        let (stdout, bytes) = within_limit(move || {
            let mut bytes = vec![0; count];
            stdout.read_exact(&mut bytes).expect("so many bytes on stdout");
            (stdout, bytes)
        });
        self.stdout = Some(stdout);
        bytes
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process has a number");
        kill_process(pid, signal).expect("it has not been waited for");
    }

    fn wait(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child of this process") {
                return status;
            }
            assert!(begin.elapsed() < LIMIT, "it does not hang");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it has ended by itself.
    pub fn end(mut self) -> Ended {
        // Not its stdin: a program that has not read to the end must end all the same.
        let bytes = self.stdout.take().map_or_else(Vec::new, |mut stdout| {
            within_limit(move || {
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).expect("its stdout");
                bytes
            })
        });
        let stderr = self.stderr.iter().collect();
        let status = self.wait();
        Ended { status, stdout: String::from_utf8_lossy(&bytes).into_owned(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.status.code(), Some(0), "{self:#?}");
        self
    }

    /// Ended with `code` and one last sentence on stderr, which is returned.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        let [line] = &self.stderr[..] else { panic!("one sentence, not {self:#?}") };
        line.clone()
    }
}

fn parent(pid: i32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may contain anything: state, then parent.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn first_argument(pid: i32) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    line.split('\0').nth(1).map(str::to_owned)
}

pub fn within_limit<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || tell.send(work()));
    heard.recv_timeout(LIMIT).expect("it does not hang")
}

/// A terminal of so many columns: the side of a person, and the side of a program.
pub fn terminal(columns: u16) -> (File, File) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("a terminal has a name").into_string().expect("text");
    let inner = File::options().read(true).write(true).open(name).expect("the terminal's other side");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&inner, size).expect("a terminal has a size");
    (File::from(terminal), inner)
}

/// What a program has written on its terminal.
pub struct Screen {
    written: Receiver<String>,
}

impl Screen {
    /// Watches a terminal until the program has gone.
    pub fn watch(mut terminal: File) -> Self {
        let (tell, written) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose other side is closed everywhere says so by an error.
            while let Ok(count @ 1..) = terminal.read(&mut bytes) {
                // It is read to the end also if the test has heard enough, so that the program is not held up.
                let _ = tell.send(String::from_utf8_lossy(&bytes[..count]).into_owned());
            }
        });
        Self { written }
    }

    /// Waits until this was written, after what was waited for before.
    pub fn wait_for(&self, text: &str) {
        let mut written = String::new();
        while !written.contains(text) {
            let more = self.written.recv_timeout(LIMIT);
            written.push_str(&more.unwrap_or_else(|_| panic!("{text:?} after {written:?}")));
        }
    }
}

/// Bytes that are nowhere alike.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.rotate_left(29).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}
