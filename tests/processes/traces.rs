//! What is left of a channel when all its processes are killed: a socket and its lock, and nothing anywhere else.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{
    bind, connect,
    people::{Person, room, start_with},
};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// The files that a process has open or mapped and that have a name somebody could find. Standard input, output and
/// error are whatever the test was started with.
fn named_files(pid: u32) -> Vec<PathBuf> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|fd| fd.unwrap().path());
    let of_its_own = |fd: &PathBuf| !["0", "1", "2"].iter().any(|standard| fd.ends_with(standard));
    let open = open.filter(of_its_own).filter_map(|fd| fs::read_link(fd).ok());
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    // Shared mappings: what is private cannot be a trace.
    let shared = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.ends_with('s')));
    let mapped = shared.filter_map(|line| Some(PathBuf::from(&line[line.find('/')?..])));
    open.chain(mapped).filter(|path| path.is_absolute() && path.exists() && !path.is_dir()).collect()
}

#[test]
fn killing_all_leaves_a_socket_and_a_lock_and_a_free_name() {
    let _patience = crate::patience();
    let (room, temporary, run) = (room(), room(), room());
    let begin = |role: &str| {
        start_with(role, &room.name(), |command| {
            command.stdin(Stdio::piped()).env("TMPDIR", temporary.path()).env("XDG_RUNTIME_DIR", run.path());
        })
        .unwrap()
    };
    for _ in 0..3 {
        let mut host = begin("hosts");
        assert_eq!(host.hear(), "bound");
        let mut guests = ["sends-for-ever 1 1", "sends-for-ever 2 3", "holds 3"].map(begin);
        guests.iter_mut().for_each(|guest| assert_eq!(guest.hear(), "in"));
        let lock = room.name().with_extension("lock");
        for pid in guests.iter().chain([&host]).map(Person::pid) {
            let named = named_files(pid);
            let ours =
                |path: &PathBuf| *path == lock || path.starts_with("/dev") && !path.starts_with("/dev/shm");
            assert!(named.iter().all(ours), "{named:?}");
        }
        host.kill();
        guests.iter_mut().for_each(Person::kill);

        assert_eq!(entries(room.path()), [room.name(), lock.clone()]);
        assert!(fs::metadata(room.name()).unwrap().file_type().is_socket());
        assert_eq!(fs::metadata(&lock).unwrap().size(), 0);
        assert_eq!((entries(temporary.path()), entries(run.path())), (vec![], vec![]));
    }
    let mut receiver = bind(1, &room.name());
    connect(&room.name()).try_send([1, 1]).unwrap();
    assert_eq!(receiver.try_recv(), Ok([1, 1]));
    drop(receiver);
    assert_eq!(room.files(), 0);
}
