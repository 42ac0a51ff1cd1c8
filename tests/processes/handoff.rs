//! An end of a channel travels to another process as one descriptor.

use std::{
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixListener,
    },
    path::Path,
};

use crate::people::{
    self, Person, Value,
    descriptors::{pass, passed},
    eventually, room, start_with, tell,
};
use shmpsc::{Options, Receiver, Sender, UnboundedReceiver, UnboundedSender, error::OpenError};

/// How the roles of these children begin.
pub const ROLES: &str = "hands on: ";

fn start(role: &str, path: &Path) -> Person {
    people::start(&format!("{ROLES}{role}"), path)
}

/// What the children do.
pub fn plays(role: &str, path: &Path) {
    match role {
        "sends ten, inherited" => {
            let sender = Sender::<Value>::from_fd(inherited()).unwrap();
            (0..10).for_each(|n| sender.blocking_send([n, 1]).unwrap());
        }
        "sends ten, passed" => {
            let sender = Sender::<Value>::from_fd(passed(path)).unwrap();
            (0..10).for_each(|n| sender.blocking_send([n, 1]).unwrap());
        }
        "sends ten without a bound, inherited" => {
            let sender = UnboundedSender::<Value>::from_fd(inherited()).unwrap();
            (0..10).for_each(|n| sender.send([n, 1]).unwrap());
        }
        "hands its unbounded sender on" => {
            let sender = UnboundedSender::<Value>::from_fd(inherited()).unwrap();
            sender.send([100, 0]).unwrap();
            let descriptor = sender.into_fd().unwrap();
            child_with("sends ten without a bound, inherited", path, descriptor).end();
        }
        "adds up without a bound" => {
            let mut receiver = UnboundedReceiver::<Value>::from_fd(inherited()).unwrap();
            tell_the_sum(|| receiver.blocking_recv());
        }
        "takes without a bound and is stopped" => {
            let mut receiver = UnboundedReceiver::<Value>::from_fd(inherited()).unwrap();
            assert!(receiver.blocking_recv().is_some());
            tell("one");
            std::thread::park();
        }
        "hands its sender on" => {
            let sender = Sender::<Value>::from_fd(inherited()).unwrap();
            sender.blocking_send([100, 0]).unwrap();
            child_with("sends ten, inherited", path, sender.into_fd().unwrap()).end();
        }
        "loses it" => drop(inherited()),
        "uses what it inherits" => sends_when_told(inherited(), || {}),
        "uses what it is passed" => sends_when_told(passed(path), people::wait_for_parent),
        "takes what it is passed" => match Receiver::<Value>::from_fd(passed(path)) {
            Ok(receiver) => {
                tell("joined");
                people::wait_for_parent();
                add_up(receiver);
            }
            Err(error) => tell(error),
        },
        "adds up" => add_up(Receiver::from_fd(inherited()).unwrap()),
        "takes it and is stopped" => {
            let mut receiver = Receiver::<Value>::from_fd(inherited()).unwrap();
            tell("taken");
            assert!(receiver.blocking_recv().is_some());
            tell("one");
            // Never received again; the parent ends this process.
            std::thread::park();
        }
        "gives and is killed" => {
            let (sender, receiver) = shmpsc::channel::<Value>(4);
            let listener = UnixListener::bind(path).unwrap();
            tell("listening");
            let (stream, _) = listener.accept().unwrap();
            pass(&stream, receiver.into_fd().unwrap());
            sender.blocking_send([5, 6]).unwrap();
            tell("sent");
            people::stay();
        }
        other => panic!("no role {other}"),
    }
}

/// In the child: the descriptor that the parent gave as the standard input.
fn inherited() -> OwnedFd {
    let descriptor = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    // The library takes the end from here; another copy must not outlive it.
    let null = std::fs::File::open("/dev/null").unwrap();
    rustix::stdio::dup2_stdin(&null).unwrap();
    descriptor
}

/// In the child: uses a descriptor that others have too, says what came of it, and sends ten values when it may.
fn sends_when_told(descriptor: OwnedFd, may_go_on: impl Fn()) {
    match Sender::<Value>::from_fd(descriptor) {
        Ok(sender) => {
            tell("joined");
            may_go_on();
            (0..10).for_each(|n| sender.blocking_send([n, 1]).unwrap());
        }
        Err(error) => tell(error),
    }
}

/// What is told of a descriptor that was used before.
const USED: &str = "the descriptor was used already, and carries one end once; make one more with `into_fd`";

/// A child that is passed a copy of the descriptor, and what it tells of it.
fn passed_a_copy(role: &str, listener: &UnixListener, room: &people::Room, of: &OwnedFd) -> (Person, String) {
    let mut child = start(role, &room.name());
    let (stream, _) = listener.accept().unwrap();
    pass(&stream, of.try_clone().unwrap());
    let told = child.hear();
    (child, told)
}

