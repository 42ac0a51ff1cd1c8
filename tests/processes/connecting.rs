//! Joining by name: from a task, beside a receiver that is stopped, and while there is no receiver yet.

use std::{
    fs,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use shmpsc::{Connecting, Options, Receiver, Sender, connect_async, error::OpenError};
use tokio::runtime::Builder;

use crate::{
    bind, connect,
    people::{
        Person, Room, Value, eventually,
        how::{How, Runner, when_it_waits},
        room, start, tell, wait_for_parent,
        watch::{own_descriptors, sleeps_here},
    },
};

/// Long enough to be cut short by what the test waits for.
const HOUR: Duration = Duration::from_secs(3600);

/// Role: keeps a name at which so many processes can take part.
pub fn keeps_a_name(members: u64, path: &Path) {
    let mut receiver: Receiver<Value> = Options::new().max_processes(members as usize).bind(path).unwrap();
    tell("bound");
    while receiver.blocking_recv().is_some() {}
}

/// A receiver's process that is stopped.
fn stopped_receiver(path: &Path) -> Person {
    let child = running_receiver(path);
    child.stop();
    child
}

fn running_receiver(path: &Path) -> Person {
    let mut child = start("keeps-a-name 2", path);
    assert_eq!(child.hear(), "bound");
    child
}

fn patient() -> Options {
    Options::new().timeout(HOUR)
}

#[test]
fn a_stopped_receiver_holds_up_no_other_task_of_the_thread() {
    let _patience = crate::patience();
    let room = room();
    let child = stopped_receiver(&room.name());
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let joins = tokio::spawn(patient().connect_async::<Value>(room.name()));
        for _ in 0..1000 {
            // A turn of this task is one of the other.
            tokio::task::yield_now().await;
            assert!(!joins.is_finished());
        }
        child.go_on();
        joins.await.unwrap().unwrap().send([1, 1]).await.unwrap();
    });
}

#[test]
fn a_task_of_any_executor_joins_once_the_receiver_goes_on() {
    let _patience = crate::patience();
    for how in How::ASYNC {
        let room = room();
        let child = Arc::new(stopped_receiver(&room.name()));
        let goes_on = child.clone();
        let joins = patient().connect_async::<Value>(room.name());
        let sender = Runner::new(how).run(when_it_waits(joins, move || goes_on.go_on()));
        sender.unwrap().blocking_send([1, 1]).unwrap();
        drop(child);
    }
}

#[test]
fn a_receiver_that_does_not_answer_in_time_is_named() {
    let _patience = crate::patience();
    let room = room();
    let _child = stopped_receiver(&room.name());
    let impatient = || Options::new().timeout(Duration::from_millis(30));
    let blocking = impatient().connect::<Value>(room.name()).unwrap_err();
    let joins = impatient().connect_async::<Value>(room.name());
    let tasks = Runner::new(How::Plain).run(joins).unwrap_err();
    for error in [blocking, tasks] {
        assert!(matches!(error, OpenError::TimedOut { .. }), "{error}");
        assert!(error.to_string().contains(room.name().to_str().unwrap()), "{error}");
    }
}

/// The threads of this process that try to join.
fn joining_threads() -> Vec<i32> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(|task| Some(task.ok()?.path()));
    let joins =
        tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "shmpsc-join\n"));
    joins.map(|task| task.file_name().unwrap().to_str().unwrap().parse().unwrap()).collect()
}

fn poll_with(
    attempt: &mut Connecting<Sender<Value>>,
    waker: &Waker,
) -> Poll<Result<Sender<Value>, OpenError>> {
    Pin::new(attempt).poll(&mut Context::from_waker(waker))
}

/// Role: gives up attempts to join a stopped receiver, and one that never comes, and sees to it that nothing of them is left
/// here.
pub fn gives_up(path: &Path) {
    // What is made once stays.
    drop(connect(path));
    tell("left");
    wait_for_parent();
    let missing = path.with_extension("none");
    let at_rest = own_descriptors();
    for is_asleep in [false, true] {
        let attempts = [patient().connect_async::<Value>(path), patient().wait(HOUR).connect_async(&missing)];
        for mut attempt in attempts {
            assert!(poll_with(&mut attempt, Waker::noop()).is_pending());
            if is_asleep {
                eventually("it waits", || joining_threads().into_iter().any(sleeps_here));
            }
            drop(attempt);
            eventually("no thread is left", || joining_threads().is_empty());
            eventually("no descriptor is left", || own_descriptors() <= at_rest);
        }
    }
    // One that was never polled has not begun.
    drop(patient().connect_async::<Value>(path));
    assert!(joining_threads().is_empty());
    tell("gave up");
    wait_for_parent();
}

/// Shows W96.
#[test]
fn an_attempt_that_is_dropped_leaves_nothing_on_either_side() {
    let _patience = crate::patience();
    let room = room();
    let receiver = running_receiver(&room.name());
    let mut child = start("gives-up", &room.name());
    assert_eq!(child.hear(), "left");
    receiver.stop();
    assert_eq!(child.obeys("go"), "gave up");
    receiver.go_on();
    // There is one number for all of them.
    eventually("its number is free", || shmpsc::connect::<Value>(room.name()).is_ok());
    child.say();
    child.end();
}

