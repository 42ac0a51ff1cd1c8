//! A wake from another process reaches its task, whatever becomes of the runtime that the task waits in, and no other task.

use std::{
    future::{pending, poll_fn},
    path::Path,
    pin::{Pin, pin},
    sync::{Arc, Mutex, mpsc::channel},
    task::Poll,
    thread,
};

use shmpsc::Sender;
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
};

use crate::{
    bind, connect,
    people::{
        Person, Room, Value,
        how::{block_on, when_it_waits},
        room, start, tell, wait_for_parent, watch,
    },
};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What waits for another process, and ends when that process has acted.
type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Has that process act.
type Act = Box<dyn FnOnce() + Send>;

/// A child that acts when it is told to, and what waits for that.
struct Meeting {
    wait: Wait,
    act: Act,
    _child: Arc<Mutex<Person>>,
    _room: Room,
}

impl Meeting {
    const ALL: [fn() -> Meeting; 4] = [Meeting::recv, Meeting::send, Meeting::reserve, Meeting::closed];

    fn new(room: Room, child: Person, wait: Wait) -> Meeting {
        let child = Arc::new(Mutex::new(child));
        let told = child.clone();
        Meeting { wait, act: Box::new(move || told.lock().unwrap().say()), _child: child, _room: room }
    }

    fn recv() -> Meeting {
        let room = room();
        let mut receiver = bind(1, &room.name());
        let mut child = start("sends-when-told", &room.name());
        assert_eq!(child.hear(), "in");
        let wait = Box::pin(async move { assert_eq!(receiver.recv().await, Some([0, 0])) });
        Meeting::new(room, child, wait)
    }

    /// A sender whose queue is full.
    fn full() -> (Room, Person, Sender<Value>) {
        let room = room();
        let mut child = start("receives-when-told", &room.name());
        assert_eq!(child.hear(), "bound");
        let sender = connect(&room.name());
        sender.try_send([0, 0]).unwrap();
        (room, child, sender)
    }

    fn send() -> Meeting {
        let (room, child, sender) = Meeting::full();
        Meeting::new(room, child, Box::pin(async move { sender.send([1, 1]).await.unwrap() }))
    }

    fn reserve() -> Meeting {
        let (room, child, sender) = Meeting::full();
        Meeting::new(room, child, Box::pin(async move { sender.reserve().await.unwrap().send([1, 1]) }))
    }

    fn closed() -> Meeting {
        let room = room();
        let mut child = start("closes-when-told", &room.name());
        assert_eq!(child.hear(), "bound");
        let sender = connect(&room.name());
        Meeting::new(room, child, Box::pin(async move { sender.closed().await }))
    }
}

/// Role: closes its channel when it is told to.
pub fn closes_when_told(path: &Path) {
    let mut receiver = bind(1, path);
    tell("bound");
    wait_for_parent();
    receiver.close();
    wait_for_parent();
}

/// Lets each kind of wait be run, by a function that has the other process act once the wait is pending.
fn each_wait_ends(run: impl Fn(Wait, Act)) {
    let _patience = crate::patience();
    for meeting in Meeting::ALL {
        let Meeting { wait, act, _child, _room } = meeting();
        run(wait, act);
    }
}

/// Drops a runtime while one of its blocking threads waits within it. The other process acts once the runtime has dropped its
/// tasks.
fn dropped_under_a_blocking_thread(runtime: Runtime, wait: Wait, act: Act) {
    let (held, over) = channel::<()>();
    runtime.spawn(async move {
        let _held = held;
        pending::<()>().await;
    });
    let (tell, told) = channel();
    let handle = runtime.handle().clone();
    runtime.spawn_blocking(move || handle.block_on(when_it_waits(wait, || tell.send("waits").unwrap())));
    told.recv().unwrap();
    thread::scope(|scope| {
        // That waits for the blocking thread.
        scope.spawn(move || drop(runtime));
        over.recv().unwrap_err();
        act();
    });
}

#[test]
fn a_blocking_thread_is_woken_while_its_runtime_ends() {
    for make in [current_thread, multi_thread] {
        each_wait_ends(|wait, act| dropped_under_a_blocking_thread(make(), wait, act));
    }
}

#[test]
fn another_executor_is_woken_within_an_undriven_runtime() {
    each_wait_ends(|wait, act| {
        let runtime = current_thread();
        let _entered = runtime.enter();
        block_on(when_it_waits(wait, act));
    });
}

