//! Running bodies: in a runtime, in a thread, always with an end. Nothing here sleeps to let others get on: it
//! waits for conditions, and gives up loudly.

use std::fs;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// Far more than any body needs, so that only a hang meets it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `body` in a thread of its own and fails if it does not come back.
#[track_caller]
pub fn finishes<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = crate::place::turn();
    let (done, is_done) = std_mpsc::channel();
    let thread = thread::spawn(move || {
        turn.share();
        // Sent on return and, as a hang-up, on a panic.
        let _done = done;
        body()
    });
    match is_done.recv_timeout(PATIENCE) {
        Ok(()) | Err(std_mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        },
        Err(std_mpsc::RecvTimeoutError::Timeout) => panic!("still not finished after {PATIENCE:?}"),
    }
}

#[track_caller]
fn on<F, T>(runtime: Runtime, body: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    finishes(move || runtime.block_on(body()))
}

/// Runs an async body in a runtime of one thread.
#[track_caller]
pub fn on_one_thread<F, T>(body: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    on(Builder::new_current_thread().enable_all().build().unwrap(), body)
}

/// Runs an async body in a runtime of one thread whose clock moves only when nobody has anything to do.
#[track_caller]
pub fn on_paused_clock<F, T>(body: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    on(Builder::new_current_thread().enable_all().start_paused(true).build().unwrap(), body)
}

/// Runs an async body in a runtime of two worker threads.
#[track_caller]
pub fn on_two_threads<F, T>(body: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    on(Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(), body)
}

/// Calls `body` in the first poll of a new task, with the whole coop budget before it.
#[track_caller]
pub fn in_fresh_task<T: Send + 'static>(body: impl FnOnce(&mut Context<'_>) -> T + Send + 'static) -> T {
    on_one_thread(|| async {
        let mut body = Some(body);
        let task = poll_fn(move |cx| Poll::Ready(body.take().expect("polled once")(cx)));
        tokio::spawn(task).await.unwrap()
    })
}

/// The coop budget of one poll of a task.
pub const UNITS: usize = 128;

/// How many units `act` spends in a fresh task.
#[track_caller]
pub fn cost<T>(act: impl FnOnce(&mut Context<'_>) -> T + Send + 'static) -> usize {
    in_fresh_task(|cx| {
        act(cx);
        UNITS - budget_left(cx)
    })
}

/// Spends what is left of the task's coop budget in this poll and says how much that was.
pub fn budget_left(cx: &mut Context<'_>) -> usize {
    let mut units = 0;
    while pin!(tokio::task::coop::consume_budget()).poll(cx).is_ready() {
        units += 1;
        assert!(units < 100_000, "the budget has no end: not inside a task");
    }
    units
}

/// The plainest executor: one future, one parked thread, no tokio.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Waits for a condition that another thread brings about.
#[track_caller]
pub fn wait_until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "the condition never came true");
        thread::yield_now();
    }
}

/// Which of its sleeps a thread is in, by its count of context switches; `None` while it runs. `place` is its directory
/// in `/proc`.
pub fn sleep_of(place: &Path) -> Option<String> {
    let status = fs::read_to_string(place.join("status")).ok()?;
    let field = |name| status.lines().find_map(|line: &str| line.strip_prefix(name));
    field("State:")?.trim_start().starts_with('S').then_some(())?;
    Some(field("voluntary_ctxt_switches:")?.to_owned())
}

/// A thread that is, or soon will be, asleep inside a blocking call.
pub struct Blocked<T> {
    thread: JoinHandle<T>,
    place: PathBuf,
}

impl<T: Send + 'static> Blocked<T> {
    /// Starts `call` in a thread and returns once that thread sleeps in it.
    #[track_caller]
    pub fn asleep_in(call: impl FnOnce() -> T + Send + 'static) -> Self {
        let (tell, told) = std_mpsc::channel();
        let thread = thread::spawn(move || {
            tell.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
            call()
        });
        let this = Self { thread, place: PathBuf::from("/proc").join(told.recv().unwrap()) };
        // A thread may sleep for an instant on some lock on its way; the sleep meant here lasts.
        let mut seen = None;
        let mut times = 0;
        wait_until(|| {
            let now = sleep_of(&this.place);
            times = if now.is_some() && now == seen { times + 1 } else { 0 };
            seen = now;
            times == 50
        });
        // The call itself may be in a thread of another process.
        crate::place::settle();
        this
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// What the call returned, once it returns.
    #[track_caller]
    pub fn returned(self) -> T {
        wait_until(|| self.is_finished());
        self.thread.join().unwrap()
    }
}
