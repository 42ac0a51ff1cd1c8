//! Where the bodies run: with senders in other processes, so that a wake comes a little after the call that caused it.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::parent::children;
use crate::adapter::{sleep_of, wait_until};

/// Waits until everything that was done before has had its effect: until all threads of the children, and all of this
/// process but the one that asks, sleep. That is enough, for a ring reaches the kernel before the call that rings
/// returns: who is woken does not sleep any more when this looks.
pub fn settle() {
    let mut before = None;
    wait_until(|| {
        // Looked at one by one, all may sleep and never all at once. Two looks at the same sleeps are of one moment.
        let now = sleeps();
        let same = now.is_some() && now == before;
        before = now;
        same
    });
}

/// In which of its sleeps each thread is; nothing if one is awake.
fn sleeps() -> Option<Vec<(PathBuf, String)>> {
    let asking = Path::new("/proc").join(fs::read_link("/proc/thread-self").ok()?);
    let processes = children().each_ref().map(|child| child.pid());
    let mut all = Vec::new();
    for process in processes.into_iter().chain([std::process::id()]) {
        for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
            let thread = thread.ok()?.path();
            if thread != asking {
                let sleep = sleep_of(&thread)?;
                all.push((thread, sleep));
            }
        }
    }
    Some(all)
}

/// A test's turn. The tests of this program run one after the other, for it is everybody's sleep that `settle` waits
/// for. A turn ends with the last thread that has it.
#[derive(Clone)]
pub struct Turn(Arc<Room>);

/// The names of a test's channels.
struct Room {
    directory: tempfile::TempDir,
    names: AtomicU64,
    /// Some number of the test, always the same.
    number: usize,
}

/// Longer than all tests take together.
const PATIENCE: Duration = Duration::from_secs(300);

static TAKEN: Mutex<bool> = Mutex::new(false);
static FREE: Condvar = Condvar::new();

thread_local! {
    static MINE: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// The turn of this thread's test, waited for if it has none yet.
pub fn turn() -> Turn {
    MINE.with_borrow_mut(|mine| mine.get_or_insert_with(Turn::take).clone())
}

impl Turn {
    fn take() -> Turn {
        let taken = TAKEN.lock().unwrap();
        let (mut taken, _) = FREE.wait_timeout_while(taken, PATIENCE, |taken| *taken).unwrap();
        let is_mine = !std::mem::replace(&mut *taken, true);
        drop(taken);
        assert!(is_mine, "a test that hangs keeps its turn");
        let directory = tempfile::tempdir().expect("a directory");
        let number = thread::current().name().unwrap_or_default().bytes().map(usize::from).sum();
        Turn(Arc::new(Room { directory, names: AtomicU64::new(0), number }))
    }

    /// Has this thread work for the test whose turn it is.
    pub fn share(self) {
        MINE.set(Some(self));
    }

    pub fn number(&self) -> usize {
        self.0.number
    }

    pub fn new_name(&self) -> Box<Path> {
        let number = self.0.names.fetch_add(1, Ordering::Relaxed);
        self.0.directory.path().join(number.to_string()).into()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap() = false;
        FREE.notify_one();
    }
}
