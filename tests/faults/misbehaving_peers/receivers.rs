//! The other way round: what listens at a name is not a receiver, or a bad one. Who wants to join gets a reason, in time, and
//! keeps nothing.

use std::{
    fs::File,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fs::{MemfdFlags, memfd_create},
    net::{
        AddressFamily, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType, accept, bind, listen,
        shutdown, socket_with,
    },
    process::{PidfdFlags, getpid, pidfd_open},
};

use crate::{
    people::{Value, next_order, room, start, tell, watch},
    raw::{ACCEPT, AGAIN, REFUSE, RELAY, Raw, message, put},
};

/// Role: tries to join, as often as it is asked to, and says what came of it and how many descriptors it has.
pub fn joins_in_vain(path: &Path) {
    while next_order().is_some() {
        let joined = shmpsc::Options::new().timeout(Duration::from_millis(500)).connect::<Value>(path);
        tell(joined.map_or_else(|error| error.to_string(), |_| "joined".into()));
        tell(watch::own_descriptors());
    }
}

/// A good `ACCEPT`.
fn place() -> Vec<u8> {
    let mut place = message(ACCEPT, 64);
    let numbers = [2, 1, 1, 16, 8, 256, 4, 4096, 64];
    numbers.iter().enumerate().for_each(|(at, number)| put(&mut place, 8 + 4 * at, *number));
    put(&mut place, 60, 1);
    place
}

fn say_with(line: &Raw, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) {
    line.say_with(bytes, descriptors, SendFlags::NOSIGNAL).unwrap();
}

/// What to do with a caller that has said its `HELLO`, and what it is to be told.
type Case = (&'static str, fn(&Raw));

const CASES: [Case; 16] = [
    ("hung up before it had answered", |_| {}),
    ("does not speak this protocol", |line| line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap()),
    ("does not speak this protocol", |line| line.say(&[0, 0]).unwrap()),
    // A wake is no answer.
    ("hung up before it had answered", |line| line.say(&[0]).unwrap()),
    ("did not answer within", |line| while line.say(&[0]).is_ok() {}),
    ("a message that does not belong here", |line| line.say(&[0; 100_000]).unwrap()),
    ("does not fit layout version 2 there", |line| {
        line.say(&[&b"shmp\x02\0\x02\0"[..], &[0; 52]].concat()).unwrap()
    }),
    ("a message that does not belong here", |line| line.say(&message(RELAY, 8)).unwrap()),
    ("a message that does not belong here", |line| line.say(&message(REFUSE, 124)).unwrap()),
    ("a message that does not belong here", |line| {
        while line.say(&message(AGAIN, 8)).is_ok() && line.hear().is_some_and(|said| said.kind() == 1) {}
    }),
    ("did not answer within", |line| while line.hear().is_some() {}),
    ("did not send the descriptors it must", |line| line.say(&place()).unwrap()),
    ("take the channel's descriptors", |line| say_with(line, &place(), &[line.0.as_fd(); 253])),
    ("watch the receiver's process", |line| {
        let null = File::open("/dev/null").unwrap();
        say_with(line, &place(), &[null.as_fd(); 3]);
    }),
    ("use the receiver's doorbell", |line| {
        let (memory, _, process) = gifts();
        // Whoever writes to it would wait once it is full.
        let (_end, start) = std::io::pipe().unwrap();
        say_with(line, &place(), &[memory.as_fd(), start.as_fd(), process.as_fd()]);
    }),
    ("map the channel's memory", |line| {
        let (memory, doorbell, process) = gifts();
        say_with(line, &place(), &[memory.as_fd(), doorbell.as_fd(), process.as_fd()]);
    }),
];

/// Memory that could be cut off under who maps it; a doorbell and a process as they should be.
fn gifts() -> (OwnedFd, OwnedFd, OwnedFd) {
    let memory = memfd_create("unsealed", MemfdFlags::CLOEXEC).unwrap();
    let doorbell = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
    (memory, doorbell, pidfd_open(getpid(), PidfdFlags::empty()).unwrap())
}

/// Ends whoever accepts at a door, also if the test fails.
struct Shut<'a>(&'a OwnedFd);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        let _ = shutdown(self.0, Shutdown::Both);
    }
}

/// Shows T72.
#[test]
fn a_join_at_a_bad_receiver_gets_a_reason_and_keeps_nothing() {
    let _patience = crate::patience();
    let room = room();
    let door = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    bind(&door, &SocketAddrUnix::new(room.name()).unwrap()).unwrap();
    listen(&door, 16).unwrap();
    let case = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while let Ok(caller) = accept(&door) {
                let line = Raw(caller);
                if line.hear().is_some() {
                    CASES[case.load(Relaxed)].1(&line);
                }
            }
        });
        let _shut = Shut(&door);
        let name = room.name();
        let name = name.to_str().unwrap();
        let mut joins = start("joins-in-vain", &room.name());
        let mut descriptors = Vec::new();
        for _ in 0..2 {
            for (at, (reason, _)) in CASES.iter().enumerate() {
                case.store(at, Relaxed);
                joins.say();
                let told = joins.hear();
                assert!(told.contains(reason), "case {at}: {told}");
                assert_eq!(told.matches(name).count(), 1, "case {at}: {told}");
                descriptors.push(joins.hear());
            }
        }
        assert_eq!(descriptors[CASES.len() - 1], descriptors[2 * CASES.len() - 1]);
        joins.end();
    });
}
