//! Callers of a user that is not admitted.

use std::{
    io::ErrorKind,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Stdio,
};

use crate::{
    people::{how::How, left_out, start_with, stay, tell},
    raw::{REFUSE, Raw, hello},
    world::World,
};

const NOBODY: u32 = 12345;

/// Role: is refused before it says anything, and told who it is; a hundred times.
pub fn is_a_stranger(path: &Path) {
    for turn in 0..100 {
        let line = Raw::connect(path);
        if turn % 2 == 0 {
            let _ = line.say(&hello());
        }
        let answer = line.hear().unwrap();
        assert_eq!((answer.kind(), answer.code()), (REFUSE, 1));
        assert_eq!(answer.bytes[116..120], NOBODY.to_le_bytes(), "the kernel's word, not the caller's");
        assert!(line.hear().is_none(), "no descriptor, no second message");
    }
    let error = shmpsc::connect::<[u64; 2]>(path).unwrap_err().to_string();
    assert!(error.contains(&format!("does not admit user {NOBODY}")), "{error}");
    tell("done");
    stay();
}

/// Shows T64.
#[test]
fn another_user_is_refused_by_name_before_a_descriptor_is_sent() {
    if !rustix::process::geteuid().is_root() {
        return left_out("only the superuser can start a process of another user");
    }
    let _patience = crate::patience();
    let mut world = World::new(How::CurrentThread);
    std::fs::set_permissions(world.room().path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let neighbour = start_with("is-a-stranger", &world.path(), |command| {
        command.stdin(Stdio::piped()).uid(NOBODY).gid(NOBODY);
    });
    let mut neighbour = match neighbour {
        Ok(neighbour) => neighbour,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return left_out("another user may not read this program");
        }
        Err(error) => panic!("{error}"),
    };
    world.goes_on_beside(&mut neighbour, true);
    neighbour.kill();
    world.ends_as_before();
}
