//! What a control group leaves a process. Where none can be made, which takes rights and a memory controller, the tests say that
//! they are left out.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    MEBIBYTE, PAGE, Page, is_whole, options, patience,
    people::{left_out, room, start, tell, wait_for_parent},
    refusal,
};

pub const ROOM: u64 = 64 * MEBIBYTE;

/// A control group with little memory, gone when it is dropped.
pub struct Group {
    folder: PathBuf,
    version: u8,
}

impl Group {
    fn new(name: &str) -> io::Result<Group> {
        let name = format!("shmpsc-{name}-{}", std::process::id());
        let first = Path::new("/sys/fs/cgroup/memory");
        let (folder, version, limit) = if first.join("memory.limit_in_bytes").exists() {
            (first.join(name), 1, "memory.limit_in_bytes")
        } else {
            (Path::new("/sys/fs/cgroup").join(name), 2, "memory.max")
        };
        fs::create_dir(&folder)?;
        let group = Group { folder, version };
        fs::write(group.folder.join(limit), ROOM.to_string())?;
        Ok(group)
    }

    pub fn takes(&self, pid: u32) {
        fs::write(self.folder.join("cgroup.procs"), pid.to_string()).expect("it can be joined");
    }

    /// Bytes that it is charged with.
    fn used(&self) -> u64 {
        let name = if self.version == 1 { "memory.usage_in_bytes" } else { "memory.current" };
        fs::read_to_string(self.folder.join(name)).expect("a file").trim().parse().expect("a number")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        crate::people::eventually("nobody is in it", || fs::remove_dir(&self.folder).is_ok());
    }
}

pub fn group(name: &str) -> Option<Group> {
    Group::new(name)
        .inspect_err(|error| left_out(format_args!("no control group can be made here: {error}")))
        .ok()
}

/// Role: makes channels, once it is in its group.
pub fn makes(path: &Path) {
    tell(std::process::id());
    wait_for_parent();
    for refused in [
        refusal(options(2 * ROOM).channel::<Page>()),
        refusal(options(2 * ROOM).bind::<Page>(path)),
        refusal(options(ROOM).channel::<Page>()),
    ] {
        assert!(refused.contains("control group") && refused.contains("ask for less"), "{refused}");
    }
    assert!(!path.exists(), "nothing is left of what was refused");
    let (sender, mut receiver) = options(ROOM / 2).channel::<Page>().unwrap();
    is_whole(&sender, &mut receiver);
    tell("done");
}

/// Role: sends so many pages, once it is in its group.
pub fn sends(pages: u64, path: &Path) {
    let sender = shmpsc::connect::<Page>(path).unwrap();
    tell(std::process::id());
    wait_for_parent();
    for _ in 0..pages {
        sender.blocking_send(PAGE).unwrap();
    }
    tell("done");
    wait_for_parent();
}

/// Shows T23.
#[test]
fn a_small_control_group_is_an_error_and_kills_nobody() {
    let Some(group) = group("makes") else { return };
    let _patience = patience();
    let room = room();
    let mut child = start("makes-in-a-group", &room.name());
    group.takes(child.hear().parse().expect("a process"));
    child.say();
    assert_eq!(child.hear(), "done");
    child.end();
}

/// Shows T24.
#[test]
fn who_sends_is_not_charged_for_the_memory_of_the_channel() {
    let Some(group) = group("sends") else { return };
    let _patience = patience();
    let room = room();
    let bytes = 2 * ROOM;
    let mut receiver = options(bytes).bind::<Page>(room.name()).unwrap();
    let pages = receiver.max_capacity() as u64;
    let mut child = start(&format!("sends-in-a-group {pages}"), &room.name());
    group.takes(child.hear().parse().expect("a process"));
    child.say();
    // It fills all of the memory before anything is taken.
    assert_eq!(child.hear(), "done");
    assert_eq!(receiver.len() as u64, pages);
    assert!(group.used() < ROOM / 2, "{} bytes", group.used());
    assert_eq!(receiver.blocking_recv(), Some(PAGE));
    child.say();
    child.end();
}
