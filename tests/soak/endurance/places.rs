//! How many processes can still join a channel.

use shmpsc::error::OpenError;

use crate::people::{Room, eventually, start, tell};

/// Role: how many can join?
pub fn joins_till_full<S>(join: impl Fn() -> Result<S, OpenError>) {
    let senders: Vec<S> = std::iter::from_fn(|| join().ok()).collect();
    tell(senders.len());
}

/// How many can join, in that role; then they have left again.
pub fn free_places(role: &str, room: &Room, they_have_left: impl FnMut() -> bool) -> String {
    let mut person = start(role, &room.name());
    let places = person.hear();
    person.end();
    eventually("they have left", they_have_left);
    places
}