fn child_with(role: &str, path: &Path, descriptor: OwnedFd) -> Person {
    start_with(&format!("{ROLES}{role}"), path, |command| {
        command.stdin(descriptor);
    })
    .unwrap()
}

fn add_up(mut receiver: Receiver<Value>) {
    tell_the_sum(|| receiver.blocking_recv());
}

fn tell_the_sum(mut next: impl FnMut() -> Option<Value>) {
    let (mut count, mut sum) = (0, 0);
    while let Some([value, _]) = next() {
        count += 1;
        sum += value;
    }
    tell(format_args!("{count} values, {sum} in all"));
}

/// Receives to the end and checks that each of `senders` sent its ten in order.
fn receive_tens(mut receiver: Receiver<Value>, senders: usize) {
    let mut values = Vec::new();
    while let Some([value, 1]) = receiver.blocking_recv() {
        values.push(value);
    }
    let mut sorted = values.clone();
    sorted.sort();
    let expected: Vec<_> = (0..10).flat_map(|n| std::iter::repeat_n(n, senders)).collect();
    assert_eq!(sorted, expected);
    if senders == 1 {
        assert_eq!(values, expected);
    }
}

#[test]
fn a_child_inherits_a_sender() {
    let (sender, receiver) = shmpsc::channel::<Value>(3);
    let child = child_with("sends ten, inherited", Path::new(""), sender.into_fd().unwrap());
    receive_tens(receiver, 1);
    child.end();
}

#[test]
fn a_sender_is_passed_over_a_socket() {
    let room = room();
    let (sender, receiver) = shmpsc::channel::<Value>(3);
    let listener = UnixListener::bind(room.name()).unwrap();
    let child = start("sends ten, passed", &room.name());
    let (stream, _) = listener.accept().unwrap();
    pass(&stream, sender.into_fd().unwrap());
    receive_tens(receiver, 1);
    child.end();
}

#[test]
fn a_guest_hands_a_sender_on() {
    let (sender, mut receiver) = shmpsc::channel::<Value>(3);
    let child = child_with("hands its sender on", Path::new(""), sender.into_fd().unwrap());
    assert_eq!(receiver.blocking_recv(), Some([100, 0]));
    receive_tens(receiver, 1);
    child.end();
}

/// Shows W103.
#[test]
fn many_children_at_once() {
    let (sender, receiver) = shmpsc::channel::<Value>(2);
    let children: Vec<_> = (0..8)
        .map(|_| child_with("sends ten, inherited", Path::new(""), sender.clone().into_fd().unwrap()))
        .collect();
    drop(sender);
    receive_tens(receiver, 8);
    children.into_iter().for_each(Person::end);
}

/// Shows W101.
#[test]
fn a_sender_that_its_child_loses_is_dropped() {
    let (sender, mut receiver) = shmpsc::channel::<Value>(3);
    let child = child_with("loses it", Path::new(""), sender.into_fd().unwrap());
    assert_eq!(receiver.blocking_recv(), None);
    child.end();
}

/// Shows T18.
#[test]
fn two_children_that_inherit_one_sender_at_once_are_one_sender() {
    let (sender, receiver) = shmpsc::channel::<Value>(3);
    let descriptor = sender.clone().into_fd().unwrap();
    let copies = [(); 3].map(|()| descriptor.try_clone().unwrap());
    drop(descriptor);
    let mut children = copies.map(|copy| child_with("uses what it inherits", Path::new(""), copy));
    let mut told = children.each_mut().map(Person::hear);
    told.sort();
    assert_eq!(told, ["joined", USED, USED]);
    assert!(!sender.is_closed());
    drop(sender);
    receive_tens(receiver, 1);
    children.into_iter().for_each(Person::end);
}

/// Shows T18.
#[test]
fn a_descriptor_used_again_disturbs_no_other_process() {
    let (sender, mut receiver) = shmpsc::channel::<Value>(3);
    let other = child_with("uses what it inherits", Path::new(""), sender.clone().into_fd().unwrap());
    let room = room();
    let listener = UnixListener::bind(room.name()).unwrap();
    let descriptor = sender.clone().into_fd().unwrap();
    let pass_it = || passed_a_copy("uses what it is passed", &listener, &room, &descriptor);
    let (mut first, told) = pass_it();
    assert_eq!(told, "joined");
    for _ in 0..2 {
        let (again, told) = pass_it();
        assert_eq!(told, USED);
        again.end();
    }
    let here = Sender::<Value>::from_fd(descriptor.try_clone().unwrap());
    assert_eq!(here.unwrap_err().to_string(), USED);
    first.say();
    for _ in 0..20 {
        assert!(receiver.blocking_recv().is_some());
    }
    first.end();
    other.end();
    eventually("both have left", || receiver.sender_strong_count() == 1);
    assert_eq!(pass_it().1, USED, "also when its first user has left");
    assert!(!sender.is_closed());
    assert_eq!((sender.capacity(), receiver.sender_strong_count()), (3, 1));
}