#[test]
fn a_handle_blocks_on_a_wait_though_its_runtime_is_undriven() {
    each_wait_ends(|wait, act| {
        let runtime = current_thread();
        // Driven by this thread before, and no more.
        runtime.block_on(tokio::task::yield_now());
        runtime.handle().block_on(when_it_waits(wait, act));
    });
}

#[test]
fn a_local_task_is_woken_though_its_runtime_is_undriven() {
    each_wait_ends(|wait, act| {
        let runtime = current_thread();
        let local = LocalSet::new();
        let task = local.spawn_local(when_it_waits(wait, act));
        runtime.handle().block_on(local.run_until(task)).unwrap();
    });
}

#[test]
fn a_task_is_woken_that_has_entered_another_undriven_runtime() {
    for make in [current_thread, multi_thread] {
        each_wait_ends(|wait, act| {
            let undriven = current_thread();
            let mut wait = pin!(when_it_waits(wait, act));
            make().block_on(poll_fn(|cx| {
                let _entered = undriven.enter();
                wait.as_mut().poll(cx)
            }));
        });
    }
}

#[test]
fn a_task_is_woken_in_a_runtime_without_an_io_driver() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.build().unwrap();
        each_wait_ends(|wait, act| runtime.block_on(when_it_waits(wait, act)));
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    each_wait_ends(|wait, act| runtime.block_on(runtime.spawn(when_it_waits(wait, act))).unwrap());
}

#[test]
fn a_task_is_woken_when_the_runtime_that_listened_is_gone() {
    for make in [current_thread, multi_thread] {
        each_wait_ends(|mut wait, act| {
            let runtime = make();
            let (give, given) = channel();
            // A task of the runtime waits, alone, so that the runtime listens.
            let waits = runtime.spawn(async move {
                poll_fn(|cx| {
                    assert!(wait.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                give.send(wait).unwrap();
            });
            runtime.block_on(waits).unwrap();
            let wait = given.recv().unwrap();
            drop(runtime);
            block_on(when_it_waits(wait, act));
        });
    }
}

#[test]
fn a_blocked_runtime_does_not_delay_a_task_of_another_one() {
    let _patience = crate::patience();
    let (room, child, sender) = Meeting::full();
    let (tell, told) = channel();
    let (release, released) = channel::<()>();
    let watching = sender.clone();
    let blocked = thread::spawn(move || {
        current_thread().block_on(async {
            let closed = tokio::spawn(async move { watching.closed().await });
            // Until its runtime listens.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            tell.send("listens").unwrap();
            released.recv().unwrap_err();
            closed.abort();
        });
    });
    told.recv().unwrap();
    let wait = Box::pin(async move { sender.send([1, 1]).await.unwrap() });
    let Meeting { wait, act, _child, _room } = Meeting::new(room, child, wait);
    current_thread().block_on(when_it_waits(wait, act));
    drop(release);
    blocked.join().unwrap();
}

/// Role: sends through a full queue for ever, while tasks of so many other runtimes wait for the close.
pub fn sends_in_a_crowd(others: u64, path: &Path) {
    let sender = connect(path);
    let (tell_one, told) = channel();
    for _ in 0..others {
        let (sender, tell_one) = (sender.clone(), tell_one.clone());
        thread::spawn(move || {
            current_thread().block_on(when_it_waits(sender.closed(), || tell_one.send(()).unwrap()));
        });
    }
    (0..others).for_each(|_| told.recv().unwrap());
    tell("in");
    current_thread().block_on(async {
        for n in 0.. {
            sender.send([n, n]).await.unwrap();
        }
    });
}

#[test]
fn a_wake_for_one_runtime_leaves_all_others_asleep() {
    let _patience = crate::patience();
    const COUNT: u64 = 200;
    let for_each_value = [0, 32].map(|others| {
        let room = room();
        let mut receiver = bind(1, &room.name());
        let mut child = start(&format!("sends-in-a-crowd {others}"), &room.name());
        assert_eq!(child.hear(), "in");
        child.sleeps();
        let before = watch::switches(child.pid()).voluntary;
        for n in 0..COUNT {
            assert_eq!(receiver.blocking_recv(), Some([n, n]));
            child.sleeps();
        }
        (watch::switches(child.pid()).voluntary - before) / COUNT
    });
    assert!(for_each_value[1] <= for_each_value[0] + 4, "{for_each_value:?}");
}
