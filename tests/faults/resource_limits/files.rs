//! Where a name's files stand: without `/proc`, in a directory that goes elsewhere, beside files of other users.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use rustix::{
    fs::Mode,
    process::{chroot, geteuid, umask},
};
use shmpsc::{Options, error::OpenError};

use crate::{
    filter, patience,
    people::{left_out, room, tell},
    plays,
};

type Value = [u64; 2];

const OTHER_USER: u32 = 12345;

/// Binds a name with that mode, joins, and sees to it that nothing is left.
fn meets(path: &Path, mode: u32) -> Result<(), OpenError> {
    let mut receiver = Options::new().mode(mode).bind::<Value>(path)?;
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, mode);
    shmpsc::connect::<Value>(path)?.blocking_send([1, 2]).unwrap();
    assert_eq!(receiver.blocking_recv(), Some([1, 2]));
    drop(receiver);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "{path:?} leaves nothing");
    Ok(())
}

/// As [`meets`], in a channel that nothing is said of.
fn meets_unbounded(path: &Path) -> Result<(), OpenError> {
    let mut receiver = Options::new().bind_unbounded::<Value>(path)?;
    shmpsc::connect_unbounded::<Value>(path)?.send([1, 2]).unwrap();
    assert_eq!(receiver.blocking_recv(), Some([1, 2]));
    Ok(())
}

/// Role: has no `/proc`, and perhaps an older kernel. Meets at short paths and at long ones, with every mode.
pub fn has_no_proc(is_old: bool, path: &Path) {
    chroot(path.parent().unwrap()).unwrap();
    env::set_current_dir("/").unwrap();
    if is_old {
        filter::is_before_6_6().unwrap();
    }
    assert!(!Path::new("/proc").exists());
    let long = PathBuf::from(format!("/{}", "long/".repeat(40)));
    fs::create_dir_all(&long).unwrap();
    fs::create_dir("/short").unwrap();
    for (umasked, mode) in [(0o022, 0o600), (0o022, 0o660), (0o022, 0o666), (0o777, 0o640), (0, 0o600)] {
        umask(Mode::from_raw_mode(umasked));
        for path in [Path::new("/short/feed"), &long.join("feed"), &long.join("x".repeat(107))] {
            meets(path, mode).unwrap();
        }
    }
    meets_unbounded(Path::new("/short/feed")).unwrap();
    env::set_current_dir(&long).unwrap();
    assert_eq!(umask(Mode::empty()), Mode::empty(), "the process keeps its umask");
    let receiver = Options::new().bind::<Value>("feed").unwrap();
    assert!(shmpsc::connect::<Value>("feed").is_ok());
    assert_eq!(env::current_dir().unwrap(), long, "and its working directory");
    drop(receiver);
    tell("done");
}

/// Role: binds, and then works in another directory, and with another root.
pub fn goes_elsewhere(path: &Path) {
    let folder = path.parent().unwrap();
    env::set_current_dir(folder).unwrap();
    let receivers = ["feed", "feed 2"].map(|name| Options::new().bind::<Value>(name).unwrap());
    let moved = folder.with_extension("moved");
    fs::rename(folder, &moved).unwrap();
    env::set_current_dir("/").unwrap();
    let [first, second] = receivers;
    drop(first);
    assert_eq!(fs::read_dir(&moved).unwrap().count(), 2, "the files of the other name");
    if geteuid().is_root() {
        let inside = tempfile::tempdir().unwrap();
        let seen = fs::File::open(&moved).unwrap();
        chroot(inside.path()).unwrap();
        drop(second);
        rustix::process::fchdir(seen).unwrap();
    } else {
        drop(second);
        env::set_current_dir(&moved).unwrap();
    }
    assert_eq!(fs::read_dir(".").unwrap().count(), 0);
    tell("done");
}

/// Role: binds a name whose lock file another user left, where the kernel protects such files.
pub fn finds_a_protected_file(path: &Path) {
    filter::protects_regular_files().unwrap();
    drop(Options::new().bind::<Value>(path).unwrap());
    tell("done");
}

/// Role: may have no thread with a directory of its own. Only a name that needs one is refused.
pub fn may_not_unshare(path: &Path) {
    filter::refuses_unshare().unwrap();
    let long = path.parent().unwrap().join("long/".repeat(40));
    fs::create_dir_all(&long).unwrap();
    meets(&long.join("x".repeat(80)), 0o640).unwrap();
    let error = format!("{:?}", meets(&long.join("x".repeat(107)), 0o640).unwrap_err());
    assert!(error.contains("allow `unshare`, mount /proc, or give a shorter path"), "{error}");
    tell("done");
}

fn only_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        left_out("only the superuser may do that");
    }
    is_root
}

/// Shows T30.
#[test]
fn processes_meet_without_proc_with_every_mode_and_path() {
    let _patience = patience();
    for role in ["has-no-proc new", "has-no-proc old"] {
        if only_root() {
            let room = room();
            plays(role, &room.name());
        }
    }
}

/// Shows T31.
#[test]
fn a_sandbox_without_unshare_refuses_only_what_needs_it() {
    let _patience = patience();
    let room = room();
    plays("may-not-unshare", &room.name());
}

#[test]
fn a_name_leaves_nothing_wherever_its_process_and_directory_go() {
    let _patience = patience();
    let room = room();
    let folder = room.path().join("folder");
    fs::create_dir(&folder).unwrap();
    plays("goes-elsewhere", &folder.join("feed"));
}

/// Shows T63.
#[test]
fn the_superuser_takes_over_a_name_in_a_shared_directory() {
    let _patience = patience();
    if !only_root() {
        return;
    }
    let room = room();
    let lock = room.path().join("feed.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).unwrap();
    chown(&lock, Some(OTHER_USER), Some(OTHER_USER)).unwrap();
    plays("finds-a-protected-file", &room.name());
    assert_eq!(room.files(), 0);
}
