//! Everybody is killed at once, again and again: what is left is a socket and its lock, and the name can be had again.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::Duration,
};

use shmpsc::{Options, Receiver};

use crate::{
    Scale,
    people::{
        Person, Value,
        how::{How, Runner},
        room, start_with, tell,
    },
};

fn bind(path: &Path) -> Receiver<Value> {
    Options::new().capacity(4).bind(path).unwrap()
}

/// Role: receives until it is killed.
pub fn hosts(how: How, path: &Path) {
    let receiver = bind(path);
    tell("bound");
    Runner::new(how).receive_all(receiver, |_| {});
}

/// Role: sends until it is killed.
pub fn sends_for_ever(how: How, path: &Path) {
    let sender = shmpsc::connect(path).unwrap();
    tell("in");
    Runner::new(how).send_all(sender, 0, u64::MAX);
}

fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

pub fn show(scale: Scale) {
    let rounds = scale.of(100);
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
        let mut host = begin(format!("hosts {}", how(0)));
        assert_eq!(host.hear(), "bound");
        let mut everybody: Vec<_> = (0..6).map(|at| begin(format!("sends-for-ever {}", how(at)))).collect();
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
    let mut receiver = bind(&room.name());
    shmpsc::connect::<Value>(room.name()).unwrap().try_send([1, 1]).unwrap();
    assert_eq!(receiver.try_recv(), Ok([1, 1]));
    drop(receiver);
    assert_eq!(room.files(), 0);
    println!(
        "   {rounds} times a receiver and 6 senders killed: each time socket and lock left and the next bind worked; nothing in the \
         temporary and the run directory, new in /dev/shm: {new:?}"
    );
    assert!(new.is_empty());
}