/// Shows W102.
#[test]
fn a_descriptor_stays_used_when_its_first_user_is_killed() {
    let (sender, mut receiver) = shmpsc::channel::<Value>(3);
    let room = room();
    let listener = UnixListener::bind(room.name()).unwrap();
    let descriptor = sender.into_fd().unwrap();
    let pass_it = || passed_a_copy("uses what it is passed", &listener, &room, &descriptor);
    let (mut first, told) = pass_it();
    assert_eq!(told, "joined");
    first.stop();
    assert_eq!(pass_it().1, USED);
    assert_eq!(receiver.sender_strong_count(), 1);
    first.kill();
    assert_eq!(receiver.blocking_recv(), None);
    assert_eq!(pass_it().1, USED);
}

/// Shows T18.
#[test]
fn a_receiver_whose_descriptor_is_used_again_goes_on_receiving() {
    let (sender, receiver) = shmpsc::channel::<Value>(2);
    let room = room();
    let listener = UnixListener::bind(room.name()).unwrap();
    let descriptor = receiver.into_fd().unwrap();
    let pass_it = || passed_a_copy("takes what it is passed", &listener, &room, &descriptor);
    let (mut first, told) = pass_it();
    assert_eq!(told, "joined");
    assert_eq!(pass_it().1, USED);
    let here = Receiver::<Value>::from_fd(descriptor.try_clone().unwrap());
    assert_eq!(here.unwrap_err().to_string(), USED);
    first.say();
    (0..10).for_each(|n| sender.blocking_send([n, 0]).unwrap());
    assert!(!sender.is_closed());
    drop(sender);
    assert_eq!(first.hear(), "10 values, 45 in all");
    first.end();
    assert_eq!(pass_it().1, USED);
}

#[test]
fn a_child_inherits_the_receiver() {
    let (sender, receiver) = shmpsc::channel::<Value>(3);
    let other = sender.clone();
    sender.try_send([1000, 0]).unwrap();
    let mut child = child_with("adds up", Path::new(""), receiver.into_fd().unwrap());
    std::thread::scope(|scope| {
        for sender in [sender, other] {
            scope.spawn(move || (0..100).for_each(|n| sender.blocking_send([n, 0]).unwrap()));
        }
    });
    assert_eq!(child.hear(), "201 values, 10900 in all");
    child.end();
}

#[test]
fn tasks_asleep_in_the_giver_are_woken_by_the_taker() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (sender, receiver) = shmpsc::channel::<Value>(1);
    sender.try_send([0, 0]).unwrap();
    let tasks: Vec<_> = (1..=20)
        .map(|n| {
            let sender = sender.clone();
            runtime.spawn(async move { sender.send([n, 0]).await.is_ok() })
        })
        .collect();
    // They are asleep, or will be: both must do.
    let mut child = child_with("adds up", Path::new(""), receiver.into_fd().unwrap());
    drop(sender);
    for task in tasks {
        assert!(runtime.block_on(task).unwrap());
    }
    assert_eq!(child.hear(), "21 values, 210 in all");
    child.end();
}

#[test]
fn the_receiver_travels_with_its_name() {
    let room = room();
    let receiver = Options::new().capacity(3).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut child = child_with("adds up", Path::new(""), receiver.into_fd().unwrap());
    let sender = shmpsc::connect::<Value>(room.name()).unwrap();
    (0..10).for_each(|n| sender.blocking_send([n, 0]).unwrap());
    drop(sender);
    assert_eq!(child.hear(), "10 values, 45 in all");
    child.end();
    assert_eq!(room.files(), 0);
}

/// Shows W107.
#[test]
fn others_can_join_before_what_travelled_along_is_received() {
    let (sender, receiver) = shmpsc::channel::<Value>(3);
    sender.try_send([0, 1]).unwrap();
    let mut receiver = Receiver::<Value>::from_fd(receiver.into_fd().unwrap()).unwrap();
    let other = Sender::<Value>::from_fd(sender.into_fd().unwrap()).unwrap();
    other.try_send([1, 1]).unwrap();
    assert_eq!(receiver.blocking_recv(), Some([0, 1]));
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
}

/// Shows W104.
#[test]
fn a_receiver_that_its_child_loses_is_dropped() {
    let (sender, receiver) = shmpsc::channel::<Value>(1);
    sender.try_send([0, 0]).unwrap();
    let child = child_with("loses it", Path::new(""), receiver.into_fd().unwrap());
    assert!(sender.blocking_send([0, 0]).is_err());
    child.end();
}

