//! What a process may not have: files above a size, memory above an amount, locked memory.

use std::{fs, io::ErrorKind, path::Path};

use rustix::{
    fs::Uid,
    mm::{MlockAllFlags, mlockall},
    process::{Resource, Rlimit, geteuid, getrlimit, setrlimit},
};

use crate::{
    MEBIBYTE, Page, is_whole, options, patience,
    people::{eventually, left_out, room, start, tell},
    plays, refusal,
};

/// More than this is refused in the children.
pub const LITTLE: u64 = 16 * MEBIBYTE;

pub fn limit(what: Resource, most: u64) {
    setrlimit(what, Rlimit { current: Some(most), maximum: getrlimit(what).maximum }).unwrap();
}

/// Too much is refused in these words, alone and under a name; a little can be had, and used.
fn tries(path: &Path, words: &[&str]) {
    let much = options(4 * LITTLE);
    for refused in [refusal(much.clone().channel::<Page>()), refusal(much.bind::<Page>(path))] {
        assert!(words.iter().all(|word| refused.contains(word)), "{refused}");
    }
    assert!(!path.exists(), "nothing is left of what was refused");
    let (sender, mut receiver) = options(LITTLE / 4).channel::<Page>().unwrap();
    is_whole(&sender, &mut receiver);
    let mut receiver = options(LITTLE / 4).bind::<Page>(path).unwrap();
    is_whole(&shmpsc::connect(path).unwrap(), &mut receiver);
}

/// Role.
pub fn may_write_little(path: &Path) {
    limit(Resource::Fsize, LITTLE);
    tries(path, &["RLIMIT_FSIZE", "ask for less"]);
    tell("done");
}

/// Bytes that this process has mapped.
pub fn mapped() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").expect("proc is mounted");
    let pages: u64 = pages.split(' ').next().expect("a size").parse().expect("a number");
    pages * rustix::param::page_size() as u64
}

/// Role: first makes room for nothing more than a little, then also tries to join what is too large.
pub fn may_map_little(path: &Path) {
    limit(Resource::As, mapped() + 2 * LITTLE);
    tries(&path.with_extension("own"), &["memory", "RLIMIT_AS"]);
    let refused = refusal(shmpsc::connect::<Page>(path));
    assert!(refused.contains("memory"), "{refused}");
    tell("refused");
    limit(Resource::As, u64::MAX);
    shmpsc::connect::<Page>(path).unwrap().blocking_send([1; 512]).unwrap();
    tell("done");
}

/// Role.
pub fn may_lock_nothing(path: &Path) {
    limit(Resource::Memlock, 0);
    let mut receiver = options(LITTLE).bind::<Page>(path).unwrap();
    is_whole(&shmpsc::connect(path).unwrap(), &mut receiver);
    tell("done");
}

/// Role: locks all its memory, and may not lock much of it.
pub fn may_lock_little() {
    limit(Resource::Memlock, LITTLE / 2);
    mlockall(MlockAllFlags::FUTURE).unwrap();
    if geteuid().is_root() {
        // The superuser may lock as much as there is.
        rustix::thread::set_thread_uid(Uid::from_raw(12345)).unwrap();
    }
    let error = options(LITTLE).channel::<Page>().map(drop).unwrap_err();
    assert!(error.to_string().contains("RLIMIT_MEMLOCK"), "{error}");
    assert_eq!(std::io::Error::from(error).kind(), ErrorKind::OutOfMemory);
    let (sender, mut receiver) = options(MEBIBYTE).channel::<Page>().unwrap();
    is_whole(&sender, &mut receiver);
    tell("done");
}

/// Shows T29.
#[test]
fn a_limit_on_locked_memory_is_an_error_that_says_so() {
    let _patience = patience();
    let room = room();
    if getrlimit(Resource::Memlock).maximum.is_some_and(|most| most < LITTLE / 2) {
        return left_out("this process may lock less");
    }
    plays("may-lock-little", &room.name());
}

/// Shows T21.
#[test]
fn a_limit_on_files_is_an_error_and_a_smaller_channel_works() {
    let _patience = patience();
    let room = room();
    plays("may-write-little", &room.name());
}

/// Shows T22.
#[test]
fn a_limit_on_memory_is_an_error_for_who_makes_and_who_joins() {
    let _patience = patience();
    let room = room();
    let mut receiver = options(8 * LITTLE).bind::<Page>(room.name()).unwrap();
    let mut child = start("may-map-little", &room.name());
    assert_eq!(child.hear(), "refused");
    eventually("nobody takes part", || receiver.sender_strong_count() == 0);
    assert_eq!(child.hear(), "done");
    assert_eq!(receiver.blocking_recv(), Some([1; 512]));
    child.end();
}

/// Shows T28.
#[test]
fn nothing_needs_to_be_locked() {
    let _patience = patience();
    let room = room();
    plays("may-lock-nothing", &room.name());
}
