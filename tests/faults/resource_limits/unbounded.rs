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
    people::{
        chunks::{chunk, positions},
        next_order, room, start, tell, wait_for_parent,
    },
    plays, refusal,
};

/// What is sent to the limit: 64 bytes.
type Message = [u64; 8];

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

/// Role: makes a channel without a limit of its own, once it is in its group, and fills it; then one whose limit is more than the group
/// has.
pub fn makes_in_a_group() {
    tell(std::process::id());
    wait_for_parent();
    let (sender, mut receiver) = shmpsc::unbounded_channel::<Page>();
    is_whole(&sender, &mut receiver);
    drop((sender, receiver));
    let (sender, mut receiver) = Options::new().memory_limit(MUCH).channel_unbounded::<Page>().unwrap();
    for _ in 0..2 {
        let (sent, error) = fill(&sender);
        assert_eq!(error, TrySendUnboundedError::NoMemory(PAGE));
        assert!(!sender.is_closed());
        assert_eq!(drain(&mut receiver), sent);
    }
    tell("done");
}

/// Role: sends messages until one comes back for the limit, or as many as it is told, each as often as it takes. Then it says how many
/// that were.
pub fn fills_to_its_limit(path: &Path) {
    let sender = connect_unbounded::<Message>(path).unwrap();
    let mut sent = 0;
    while let Some(order) = next_order() {
        let (before, wanted) = (sent, order.parse::<u64>().ok());
        while wanted.is_none_or(|count| sent - before < count) {
            match sender.try_send([sent; 8]) {
                Ok(()) => sent += 1,
                Err(refused) => {
                    assert_eq!(refused, TrySendUnboundedError::Limit([sent; 8]));
                    assert!(!sender.is_closed());
                    if wanted.is_none() {
                        break;
                    }
                    std::thread::yield_now();
                }
            }
        }
        tell(sent - before);
    }
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

/// Shows T26.
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

/// Shows T25.
#[test]
fn a_sender_at_the_limit_gets_its_value_back_and_goes_on() {
    const LIMIT: u64 = 64 * MEBIBYTE;
    const POSITIONS: u64 = positions::<Message>();
    let _patience = patience();
    let room = room();
    let chunk = chunk::<Message>();
    let mut receiver = Options::new().memory_limit(LIMIT).bind_unbounded::<Message>(room.name()).unwrap();
    let fixed = receiver.memory_in_use();
    let mut child = start("fills-to-its-limit", &room.name());
    let mut received = 0;
    let mut take = |receiver: &mut UnboundedReceiver<Message>| {
        let message = receiver.blocking_recv();
        assert_eq!(message, Some([received; 8]));
        received += 1;
    };
    let most = LIMIT / chunk * POSITIONS;
    assert_eq!(child.obeys("to the limit"), most.to_string());
    assert_eq!(receiver.memory_in_use(), fixed + LIMIT / chunk * chunk);
    // A chunk is on offer again once it is empty, and one message behind it is taken.
    (0..POSITIONS).for_each(|_| take(&mut receiver));
    assert_eq!(child.obeys("to the limit"), "0");
    take(&mut receiver);
    assert_eq!(child.obeys("to the limit"), POSITIONS.to_string());
    (1..most).for_each(|_| take(&mut receiver));
    assert!(receiver.is_empty() && receiver.memory_in_use() < 2 * MEBIBYTE);
    // Both at once: the sender comes to the limit again and again.
    child.order(3 * most);
    (0..3 * most).for_each(|_| take(&mut receiver));
    assert_eq!(child.hear(), (3 * most).to_string());
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
