//! Everybody is killed at once, again and again: what is left is a socket and its lock, and the name can be had again.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::Duration,
};

use shmpsc::Options;

use crate::{
    Scale,
    people::{
        Person,
        how::{How, Runner},
        kinds::{Kind, Receiving},
        room, start_with, tell,
    },
};

fn bind(kind: Kind, path: &Path) -> Receiving {
    kind.bind(Options::new().capacity(4).memory_limit(1 << 20), path).unwrap()
}

/// Role: receives until it is killed.
pub fn hosts(kind: Kind, how: How, path: &Path) {
    let receiver = bind(kind, path);
    tell("bound");
    Runner::new(how).receive_all(receiver, |_| {});
}

/// Role: sends until it is killed.
pub fn sends_for_ever(kind: Kind, how: How, path: &Path) {
    let sender = kind.connect(Options::new(), path).unwrap();
    tell("in");
    Runner::new(how).send_all(sender, 0, u64::MAX);
}

fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

pub fn show(scale: Scale) {
    Kind::ALL.into_iter().for_each(|kind| show_one(kind, scale.of(100)));
}

fn show_one(kind: Kind, rounds: u64) {
    let (room, temporary, run) = (room(), room(), room());
    let begin = |role: String| {
        let prepare = |command: &mut std::process::Command| {
            command.env("TMPDIR", temporary.path()).env("XDG_RUNTIME_DIR", run.path());
            command.stdin(Stdio::piped()).stderr(Stdio::null());
        };
        start_with(&role, &room.name(), prepare).unwrap()
    };
    let shared = Path::new("/dev/shm");
    let before = entries(shared);
    for round in 0..rounds {
        let how = |at: u64| How::ALL[(round + at) as usize % 4];
        let mut host = begin(format!("hosts {kind} {}", how(0)));
        assert_eq!(host.hear(), "bound");
        let mut everybody: Vec<_> =
            (0..6).map(|at| begin(format!("sends-for-ever {kind} {}", how(at)))).collect();
        everybody.iter_mut().for_each(|guest| assert_eq!(guest.hear(), "in"));
        everybody.insert(round as usize % 7, host);
        sleep(Duration::from_micros(round * 137 % 3000));
        everybody.iter_mut().for_each(Person::strike);
        everybody.iter_mut().for_each(Person::kill);
        let left: Vec<_> = entries(room.path()).into_iter().collect();
        assert_eq!(left, [room.name(), room.name().with_extension("lock")]);
    }
    assert_eq!((entries(temporary.path()).len(), entries(run.path()).len()), (0, 0));
    let new: Vec<_> = entries(shared).difference(&before).cloned().collect();
    let mut receiver = bind(kind, &room.name());
    assert_eq!(kind.connect(Options::new(), &room.name()).unwrap().try_send([1, 1]), Ok(true));
    assert_eq!(receiver.try_recv(), Ok([1, 1]));
    drop(receiver);
    assert_eq!(room.files(), 0);
    println!(
        "   {rounds} times a receiver of {} channel and 6 senders killed: each time socket and lock left and the next bind worked; \
         nothing in the temporary and the run directory, new in /dev/shm: {new:?}",
        if kind == Kind::Bounded { "a bounded" } else { "an unbounded" }
    );
    assert!(new.is_empty());
}
