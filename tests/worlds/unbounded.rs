//! What the unbounded channel does where memory is little: a value that there is no memory for comes back with a reason, and once the
//! receiver has taken values, sending goes on.

use std::path::Path;

use rustix::process::Resource;
use shmpsc::{Options, UnboundedReceiver, UnboundedSender, connect_unbounded, error::TrySendUnboundedError};

use crate::{
    MEBIBYTE, PAGE, Page,
    groups::{ROOM, group},
    limits::{LITTLE, limit, mapped},
    patience,
    people::{room, start, tell, wait_for_parent},
    plays, refusal,
};

/// More than a group has room for.
const MUCH: u64 = 8 * ROOM;

/// Sends pages until one comes back, and says how many that were, and with what it came.
fn fill(sender: &UnboundedSender<Page>) -> (u64, TrySendUnboundedError<Page>) {
    let mut sent = 0;
    loop {
        match sender.try_send(PAGE) {
            Ok(()) => sent += 1,
            Err(error) => return (sent, error),
        }
    }
}

/// Takes everything out, which must be whole.
fn drain(receiver: &mut UnboundedReceiver<Page>) -> u64 {
    let mut taken = 0;
    while let Ok(page) = receiver.try_recv() {
        assert_eq!(page, PAGE);
        taken += 1;
    }
    taken
}

/// Fills a channel up to its limit, empties it, and does so again.
fn is_whole(sender: &UnboundedSender<Page>, receiver: &mut UnboundedReceiver<Page>) {
    for _ in 0..2 {
        let (sent, error) = fill(sender);
        assert_eq!(error, TrySendUnboundedError::Limit(PAGE));
        assert!(!sender.is_closed());
        assert_eq!(sender.send(PAGE).unwrap_err().0, PAGE);
        assert_eq!(drain(receiver), sent);
    }
}

/// Role: joins a channel that may have more memory than this process's group, and fills it twice.
pub fn fills_in_a_group(path: &Path) {
    let sender = connect_unbounded::<Page>(path).unwrap();
    tell(std::process::id());
    wait_for_parent();
    for _ in 0..2 {
        let (sent, error) = fill(&sender);
        assert_eq!(error, TrySendUnboundedError::NoMemory(PAGE));
        tell(sent);
        wait_for_parent();
    }
}

/// Role: makes a channel without a limit of its own, once it is in its group, and fills it.
pub fn makes_in_a_group() {
    tell(std::process::id());
    wait_for_parent();
    let (sender, mut receiver) = shmpsc::unbounded_channel::<Page>();
    is_whole(&sender, &mut receiver);
    tell("done");
}

/// Role: may map little, and write small files only.
pub fn may_have_little(path: &Path) {
    limit(Resource::Fsize, LITTLE);
    let refused = refusal(Options::new().channel_unbounded::<Page>());
    assert!(refused.contains("RLIMIT_FSIZE"), "{refused}");
    limit(Resource::Fsize, u64::MAX);
    limit(Resource::As, mapped() + 2 * LITTLE);
    let refused = refusal(Options::new().bind_unbounded::<Page>(path));
    assert!(refused.contains("RLIMIT_AS"), "{refused}");
    assert!(!path.exists(), "nothing is left of what was refused");
    let little = Options::new().memory_limit(MEBIBYTE);
    let mut receiver = little.bind_unbounded::<Page>(path).unwrap();
    is_whole(&connect_unbounded(path).unwrap(), &mut receiver);
    tell("done");
}

#[test]
fn a_sender_in_a_full_group_gets_its_value_back_and_goes_on() {
    let Some(group) = group("fills") else { return };
    let _patience = patience();
    let room = room();
    let mut receiver = Options::new().memory_limit(MUCH).bind_unbounded::<Page>(room.name()).unwrap();
    let mut child = start("fills-in-a-group", &room.name());
    group.takes(child.hear().parse().expect("a process"));
    child.say();
    for _ in 0..2 {
        let sent: u64 = child.hear().parse().expect("a number");
        let bytes = sent * size_of::<Page>() as u64;
        assert!((ROOM / 2..ROOM).contains(&bytes), "{bytes} of {ROOM}");
        assert_eq!(drain(&mut receiver), sent);
        child.say();
    }
    child.end();
}

#[test]
fn a_channel_that_is_made_in_a_group_takes_half_of_its_memory() {
    let Some(group) = group("takes-half") else { return };
    let _patience = patience();
    let room = room();
    let mut child = start("makes-unbounded-in-a-group", &room.name());
    group.takes(child.hear().parse().expect("a process"));
    child.say();
    assert_eq!(child.hear(), "done");
    child.end();
}

#[test]
fn limits_on_files_and_addresses_are_errors_and_less_works() {
    let _patience = patience();
    plays("may-have-little-unbounded", &room().name());
}
