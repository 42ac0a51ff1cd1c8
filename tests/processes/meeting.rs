//! Processes meet under a name, are refused, leave and die.

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Stdio,
    time::Duration,
};

use crate::people::{
    self, Person, Value, eventually, how::block_on, left_out, room, start_with, stay, tell, wait_for_parent,
};
use shmpsc::{
    Options, Receiver,
    error::{OpenError, RecvTimeoutError, TryRecvError},
};

/// How the roles of these children begin.
pub const ROLES: &str = "meets: ";

fn start(role: &str, path: &Path) -> Person {
    people::start(&format!("{ROLES}{role}"), path)
}

/// What the children do.
pub fn plays(role: &str, path: &Path) {
    let connect = || shmpsc::connect::<Value>(path);
    match role {
        "sends a thousand" => {
            let sender = connect().unwrap();
            (0..1000).for_each(|n| sender.blocking_send([n, n * n]).unwrap());
        }
        "sends a thousand without a bound" => {
            let sender = shmpsc::connect_unbounded::<Value>(path).unwrap();
            (0..1000).for_each(|n| sender.send([n, n * n]).unwrap());
        }
        "binds without a bound" => {
            let _receiver = Options::new().bind_unbounded::<Value>(path).unwrap();
            tell("bound");
            stay();
        }
        "connects" => match connect() {
            Ok(_sender) => {
                tell("in");
                stay();
            }
            Err(error) => tell(error),
        },
        "sends until it is killed" => {
            let sender = connect().unwrap();
            for n in 0.. {
                sender.blocking_send([std::process::id().into(), n]).unwrap();
            }
        }
        "comes and goes" => {
            for n in 0..3000 {
                let sender = loop {
                    match connect() {
                        Ok(sender) => break sender,
                        // Those who left are on their way out.
                        Err(OpenError::TooManyProcesses { .. }) => std::thread::yield_now(),
                        Err(other) => panic!("{other}"),
                    }
                };
                sender.blocking_send([n, 0]).unwrap();
            }
        }
        "receives ten when told" => {
            let mut receiver = Options::new().capacity(1).bind::<Value>(path).unwrap();
            tell("bound");
            wait_for_parent();
            (0..10).for_each(|n| assert_eq!(receiver.blocking_recv(), Some([n, 0])));
        }
        "sends one when told" => {
            let sender = connect().unwrap();
            tell("in");
            wait_for_parent();
            sender.blocking_send([1, 1]).unwrap();
        }
        "binds" => match Options::new().capacity(2).bind::<Value>(path) {
            Ok(_receiver) => {
                tell("bound");
                stay();
            }
            Err(error) => tell(error),
        },
        "hangs up and goes on" => {
            let sender = connect().unwrap();
            people::acts::close_all_connections();
            tell("hung up");
            wait_for_parent();
            sender.try_send([7, 7]).unwrap();
            tell("sent");
            stay();
        }
        "forks" => forks(path),
        "has few descriptors" => {
            let receiver = Options::new().max_processes(100).bind::<Value>(path).unwrap();
            limit_descriptors(40);
            tell("bound");
            wait_for_parent();
            drop(receiver);
        }
        other => panic!("no role {other}"),
    }
}

fn limit_descriptors(count: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum: Some(count) }).unwrap();
}

fn bind(path: &Path) -> Receiver<Value> {
    Options::new().capacity(4).bind(path).unwrap()
}

#[test]
fn two_processes_exchange_values() {
    let room = room();
    let mut receiver = Options::new().capacity(10).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let child = start("sends a thousand", &room.name());
    for n in 0..1000 {
        assert_eq!(receiver.blocking_recv(), Some([n, n * n]));
    }
    assert_eq!(receiver.blocking_recv(), None);
    child.end();
}

#[test]
fn two_processes_exchange_values_without_a_bound() {
    let room = room();
    let mut receiver = Options::new().end_with_last_sender().bind_unbounded::<Value>(room.name()).unwrap();
    let child = start("sends a thousand without a bound", &room.name());
    for n in 0..1000 {
        assert_eq!(receiver.blocking_recv(), Some([n, n * n]));
    }
    assert_eq!(receiver.blocking_recv(), None);
    child.end();
}