/// Shows W109.
#[test]
fn a_killed_taker_closes_the_channel() {
    let (sender, receiver) = shmpsc::channel::<Value>(1);
    sender.try_send([0, 0]).unwrap();
    let mut child = child_with("takes it and is stopped", Path::new(""), receiver.into_fd().unwrap());
    assert_eq!((child.hear().as_str(), child.hear().as_str()), ("taken", "one"));
    sender.blocking_send([1, 1]).unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| sender.blocking_send([2, 2]).is_err());
        child.kill();
        assert!(waits.join().unwrap());
    });
}

/// Shows W109.
#[test]
fn a_killed_giver_ends_the_stream_after_its_values() {
    let room = room();
    let mut giver = start("gives and is killed", &room.name());
    assert_eq!(giver.hear(), "listening");
    let mut receiver = Receiver::<Value>::from_fd(passed(&room.name())).unwrap();
    assert_eq!(giver.hear(), "sent");
    giver.kill();
    assert_eq!(receiver.blocking_recv(), Some([5, 6]));
    assert_eq!(receiver.blocking_recv(), None);
}

#[test]
fn once_somebody_has_joined_the_receiver_stays() {
    let room = room();
    let receiver = Options::new().bind::<Value>(room.name()).unwrap();
    let sender = shmpsc::connect::<Value>(room.name()).unwrap();
    let error = receiver.into_fd().unwrap_err();
    assert!(matches!(error, OpenError::OthersJoined { members: 1 }), "{error}");
    eventually("it is dropped then", || sender.is_closed());
}

#[test]
fn a_descriptor_of_another_end_or_type_is_refused() {
    let (sender, receiver) = shmpsc::channel::<Value>(1);
    let descriptor = sender.clone().into_fd().unwrap();
    assert!(matches!(Receiver::<Value>::from_fd(descriptor), Err(OpenError::WrongEnd)));
    let descriptor = sender.clone().into_fd().unwrap();
    assert!(matches!(Sender::<u64>::from_fd(descriptor), Err(OpenError::WrongType { .. })));
    eventually("what they carried is dropped", || receiver.sender_strong_count() == 1);
}

#[test]
fn an_unbounded_sender_is_inherited_and_handed_on() {
    let (sender, mut receiver) = shmpsc::unbounded_channel::<Value>();
    let child = child_with("hands its unbounded sender on", Path::new(""), sender.into_fd().unwrap());
    assert_eq!(receiver.blocking_recv(), Some([100, 0]));
    assert!((0..10).all(|n| receiver.blocking_recv() == Some([n, 1])));
    assert_eq!(receiver.blocking_recv(), None);
    child.end();
}

#[test]
fn an_unbounded_receiver_travels_with_all_that_is_queued() {
    let (sender, mut receiver) = shmpsc::unbounded_channel::<Value>();
    // Many chunks, the first of which are half received.
    (0..30_000).for_each(|n| sender.send([n, 0]).unwrap());
    assert!((0..7_000).all(|n| receiver.try_recv() == Ok([n, 0])));
    let mut child = child_with("adds up without a bound", Path::new(""), receiver.into_fd().unwrap());
    (30_000..40_000).for_each(|n| sender.send([n, 0]).unwrap());
    drop(sender);
    let sum: u64 = (7_000..40_000).sum();
    assert_eq!(child.hear(), format!("33000 values, {sum} in all"));
    child.end();
}

#[test]
fn an_unbounded_receiver_travels_with_its_name() {
    let room = room();
    let receiver = Options::new().end_with_last_sender().bind_unbounded::<Value>(room.name()).unwrap();
    let mut child = child_with("adds up without a bound", Path::new(""), receiver.into_fd().unwrap());
    let sender = shmpsc::connect_unbounded::<Value>(room.name()).unwrap();
    (0..10_000).for_each(|n| sender.send([n, 0]).unwrap());
    drop(sender);
    assert_eq!(child.hear(), "10000 values, 49995000 in all");
    child.end();
    assert_eq!(room.files(), 0);
}

#[test]
fn a_killed_taker_closes_the_unbounded_channel() {
    let (sender, receiver) = shmpsc::unbounded_channel::<Value>();
    sender.send([0, 0]).unwrap();
    let mut child =
        child_with("takes without a bound and is stopped", Path::new(""), receiver.into_fd().unwrap());
    assert_eq!(child.hear(), "one");
    sender.send([1, 1]).unwrap();
    child.kill();
    people::how::block_on(sender.closed());
    assert!(sender.is_closed());
    assert!(sender.send([2, 2]).is_err());
}