/// Notes that it was called.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Shows W96.
#[test]
fn an_attempt_dropped_when_it_has_joined_leaves_the_channel() {
    let _patience = crate::patience();
    let room = room();
    let receiver: Receiver<Value> = Options::new().max_processes(2).bind(room.name()).unwrap();
    let flag = Arc::new(Flag::default());
    let mut attempt = connect_async::<Value>(room.name());
    assert!(poll_with(&mut attempt, &flag.clone().into()).is_pending());
    eventually("it has joined", || flag.0.load(SeqCst));
    assert_eq!(receiver.sender_strong_count(), 1);
    drop(attempt);
    eventually("it has left", || receiver.sender_strong_count() == 0);
    eventually("its number is free", || shmpsc::connect::<Value>(room.name()).is_ok());
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    let _patience = crate::patience();
    let room = room();
    let child = stopped_receiver(&room.name());
    let mut attempt = patient().connect_async::<Value>(room.name());
    let (first, last) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
    assert!(poll_with(&mut attempt, &first.clone().into()).is_pending());
    assert!(poll_with(&mut attempt, &last.clone().into()).is_pending());
    child.go_on();
    eventually("it is woken", || last.0.load(SeqCst));
    assert!(!first.0.load(SeqCst));
    assert!(poll_with(&mut attempt, Waker::noop()).is_ready());
}

/// Role: forks while an attempt is under way; the child has no part in it.
pub fn forks_while_connecting(path: &Path) {
    let mut attempt = patient().connect_async::<Value>(path);
    assert!(poll_with(&mut attempt, Waker::noop()).is_pending());
    // SAFETY: the child uses only what it has, and ends by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let polled = poll_with(&mut attempt, Waker::noop());
        let is_refused = matches!(polled, Poll::Ready(Err(OpenError::Forked)));
        drop(attempt);
        // SAFETY: ends the child and nothing else.
        unsafe { libc::_exit(i32::from(!is_refused)) };
    }
    let mut status = 0;
    // SAFETY: waits for a child of this process, into a live local variable.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child was refused");
    tell("forked");
    Runner::new(How::Plain).run(attempt).unwrap().blocking_send([1, 1]).unwrap();
    tell("sent");
}

#[test]
fn an_attempt_goes_on_in_its_process_and_not_in_a_forked_child() {
    let _patience = crate::patience();
    let room = room();
    let receiver = stopped_receiver(&room.name());
    let mut child = start("forks-while-connecting", &room.name());
    assert_eq!(child.hear(), "forked");
    receiver.go_on();
    assert_eq!(child.hear(), "sent");
    child.end();
}

/// What stands where a receiver is to come.
const BEFORE: [fn(&Room) -> PathBuf; 3] = [
    |room| room.name(),
    |room| room.path().join("no/such/folder/feed"),
    |room| {
        // A receiver that was killed leaves its socket.
        running_receiver(&room.name()).kill();
        assert!(room.name().exists());
        room.name()
    },
];

#[test]
fn a_receiver_that_comes_later_is_waited_for() {
    let _patience = crate::patience();
    for how in How::ALL {
        for before in BEFORE {
            let room = room();
            let path = before(&room);
            let (tell, told) = std::sync::mpsc::channel();
            let joins = thread::spawn({
                let path = path.clone();
                let options = Options::new().wait(HOUR);
                move || {
                    let waits = move || tell.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
                    if how == How::Blocking {
                        waits();
                        return options.connect::<Value>(path);
                    }
                    Runner::new(how).run(when_it_waits(options.connect_async(path), waits))
                }
            });
            let thread = told.recv().unwrap();
            eventually("it waits", || sleeps_here(thread));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut receiver = bind(1, &path);
            joins.join().unwrap().unwrap().blocking_send([1, 1]).unwrap();
            assert_eq!(receiver.blocking_recv(), Some([1, 1]));
        }
    }
}

#[test]
fn a_wait_that_runs_out_says_that_no_receiver_listens() {
    let _patience = crate::patience();
    for wait in [Duration::ZERO, Duration::from_millis(20)] {
        for before in BEFORE {
            let room = room();
            let path = before(&room);
            let options = || Options::new().wait(wait);
            let began = Instant::now();
            let blocking = options().connect::<Value>(&path).unwrap_err();
            assert!(began.elapsed() >= wait);
            let began = Instant::now();
            let tasks = Runner::new(How::Plain).run(options().connect_async::<Value>(&path)).unwrap_err();
            assert!(began.elapsed() >= wait);
            for error in [blocking, tasks] {
                assert!(matches!(error, OpenError::NoReceiver { .. }), "{error}");
                assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            }
        }
    }
}

#[test]
fn the_time_for_an_answer_begins_when_the_receiver_is_there() {
    let _patience = crate::patience();
    let room = room();
    let deadline = Duration::from_secs(2);
    let began = Instant::now();
    let joins = thread::spawn({
        let path = room.name();
        move || Options::new().wait(HOUR).timeout(deadline).connect::<Value>(path)
    });
    // A lower bound: were the time for the answer counted from the beginning, it would be over.
    thread::sleep((began + 2 * deadline).saturating_duration_since(Instant::now()));
    let _receiver = bind(1, &room.name());
    joins.join().unwrap().unwrap();
}

#[test]
fn an_error_that_is_no_absence_ends_the_wait() {
    let _patience = crate::patience();
    let room = room();
    let _receiver = bind(1, &room.name());
    let error = Options::new().wait(HOUR).connect::<u8>(room.name()).unwrap_err();
    assert!(matches!(error, OpenError::WrongType { .. }), "{error}");
    let below_a_socket = room.name().join("feed");
    let error = Options::new().wait(HOUR).connect::<u8>(below_a_socket).unwrap_err();
    assert!(matches!(error, OpenError::System { .. }), "{error}");
}

#[test]
fn an_attempt_can_be_sent_and_borrows_nothing() {
    fn is_free<F: Future + Send + Sync + Unpin + 'static>(_: F) {}
    let room = room();
    let (name, path) = (String::from("feed"), room.name());
    is_free(connect_async::<Value>(&name));
    is_free(Options::new().connect_async::<Value>(path.as_path()));
}