#[test]
fn a_killed_receiver_closes_its_unbounded_senders() {
    let room = room();
    let mut host = start("binds without a bound", &room.name());
    assert_eq!(host.hear(), "bound");
    let sender = shmpsc::connect_unbounded::<Value>(room.name()).unwrap();
    (0..10_000).for_each(|n| sender.send([n, 0]).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let closed = runtime.spawn({
        let sender = sender.clone();
        async move { sender.closed().await }
    });
    host.kill();
    runtime.block_on(closed).unwrap();
    assert_eq!(sender.send([9, 9]).unwrap_err().0, [9, 9]);
    assert!(sender.is_closed());
}

/// Shows T16.
#[test]
fn the_queue_of_a_killed_receiver_holds_no_memory() {
    let room = room();
    let mut host = start("binds without a bound", &room.name());
    assert_eq!(host.hear(), "bound");
    let sender = shmpsc::connect_unbounded::<Value>(room.name()).unwrap();
    let before = sender.memory_in_use();
    sender.send_many(&vec![[7, 7]; 400_000]).unwrap();
    assert!(sender.memory_in_use() > before + 6_400_000);
    host.kill();
    eventually("the memory is given back", || sender.memory_in_use() <= before);
}

#[test]
fn a_killed_receiver_leaves_a_name_that_is_taken_over() {
    let room = room();
    let mut first = start("binds", &room.name());
    assert_eq!(first.hear(), "bound");
    let mut second = start("binds", &room.name());
    assert_eq!(
        second.hear(),
        format!(
            "another receiver already listens at {}; end it or choose another name",
            room.name().display()
        )
    );
    first.kill();
    assert_eq!(room.files(), 2, "socket and lock file, and nothing else");
    let error = shmpsc::connect::<Value>(room.name()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no receiver listens at {}: the process that listened there has ended; start the receiver again",
            room.name().display()
        )
    );
    let receiver = bind(&room.name());
    shmpsc::connect::<Value>(room.name()).unwrap().try_send([1, 2]).unwrap();
    drop(receiver);
    assert_eq!(room.files(), 0);
}

#[test]
fn a_killed_sender_counts_as_dropped() {
    let room = room();
    let mut receiver = Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut children: Vec<_> = (0..3).map(|_| start("connects", &room.name())).collect();
    children.iter_mut().for_each(|child| assert_eq!(child.hear(), "in"));
    assert_eq!(receiver.sender_strong_count(), 3);
    children.pop().unwrap().kill();
    eventually("one is gone", || receiver.sender_strong_count() == 2);
    children.iter_mut().for_each(|child| child.kill());
    assert_eq!(receiver.blocking_recv(), None, "the last one's death ends the stream");
}

#[test]
fn senders_killed_in_the_middle_of_everything_hold_nobody_up() {
    for round in 0..10 {
        let room = room();
        let mut receiver =
            Options::new().capacity(3).end_with_last_sender().bind::<Value>(room.name()).unwrap();
        let mut children: Vec<_> = (0..5).map(|_| start("sends until it is killed", &room.name())).collect();
        let mut next = std::collections::HashMap::new();
        let mut seen = 0;
        while let Some([who, n]) = receiver.blocking_recv() {
            let expected = next.entry(who).or_insert(0);
            assert_eq!(n, *expected, "each in its order, none twice, none lost");
            *expected += 1;
            seen += 1;
            // All have come, and now they go, one after the other.
            if next.len() == 5 && seen % (700 + 13 * round) == 0 {
                children.pop().into_iter().for_each(|mut child| child.kill());
            }
        }
        assert!(children.is_empty());
    }
}

#[test]
fn a_killed_receiver_wakes_every_sender() {
    let room = room();
    let mut host = start("binds", &room.name());
    assert_eq!(host.hear(), "bound");
    let sender = shmpsc::connect::<Value>(room.name()).unwrap();
    (0..2).for_each(|n| sender.try_send([n, 0]).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| sender.blocking_send([9, 9]).unwrap_err().0);
        let task = runtime.spawn({
            let sender = sender.clone();
            async move { sender.send([8, 8]).await.unwrap_err().0 }
        });
        let closed = runtime.spawn({
            let sender = sender.clone();
            async move { sender.closed().await }
        });
        host.kill();
        assert_eq!(waits.join().unwrap(), [9, 9]);
        assert_eq!(runtime.block_on(task).unwrap(), [8, 8]);
        runtime.block_on(closed).unwrap();
    });
    assert!(sender.is_closed());
}

/// Shows W113.
#[test]
fn one_who_hangs_up_and_lives_on_is_not_dead() {
    let room = room();
    let mut receiver = bind(&room.name());
    let mut child = start("hangs up and goes on", &room.name());
    assert_eq!(child.hear(), "hung up");
    // Somebody else comes and goes, so the porter has been round.
    drop(shmpsc::connect::<Value>(room.name()).unwrap());
    child.say();
    assert_eq!(child.hear(), "sent");
    assert_eq!(receiver.try_recv(), Ok([7, 7]));
    assert_eq!(receiver.sender_strong_count(), 1);
    child.kill();
    eventually("its end is what counts", || receiver.sender_strong_count() == 0);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn many_come_at_once() {
    let room = room();
    let receiver = Options::new().max_processes(70).bind::<Value>(room.name()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let sender = shmpsc::connect::<Value>(room.name()).unwrap();
                std::mem::forget(sender);
            });
        }
    });
    assert_eq!(receiver.sender_strong_count(), 64);
}

#[test]
fn numbers_are_given_again_and_again() {
    let room = room();
    let mut receiver = Options::new().capacity(8).max_processes(3).bind::<Value>(room.name()).unwrap();
    let child = start("comes and goes", &room.name());
    for n in 0..3000 {
        assert_eq!(receiver.blocking_recv(), Some([n, 0]));
    }
    child.end();
    eventually("nobody is left", || receiver.sender_strong_count() == 0);
}

#[test]
fn any_executor_is_woken_through_the_porter() {
    let room = room();
    let mut child = start("receives ten when told", &room.name());
    assert_eq!(child.hear(), "bound");
    let sender = shmpsc::connect::<Value>(room.name()).unwrap();
    std::thread::scope(|scope| {
        let sends = scope.spawn(|| {
            block_on(async {
                for n in 0..10 {
                    sender.send([n, 0]).await.unwrap();
                }
                sender.closed().await;
            });
        });
        child.say();
        sends.join().unwrap();
    });
    child.end();

    let mut receiver = bind(&room.name());
    let mut child = start("sends one when told", &room.name());
    assert_eq!(child.hear(), "in");
    std::thread::scope(|scope| {
        let receives = scope.spawn(|| block_on(receiver.recv()));
        child.say();
        assert_eq!(receives.join().unwrap(), Some([1, 1]));
    });
    child.end();
}

#[test]
fn rules_decide_who_comes_in() {
    if !rustix::process::geteuid().is_root() {
        return left_out("only the superuser can start a process of another user");
    }
    let room = room();
    std::fs::set_permissions(room.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let as_stranger = |rules: Options| {
        let _receiver = rules.bind::<Value>(room.name()).unwrap();
        let started = start_with(&format!("{ROLES}connects"), &room.name(), |command| {
            command.stdin(Stdio::piped()).uid(12345).gid(23456);
        });
        match started {
            Ok(mut child) => Some(child.hear()),
            // The stranger may not even read this program.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => None,
            Err(error) => panic!("{error}"),
        }
    };
    let Some(refused) = as_stranger(Options::new().mode(0o666)) else {
        return left_out("another user may not read this program");
    };
    let gid = rustix::process::getegid().as_raw();
    assert_eq!(
        refused,
        format!(
            "the receiver at {} (user 0, group {gid}) does not admit user 12345, group 23456; let one of them in there, with `Options::allow_uid` or `Options::allow_gid`, and an `Options::mode` that fits",
            room.name().display()
        )
    );
    assert_eq!(
        as_stranger(Options::new().mode(0o600).allow_uid(12345)).unwrap(),
        format!(
            "the user of this process may not open the socket {}; let it in there, with `Options::mode` and \
             `Options::allow_uid`, and with the permissions of the directories above",
            room.name().display()
        )
    );
    assert_eq!(as_stranger(Options::new().mode(0o666).allow_uid(12345)).unwrap(), "in");
    assert_eq!(as_stranger(Options::new().mode(0o666).allow_gid(23456)).unwrap(), "in");
    assert_ne!(as_stranger(Options::new().mode(0o666).allow_gid(12345)).unwrap(), "in");
}

/// Shows T34.
#[test]
fn without_descriptors_the_door_stays_shut_and_opens_again() {
    let room = room();
    let mut host = start("has few descriptors", &room.name());
    assert_eq!(host.hear(), "bound");
    let mut senders = Vec::new();
    let error = loop {
        match Options::new().timeout(Duration::from_secs(20)).connect::<Value>(room.name()) {
            Ok(sender) => senders.push(sender),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, OpenError::HungUp { .. } | OpenError::System { .. }), "{error}");
    assert!(senders.len() >= 5, "only {}", senders.len());
    assert!(senders.iter().all(|sender| sender.try_send([0, 0]).is_ok()), "those inside are not hurt");
    senders.clear();
    eventually("there is room again", || shmpsc::connect::<Value>(room.name()).is_ok());
    host.say();
    host.end();
}

/// In the child: a channel, and a fork that does not run another program.
fn forks(path: &Path) {
    let (near, mut near_receiver) = shmpsc::channel::<Value>(2);
    let far = shmpsc::connect::<Value>(path).unwrap();
    near.try_send([1, 1]).unwrap();
    assert_eq!(near_receiver.try_peek(), Ok([1, 1]));
    // SAFETY: the child allocates and starts a thread, which the C library supports after a fork; it ends by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let works = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            assert!(near.try_send([2, 2]).is_err() && far.try_send([2, 2]).is_err());
            assert_eq!(near_receiver.try_recv(), Err(TryRecvError::Disconnected));
            assert_eq!((near_receiver.try_peek().ok(), near_receiver.blocking_peek()), (None, None));
            let timed = near_receiver.blocking_recv_timeout(std::time::Duration::MAX);
            assert_eq!(timed, Err(RecvTimeoutError::Disconnected));
            drop((near.clone(), far.clone()));
            assert!(matches!(far.into_fd(), Err(OpenError::Forked)));
            drop((near, near_receiver));
            // A channel of its own has a porter of its own.
            let own = path.with_extension("own");
            let mut receiver = bind(&own);
            let sender = shmpsc::connect::<Value>(&own).unwrap();
            sender.try_send([3, 3]).unwrap();
            assert_eq!(receiver.blocking_recv(), Some([3, 3]));
        }));
        // SAFETY: ends this process and nothing else; the parent's test harness must not run on in it.
        unsafe { libc::_exit(i32::from(works.is_err())) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "what the child found");
    assert_eq!(near_receiver.try_recv(), Ok([1, 1]));
    far.try_send([4, 4]).unwrap();
    tell("fine");
    wait_for_parent();
}

/// Shows T12.
#[test]
fn a_forked_child_gets_errors_and_does_no_harm() {
    let room = room();
    let mut receiver = bind(&room.name());
    let mut child = start("forks", &room.name());
    assert_eq!(child.hear(), "fine");
    assert_eq!(receiver.sender_strong_count(), 1);
    assert_eq!(receiver.try_recv(), Ok([4, 4]));
    child.end();
    eventually("it has left", || receiver.sender_strong_count() == 0);
}

#[test]
fn a_stream_has_ended_when_its_last_sender_is_gone() {
    let room = room();
    for _ in 0..500 {
        let mut receiver = Options::new().end_with_last_sender().bind::<Value>(room.name()).unwrap();
        let sender = shmpsc::connect::<Value>(room.name()).unwrap();
        assert_eq!(receiver.sender_strong_count(), 1);
        drop(sender);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
}
